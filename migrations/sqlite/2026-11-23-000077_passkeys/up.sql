-- Whoever proves themselves with a passkey may have no telephone: its key may be absent.
CREATE TABLE second_factors_then (
    account_id BLOB PRIMARY KEY NOT NULL REFERENCES accounts (id),
    -- the key shared with the telephone, sealed for this account; absent when there is no telephone
    secret BLOB,
    -- the step of thirty seconds whose code was used last: a code is used once
    last_step INTEGER NOT NULL,
    -- under which the recovery codes are hashed
    codes_salt BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
INSERT INTO second_factors_then (account_id, secret, last_step, codes_salt, created_at)
SELECT account_id, secret, last_step, codes_salt, created_at FROM second_factors;
CREATE TABLE recovery_codes_then (
    account_id BLOB NOT NULL REFERENCES second_factors_then (account_id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL,
    used_at TEXT,
    PRIMARY KEY (account_id, code_hash)
) STRICT;
INSERT INTO recovery_codes_then (account_id, code_hash, used_at) SELECT account_id, code_hash, used_at FROM recovery_codes;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
ALTER TABLE second_factors_then RENAME TO second_factors;
ALTER TABLE recovery_codes_then RENAME TO recovery_codes;

-- Passkeys (WebAuthn): the private half never leaves what its owner holds.
CREATE TABLE passkeys (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES second_factors (account_id) ON DELETE CASCADE,
    -- as its owner calls it
    name TEXT NOT NULL CONSTRAINT passkeys_name CHECK (length(name) BETWEEN 1 AND 60),
    -- by which the authenticator knows it, in base64url
    credential_id TEXT NOT NULL CONSTRAINT passkeys_credential_unique UNIQUE,
    -- its public half, sealed for this row: it is no secret, but nobody who writes to the database puts theirs in its place
    public_key BLOB NOT NULL,
    -- how often the authenticator says it was used; 0 when it does not count
    sign_count INTEGER NOT NULL CONSTRAINT passkeys_sign_count CHECK (sign_count >= 0),
    created_at TEXT NOT NULL,
    last_used_at TEXT
) STRICT;
CREATE INDEX passkeys_account ON passkeys (account_id);

-- What a browser was asked to sign with a passkey, once. The whole of it is sealed: it names the keys that may answer.
CREATE TABLE passkey_challenges (
    id BLOB PRIMARY KEY NOT NULL,
    -- the sign-in, whole or half, that was asked: no other may answer
    asked_of_id BLOB NOT NULL,
    purpose TEXT NOT NULL CONSTRAINT passkey_challenges_purpose CHECK (purpose IN ('prove', 'add')),
    state BLOB NOT NULL,
    expires_at TEXT NOT NULL,
    CONSTRAINT passkey_challenges_once UNIQUE (asked_of_id, purpose)
) STRICT;
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);
