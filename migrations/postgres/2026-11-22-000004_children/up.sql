-- Children and who may care for them. Whatever could name a child or a family is sealed (XChaCha20-Poly1305) with
-- the table, the column and the row as associated data: a value moved elsewhere does not open.

CREATE TABLE child_reference_counters (
    programme_id UUID NOT NULL REFERENCES programmes (id),
    year INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (programme_id, year)
);

CREATE TABLE children (
    id UUID PRIMARY KEY NOT NULL,
    programme_id UUID NOT NULL REFERENCES programmes (id),
    -- all that leaves the care circle, such as CHE-2026-0042
    reference TEXT COLLATE "C" NOT NULL CONSTRAINT children_reference_unique UNIQUE,
    -- sealed
    first_name BYTEA NOT NULL,
    last_name BYTEA NOT NULL,
    born_on BYTEA NOT NULL,
    school BYTEA,
    -- open
    gender TEXT NOT NULL CONSTRAINT children_gender_known CHECK (gender IN ('girl', 'boy', 'unspecified')),
    neighbourhood_id UUID NOT NULL REFERENCES neighbourhoods (id),
    referent_id UUID REFERENCES accounts (id),
    followed_since_on DATE NOT NULL,
    closed_on DATE,
    created_by UUID REFERENCES accounts (id),
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX children_programme ON children (programme_id, reference);
CREATE INDEX children_referent ON children (referent_id);

CREATE TABLE guardians (
    id UUID PRIMARY KEY NOT NULL,
    child_id UUID NOT NULL REFERENCES children (id),
    position INTEGER NOT NULL,
    -- sealed
    name BYTEA NOT NULL,
    relation BYTEA NOT NULL,
    phone BYTEA,
    email BYTEA
);
CREATE INDEX guardians_child ON guardians (child_id, position);

-- A coordinator entrusts a child to a psychologist, for a number of minutes, for a period.
CREATE TABLE referrals (
    id UUID PRIMARY KEY NOT NULL,
    child_id UUID NOT NULL REFERENCES children (id),
    psychologist_id UUID NOT NULL REFERENCES psychologists (id),
    minutes INTEGER NOT NULL,
    reserved_minutes INTEGER NOT NULL,
    used_minutes INTEGER NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    created_by UUID REFERENCES accounts (id),
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT referrals_period CHECK (starts_on <= ends_on),
    CONSTRAINT referrals_never_negative CHECK (minutes > 0 AND reserved_minutes >= 0 AND used_minutes >= 0),
    CONSTRAINT referrals_within_minutes CHECK (reserved_minutes + used_minutes <= minutes)
);
CREATE INDEX referrals_child ON referrals (child_id);
CREATE INDEX referrals_psychologist ON referrals (psychologist_id, ends_on);

CREATE TABLE consents (
    id UUID PRIMARY KEY NOT NULL,
    referral_id UUID NOT NULL REFERENCES referrals (id),
    guardian_id UUID NOT NULL REFERENCES guardians (id),
    given_on DATE NOT NULL,
    collected_by UUID NOT NULL REFERENCES accounts (id),
    recorded_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT consents_once UNIQUE (referral_id, guardian_id)
);
