-- When and where psychologists can be booked.

CREATE TABLE openings (
    id UUID PRIMARY KEY NOT NULL,
    psychologist_id UUID NOT NULL REFERENCES psychologists (id),
    -- absent when children of any programme are received
    programme_id UUID REFERENCES programmes (id),
    place TEXT NOT NULL,
    rhythm TEXT NOT NULL CONSTRAINT openings_rhythm_known CHECK (rhythm IN ('once', 'weekly', 'fortnightly')),
    -- the first day gives the day of the week, and which weeks count every other week
    starts_on DATE NOT NULL,
    until_on DATE,
    -- local times in Europe/Paris, in minutes after midnight
    start_minute INTEGER NOT NULL,
    end_minute INTEGER NOT NULL,
    is_school_only BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT openings_period CHECK (until_on IS NULL OR starts_on <= until_on),
    CONSTRAINT openings_hours CHECK (start_minute >= 0 AND start_minute < end_minute AND end_minute < 1440
        AND start_minute % 15 = 0 AND end_minute % 15 = 0)
);
CREATE INDEX openings_psychologist ON openings (psychologist_id, starts_on);
CREATE INDEX openings_programme ON openings (programme_id);

-- One day on which an opening does not take place.
CREATE TABLE opening_removals (
    opening_id UUID NOT NULL REFERENCES openings (id),
    removed_on DATE NOT NULL,
    PRIMARY KEY (opening_id, removed_on)
);

-- Days on which a psychologist receives nobody, the first and the last included.
CREATE TABLE leaves (
    id UUID PRIMARY KEY NOT NULL,
    psychologist_id UUID NOT NULL REFERENCES psychologists (id),
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT leaves_order CHECK (starts_on <= ends_on)
);
CREATE INDEX leaves_psychologist ON leaves (psychologist_id, starts_on);
