-- Who did what to what: entries chained by hash. One chain a programme, a convention or an account, so that writers who
-- share nothing else do not wait for each other. Heads stand apart, so that a cut tail shows (rule 11).

CREATE TABLE journal_chains (
    chain TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    length BIGINT NOT NULL,
    head BYTEA NOT NULL
);

CREATE TABLE journal_entries (
    id UUID PRIMARY KEY NOT NULL,
    chain TEXT COLLATE "C" NOT NULL REFERENCES journal_chains (chain),
    position BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    -- absent: the system itself
    actor_id UUID REFERENCES accounts (id),
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    subject_id UUID NOT NULL,
    before TEXT,
    after TEXT,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT journal_entries_position UNIQUE (chain, position)
);
CREATE INDEX journal_entries_subject ON journal_entries (subject_id, at);
CREATE INDEX journal_entries_at ON journal_entries (at, id);
CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal_entries_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entries_frozen';
END $$;
CREATE TRIGGER journal_entries_frozen BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change();
