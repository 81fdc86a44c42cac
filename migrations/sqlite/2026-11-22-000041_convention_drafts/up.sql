-- The next convention is prepared as a draft, which nothing else reads before it is signed; and two conventions never
-- overlap for a programme, whoever enters them.

CREATE TABLE convention_drafts (
    id BLOB PRIMARY KEY NOT NULL,
    -- what it says, as the file of a convention would, in JSON
    file TEXT NOT NULL,
    version INTEGER NOT NULL CONSTRAINT convention_drafts_version_positive CHECK (version >= 1),
    copied_from_id BLOB REFERENCES conventions (id),
    -- the convention that it became
    convention_id BLOB CONSTRAINT convention_drafts_signed_once UNIQUE REFERENCES conventions (id),
    created_by BLOB NOT NULL REFERENCES accounts (id),
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
CREATE INDEX convention_drafts_open ON convention_drafts (changed_at) WHERE convention_id IS NULL;

-- The days of the convention, told again beside each programme: what must not overlap stands in one row.
ALTER TABLE convention_programmes ADD COLUMN starts_on TEXT NOT NULL DEFAULT '';
ALTER TABLE convention_programmes ADD COLUMN ends_on TEXT NOT NULL DEFAULT '';
UPDATE convention_programmes SET
    starts_on = (SELECT c.starts_on FROM conventions c WHERE c.id = convention_id),
    ends_on = (SELECT c.ends_on FROM conventions c WHERE c.id = convention_id);
CREATE TRIGGER convention_programmes_overlap BEFORE INSERT ON convention_programmes
WHEN EXISTS (SELECT 1 FROM convention_programmes o WHERE o.programme_id = NEW.programme_id
    AND o.starts_on <= NEW.ends_on AND o.ends_on >= NEW.starts_on)
BEGIN SELECT RAISE(ABORT, 'convention_programmes_overlap'); END;
CREATE TRIGGER convention_programmes_overlap_moved BEFORE UPDATE OF programme_id, starts_on, ends_on ON convention_programmes
WHEN EXISTS (SELECT 1 FROM convention_programmes o WHERE o.programme_id = NEW.programme_id
    AND o.convention_id <> NEW.convention_id AND o.starts_on <= NEW.ends_on AND o.ends_on >= NEW.starts_on)
BEGIN SELECT RAISE(ABORT, 'convention_programmes_overlap'); END;
CREATE TRIGGER convention_programmes_days BEFORE INSERT ON convention_programmes
WHEN NOT EXISTS (SELECT 1 FROM conventions c WHERE c.id = NEW.convention_id AND c.starts_on = NEW.starts_on AND c.ends_on = NEW.ends_on)
BEGIN SELECT RAISE(ABORT, 'convention_programmes_days'); END;
CREATE TRIGGER conventions_days_moved AFTER UPDATE OF starts_on, ends_on ON conventions
BEGIN UPDATE convention_programmes SET starts_on = NEW.starts_on, ends_on = NEW.ends_on WHERE convention_id = NEW.id; END;
