-- Whoever proves themselves with a passkey may have no telephone: its key may be absent.
ALTER TABLE second_factors ALTER COLUMN secret DROP NOT NULL;

-- Passkeys (WebAuthn): the private half never leaves what its owner holds.
CREATE TABLE passkeys (
    id UUID PRIMARY KEY NOT NULL,
    account_id UUID NOT NULL REFERENCES second_factors (account_id) ON DELETE CASCADE,
    -- as its owner calls it
    name TEXT NOT NULL CONSTRAINT passkeys_name CHECK (length(name) BETWEEN 1 AND 60),
    -- by which the authenticator knows it, in base64url
    credential_id TEXT NOT NULL CONSTRAINT passkeys_credential_unique UNIQUE,
    -- its public half, sealed for this row: it is no secret, but nobody who writes to the database puts theirs in its place
    public_key BYTEA NOT NULL,
    -- how often the authenticator says it was used; 0 when it does not count
    sign_count BIGINT NOT NULL CONSTRAINT passkeys_sign_count CHECK (sign_count >= 0),
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX passkeys_account ON passkeys (account_id);

-- What a browser was asked to sign with a passkey, once. The whole of it is sealed: it names the keys that may answer.
CREATE TABLE passkey_challenges (
    id UUID PRIMARY KEY NOT NULL,
    -- the sign-in, whole or half, that was asked: no other may answer
    asked_of_id UUID NOT NULL,
    purpose TEXT NOT NULL CONSTRAINT passkey_challenges_purpose CHECK (purpose IN ('prove', 'add')),
    state BYTEA NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT passkey_challenges_once UNIQUE (asked_of_id, purpose)
);
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);
