-- Two years after the last contact a child's identity is destroyed: names, birth date, school, guardians. The reference, the
-- minutes, the gender, the neighbourhood and the age band of each year stay, for invoices and statistics.

ALTER TABLE children ADD COLUMN identity_destroyed_at TIMESTAMPTZ;
ALTER TABLE children ADD COLUMN identity_destroyed_for TEXT CONSTRAINT children_destroyed_for_known
    CHECK (identity_destroyed_for IN ('retention', 'erasure'));
CREATE INDEX children_destroyed ON children (identity_destroyed_at) WHERE identity_destroyed_at IS NOT NULL;
CREATE FUNCTION refuse_identity_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'children_destroyed_for_good' USING ERRCODE = 'check_violation', CONSTRAINT = 'children_destroyed_for_good';
END $$;
CREATE TRIGGER children_destroyed_for_good BEFORE UPDATE OF identity_destroyed_at ON children
    FOR EACH ROW WHEN (OLD.identity_destroyed_at IS NOT NULL AND NEW.identity_destroyed_at IS DISTINCT FROM OLD.identity_destroyed_at)
    EXECUTE FUNCTION refuse_identity_again();

-- what the birth date was needed for, once it is destroyed
CREATE TABLE frozen_age_bands (
    child_id UUID NOT NULL REFERENCES children (id),
    year INTEGER NOT NULL,
    band TEXT NOT NULL CONSTRAINT frozen_age_bands_known CHECK (band IN ('2-5', '6-10', '11-16')),
    PRIMARY KEY (child_id, year)
);

-- a coordinator keeps an identity longer, and says why
CREATE TABLE retention_extensions (
    id UUID PRIMARY KEY NOT NULL,
    child_id UUID NOT NULL REFERENCES children (id),
    until_on DATE NOT NULL,
    reason TEXT NOT NULL CONSTRAINT retention_extensions_reason_known
        CHECK (reason IN ('litigation', 'follow_up', 'family', 'duty')),
    decided_by UUID NOT NULL REFERENCES accounts (id),
    decided_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX retention_extensions_child ON retention_extensions (child_id, decided_at);

-- the coordinator was told that an identity will be destroyed: nothing is destroyed without it
CREATE TABLE retention_notices (
    child_id UUID NOT NULL REFERENCES children (id),
    due_on DATE NOT NULL,
    told_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (child_id, due_on)
);
