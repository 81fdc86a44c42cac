-- The heads of all the chains of the journal as they stood once a day, with a proof that only who has the keys can make; each
-- names the proof of the one before. What was sealed, or a seal, cannot be rewritten unseen by who has the database alone.
CREATE TABLE journal_seals (
    number BIGINT PRIMARY KEY NOT NULL,
    -- the local day
    sealed_on DATE NOT NULL,
    sealed_at TIMESTAMPTZ NOT NULL,
    entries BIGINT NOT NULL,
    -- a line each: chain, length, hash of its last entry
    heads TEXT NOT NULL,
    previous_mac BYTEA NOT NULL,
    key_id INTEGER NOT NULL,
    mac BYTEA NOT NULL,
    CONSTRAINT journal_seals_one_a_day UNIQUE (sealed_on)
);
CREATE FUNCTION refuse_journal_seal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal_seals_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_seals_frozen';
END $$;
CREATE TRIGGER journal_seals_frozen BEFORE UPDATE OR DELETE ON journal_seals
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_seal_change();
