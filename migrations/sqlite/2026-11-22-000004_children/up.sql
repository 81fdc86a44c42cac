-- Children and who may care for them. Whatever could name a child or a family is sealed (XChaCha20-Poly1305) with
-- the table, the column and the row as associated data: a value moved elsewhere does not open.

CREATE TABLE child_reference_counters (
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    year INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (programme_id, year)
) STRICT;

CREATE TABLE children (
    id BLOB PRIMARY KEY NOT NULL,
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    -- all that leaves the care circle, such as CHE-2026-0042
    reference TEXT NOT NULL CONSTRAINT children_reference_unique UNIQUE,
    -- sealed
    first_name BLOB NOT NULL,
    last_name BLOB NOT NULL,
    born_on BLOB NOT NULL,
    school BLOB,
    -- open
    gender TEXT NOT NULL CONSTRAINT children_gender_known CHECK (gender IN ('girl', 'boy', 'unspecified')),
    neighbourhood_id BLOB NOT NULL REFERENCES neighbourhoods (id),
    referent_id BLOB REFERENCES accounts (id),
    followed_since_on TEXT NOT NULL,
    closed_on TEXT,
    created_by BLOB REFERENCES accounts (id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX children_programme ON children (programme_id, reference);
CREATE INDEX children_referent ON children (referent_id);

CREATE TABLE guardians (
    id BLOB PRIMARY KEY NOT NULL,
    child_id BLOB NOT NULL REFERENCES children (id),
    position INTEGER NOT NULL,
    -- sealed
    name BLOB NOT NULL,
    relation BLOB NOT NULL,
    phone BLOB,
    email BLOB
) STRICT;
CREATE INDEX guardians_child ON guardians (child_id, position);

-- A coordinator entrusts a child to a psychologist, for a number of minutes, for a period.
CREATE TABLE referrals (
    id BLOB PRIMARY KEY NOT NULL,
    child_id BLOB NOT NULL REFERENCES children (id),
    psychologist_id BLOB NOT NULL REFERENCES psychologists (id),
    minutes INTEGER NOT NULL,
    reserved_minutes INTEGER NOT NULL,
    used_minutes INTEGER NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    created_by BLOB REFERENCES accounts (id),
    created_at TEXT NOT NULL,
    CONSTRAINT referrals_period CHECK (starts_on <= ends_on),
    CONSTRAINT referrals_never_negative CHECK (minutes > 0 AND reserved_minutes >= 0 AND used_minutes >= 0),
    CONSTRAINT referrals_within_minutes CHECK (reserved_minutes + used_minutes <= minutes)
) STRICT;
CREATE INDEX referrals_child ON referrals (child_id);
CREATE INDEX referrals_psychologist ON referrals (psychologist_id, ends_on);

CREATE TABLE consents (
    id BLOB PRIMARY KEY NOT NULL,
    referral_id BLOB NOT NULL REFERENCES referrals (id),
    guardian_id BLOB NOT NULL REFERENCES guardians (id),
    given_on TEXT NOT NULL,
    collected_by BLOB NOT NULL REFERENCES accounts (id),
    recorded_at TEXT NOT NULL,
    CONSTRAINT consents_once UNIQUE (referral_id, guardian_id)
) STRICT;
