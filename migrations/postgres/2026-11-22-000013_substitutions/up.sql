-- A coordinator names who approves in their place, in one programme, for some days (rule 7).

CREATE TABLE substitutions (
    id UUID PRIMARY KEY NOT NULL,
    programme_id UUID NOT NULL REFERENCES programmes (id),
    named_by UUID NOT NULL REFERENCES accounts (id),
    substitute_id UUID NOT NULL REFERENCES accounts (id),
    -- the first and the last local day
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- given up early
    ended_at TIMESTAMPTZ,
    ended_by UUID REFERENCES accounts (id),
    CONSTRAINT substitutions_period CHECK (starts_on <= ends_on),
    CONSTRAINT substitutions_somebody_else CHECK (named_by <> substitute_id),
    CONSTRAINT substitutions_ended CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    -- one substitute of a coordinator at a time, and a substitute in one person's place at a time: "in whose place" has
    -- one answer each day
    CONSTRAINT substitutions_one_at_a_time EXCLUDE USING gist (programme_id WITH =, named_by WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&) WHERE (ended_at IS NULL),
    CONSTRAINT substitutions_one_place_at_a_time EXCLUDE USING gist (programme_id WITH =, substitute_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&) WHERE (ended_at IS NULL)
);
CREATE INDEX substitutions_substitute ON substitutions (substitute_id, ends_on);
CREATE INDEX substitutions_programme ON substitutions (programme_id, ends_on);

-- by which right somebody decided who does not coordinate the programme
ALTER TABLE session_decisions ADD COLUMN substitution_id UUID REFERENCES substitutions (id);
