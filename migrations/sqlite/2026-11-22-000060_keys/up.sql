-- The keys that seal or sealed values of this database, by what tells them apart without telling them: a ring that lacks one
-- of them, or has another under its number, is refused at the start. The keys themselves never stand here.
CREATE TABLE vault_keys (
    id INTEGER PRIMARY KEY NOT NULL,
    fingerprint BLOB NOT NULL,
    sealing_since TEXT NOT NULL,
    is_sealing INTEGER NOT NULL,
    retired_at TEXT,
    CONSTRAINT vault_keys_id CHECK (id BETWEEN 1 AND 255),
    CONSTRAINT vault_keys_retired CHECK (is_sealing = 0 OR retired_at IS NULL)
) STRICT;
CREATE UNIQUE INDEX vault_keys_one_seals ON vault_keys (is_sealing) WHERE is_sealing = 1;

-- The servers that run, and the keys that each has: no value is sealed with a key that one of them lacks.
CREATE TABLE vault_instances (
    id BLOB PRIMARY KEY NOT NULL,
    -- machine and process
    label TEXT NOT NULL,
    -- numbers of keys: 1,2
    known TEXT NOT NULL,
    sealing INTEGER NOT NULL,
    seen_at TEXT NOT NULL
) STRICT;
