-- Who opened which child's file, when, and by what: one row an opening, never a name. Kept apart from the journal, which
-- is never shortened: these rows are deleted after some months (CNIL, délibération 2021-122).

CREATE TABLE file_readings (
    id UUID PRIMARY KEY NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    account_id UUID NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    means TEXT NOT NULL CONSTRAINT file_readings_means_known CHECK (means IN ('page', 'api', 'export')),
    opened TEXT NOT NULL CONSTRAINT file_readings_opened_known CHECK (opened IN ('file', 'guardian', 'referral', 'list', 'request')),
    -- absent when several children were read at once
    child_id UUID REFERENCES children (id),
    children INTEGER NOT NULL CONSTRAINT file_readings_some CHECK (children >= 0),
    CONSTRAINT file_readings_one CHECK (child_id IS NULL OR children = 1)
);
CREATE INDEX file_readings_at ON file_readings (at, id);
CREATE INDEX file_readings_child ON file_readings (child_id, at);
CREATE INDEX file_readings_account ON file_readings (account_id, at);
CREATE FUNCTION refuse_reading_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'file_readings_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'file_readings_frozen';
END $$;
CREATE TRIGGER file_readings_frozen BEFORE UPDATE ON file_readings FOR EACH ROW EXECUTE FUNCTION refuse_reading_change();
