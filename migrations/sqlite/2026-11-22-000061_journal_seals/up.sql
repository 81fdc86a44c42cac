-- The heads of all the chains of the journal as they stood once a day, with a proof that only who has the keys can make; each
-- names the proof of the one before. What was sealed, or a seal, cannot be rewritten unseen by who has the database alone.
CREATE TABLE journal_seals (
    number INTEGER PRIMARY KEY NOT NULL,
    -- the local day
    sealed_on TEXT NOT NULL,
    sealed_at TEXT NOT NULL,
    entries INTEGER NOT NULL,
    -- a line each: chain, length, hash of its last entry
    heads TEXT NOT NULL,
    previous_mac BLOB NOT NULL,
    key_id INTEGER NOT NULL,
    mac BLOB NOT NULL,
    CONSTRAINT journal_seals_one_a_day UNIQUE (sealed_on)
) STRICT;
CREATE TRIGGER journal_seals_frozen BEFORE UPDATE ON journal_seals BEGIN SELECT RAISE(ABORT, 'journal_seals_frozen'); END;
CREATE TRIGGER journal_seals_kept BEFORE DELETE ON journal_seals BEGIN SELECT RAISE(ABORT, 'journal_seals_frozen'); END;
