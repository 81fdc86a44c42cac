-- A coordinator names who approves in their place, in one programme, for some days (rule 7).

CREATE TABLE substitutions (
    id BLOB PRIMARY KEY NOT NULL,
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    named_by BLOB NOT NULL REFERENCES accounts (id),
    substitute_id BLOB NOT NULL REFERENCES accounts (id),
    -- the first and the last local day
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    created_at TEXT NOT NULL,
    -- given up early
    ended_at TEXT,
    ended_by BLOB REFERENCES accounts (id),
    CONSTRAINT substitutions_period CHECK (starts_on <= ends_on),
    CONSTRAINT substitutions_somebody_else CHECK (named_by <> substitute_id),
    CONSTRAINT substitutions_ended CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE INDEX substitutions_substitute ON substitutions (substitute_id, ends_on);
CREATE INDEX substitutions_programme ON substitutions (programme_id, ends_on);

-- one substitute of a coordinator at a time, and a substitute in one person's place at a time: "in whose place" has one
-- answer each day
CREATE TRIGGER substitutions_one_at_a_time BEFORE INSERT ON substitutions
WHEN NEW.ended_at IS NULL AND EXISTS (
    SELECT 1 FROM substitutions s WHERE s.programme_id = NEW.programme_id AND s.named_by = NEW.named_by
        AND s.ended_at IS NULL AND s.starts_on <= NEW.ends_on AND NEW.starts_on <= s.ends_on)
BEGIN SELECT RAISE(ABORT, 'substitutions_one_at_a_time'); END;
CREATE TRIGGER substitutions_one_place_at_a_time BEFORE INSERT ON substitutions
WHEN NEW.ended_at IS NULL AND EXISTS (
    SELECT 1 FROM substitutions s WHERE s.programme_id = NEW.programme_id AND s.substitute_id = NEW.substitute_id
        AND s.ended_at IS NULL AND s.starts_on <= NEW.ends_on AND NEW.starts_on <= s.ends_on)
BEGIN SELECT RAISE(ABORT, 'substitutions_one_place_at_a_time'); END;

-- by which right somebody decided who does not coordinate the programme
ALTER TABLE session_decisions ADD COLUMN substitution_id BLOB REFERENCES substitutions (id);
