-- Who did what to what: entries chained by hash. One chain a programme, a convention or an account, so that writers who
-- share nothing else do not wait for each other. Heads stand apart, so that a cut tail shows (rule 11).

CREATE TABLE journal_chains (
    chain TEXT PRIMARY KEY NOT NULL,
    length INTEGER NOT NULL,
    head BLOB NOT NULL
) STRICT;

CREATE TABLE journal_entries (
    id BLOB PRIMARY KEY NOT NULL,
    chain TEXT NOT NULL REFERENCES journal_chains (chain),
    position INTEGER NOT NULL,
    at TEXT NOT NULL,
    -- absent: the system itself
    actor_id BLOB REFERENCES accounts (id),
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    before TEXT,
    after TEXT,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    CONSTRAINT journal_entries_position UNIQUE (chain, position)
) STRICT;
CREATE INDEX journal_entries_subject ON journal_entries (subject_id, at);
CREATE INDEX journal_entries_at ON journal_entries (at, id);
CREATE TRIGGER journal_entries_frozen BEFORE UPDATE ON journal_entries BEGIN SELECT RAISE(ABORT, 'journal_entries_frozen'); END;
CREATE TRIGGER journal_entries_kept BEFORE DELETE ON journal_entries BEGIN SELECT RAISE(ABORT, 'journal_entries_frozen'); END;
