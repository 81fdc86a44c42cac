-- Who opened which child's file, when, and by what: one row an opening, never a name. Kept apart from the journal, which
-- is never shortened: these rows are deleted after some months (CNIL, délibération 2021-122).

CREATE TABLE file_readings (
    id BLOB PRIMARY KEY NOT NULL,
    at TEXT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    means TEXT NOT NULL CONSTRAINT file_readings_means_known CHECK (means IN ('page', 'api', 'export')),
    opened TEXT NOT NULL CONSTRAINT file_readings_opened_known CHECK (opened IN ('file', 'guardian', 'referral', 'list', 'request')),
    -- absent when several children were read at once
    child_id BLOB REFERENCES children (id),
    children INTEGER NOT NULL CONSTRAINT file_readings_some CHECK (children >= 0),
    CONSTRAINT file_readings_one CHECK (child_id IS NULL OR children = 1)
) STRICT;
CREATE INDEX file_readings_at ON file_readings (at, id);
CREATE INDEX file_readings_child ON file_readings (child_id, at);
CREATE INDEX file_readings_account ON file_readings (account_id, at);
CREATE TRIGGER file_readings_frozen BEFORE UPDATE ON file_readings BEGIN SELECT RAISE(ABORT, 'file_readings_frozen'); END;
