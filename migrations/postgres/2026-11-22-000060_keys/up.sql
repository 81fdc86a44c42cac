-- The keys that seal or sealed values of this database, by what tells them apart without telling them: a ring that lacks one
-- of them, or has another under its number, is refused at the start. The keys themselves never stand here.
CREATE TABLE vault_keys (
    id INTEGER PRIMARY KEY NOT NULL,
    fingerprint BYTEA NOT NULL,
    sealing_since TIMESTAMPTZ NOT NULL,
    is_sealing BOOLEAN NOT NULL,
    retired_at TIMESTAMPTZ,
    CONSTRAINT vault_keys_id CHECK (id BETWEEN 1 AND 255),
    CONSTRAINT vault_keys_retired CHECK (NOT is_sealing OR retired_at IS NULL)
);
CREATE UNIQUE INDEX vault_keys_one_seals ON vault_keys (is_sealing) WHERE is_sealing;

-- The servers that run, and the keys that each has: no value is sealed with a key that one of them lacks.
CREATE TABLE vault_instances (
    id UUID PRIMARY KEY NOT NULL,
    -- machine and process
    label TEXT NOT NULL,
    -- numbers of keys: 1,2
    known TEXT NOT NULL,
    sealing INTEGER NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
);
