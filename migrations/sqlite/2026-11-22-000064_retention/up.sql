-- Two years after the last contact a child's identity is destroyed: names, birth date, school, guardians. The reference, the
-- minutes, the gender, the neighbourhood and the age band of each year stay, for invoices and statistics.

ALTER TABLE children ADD COLUMN identity_destroyed_at TEXT;
ALTER TABLE children ADD COLUMN identity_destroyed_for TEXT CONSTRAINT children_destroyed_for_known
    CHECK (identity_destroyed_for IN ('retention', 'erasure'));
CREATE INDEX children_destroyed ON children (identity_destroyed_at) WHERE identity_destroyed_at IS NOT NULL;
CREATE TRIGGER children_destroyed_for_good BEFORE UPDATE OF identity_destroyed_at ON children
WHEN OLD.identity_destroyed_at IS NOT NULL AND NEW.identity_destroyed_at IS NOT OLD.identity_destroyed_at
BEGIN SELECT RAISE(ABORT, 'children_destroyed_for_good'); END;

-- what the birth date was needed for, once it is destroyed
CREATE TABLE frozen_age_bands (
    child_id BLOB NOT NULL REFERENCES children (id),
    year INTEGER NOT NULL,
    band TEXT NOT NULL CONSTRAINT frozen_age_bands_known CHECK (band IN ('2-5', '6-10', '11-16')),
    PRIMARY KEY (child_id, year)
) STRICT;

-- a coordinator keeps an identity longer, and says why
CREATE TABLE retention_extensions (
    id BLOB PRIMARY KEY NOT NULL,
    child_id BLOB NOT NULL REFERENCES children (id),
    until_on TEXT NOT NULL,
    reason TEXT NOT NULL CONSTRAINT retention_extensions_reason_known
        CHECK (reason IN ('litigation', 'follow_up', 'family', 'duty')),
    decided_by BLOB NOT NULL REFERENCES accounts (id),
    decided_at TEXT NOT NULL
) STRICT;
CREATE INDEX retention_extensions_child ON retention_extensions (child_id, decided_at);

-- the coordinator was told that an identity will be destroyed: nothing is destroyed without it
CREATE TABLE retention_notices (
    child_id BLOB NOT NULL REFERENCES children (id),
    due_on TEXT NOT NULL,
    told_at TEXT NOT NULL,
    PRIMARY KEY (child_id, due_on)
) STRICT;
