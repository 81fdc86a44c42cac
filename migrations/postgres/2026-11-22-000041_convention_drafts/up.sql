-- The next convention is prepared as a draft, which nothing else reads before it is signed; and two conventions never
-- overlap for a programme, whoever enters them.

CREATE TABLE convention_drafts (
    id UUID PRIMARY KEY NOT NULL,
    -- what it says, as the file of a convention would, in JSON
    file TEXT NOT NULL,
    version INTEGER NOT NULL CONSTRAINT convention_drafts_version_positive CHECK (version >= 1),
    copied_from_id UUID REFERENCES conventions (id),
    -- the convention that it became
    convention_id UUID CONSTRAINT convention_drafts_signed_once UNIQUE REFERENCES conventions (id),
    created_by UUID NOT NULL REFERENCES accounts (id),
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX convention_drafts_open ON convention_drafts (changed_at) WHERE convention_id IS NULL;

-- The days of the convention, told again beside each programme: what must not overlap stands in one row.
ALTER TABLE conventions ADD CONSTRAINT conventions_days_unique UNIQUE (id, starts_on, ends_on);
ALTER TABLE convention_programmes ADD COLUMN starts_on DATE;
ALTER TABLE convention_programmes ADD COLUMN ends_on DATE;
UPDATE convention_programmes p SET starts_on = c.starts_on, ends_on = c.ends_on FROM conventions c WHERE c.id = p.convention_id;
ALTER TABLE convention_programmes ALTER COLUMN starts_on SET NOT NULL;
ALTER TABLE convention_programmes ALTER COLUMN ends_on SET NOT NULL;
ALTER TABLE convention_programmes ADD CONSTRAINT convention_programmes_days
    FOREIGN KEY (convention_id, starts_on, ends_on) REFERENCES conventions (id, starts_on, ends_on) ON UPDATE CASCADE;
ALTER TABLE convention_programmes ADD CONSTRAINT convention_programmes_overlap
    EXCLUDE USING gist (programme_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&);
