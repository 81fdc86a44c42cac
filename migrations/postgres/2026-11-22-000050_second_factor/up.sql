-- What a person proves besides their password: the codes that their telephone shows (RFC 6238).
CREATE TABLE second_factors (
    account_id UUID PRIMARY KEY NOT NULL REFERENCES accounts (id),
    -- the key shared with the telephone, sealed for this account
    secret BYTEA NOT NULL,
    -- the step of thirty seconds whose code was used last: a code is used once
    last_step INTEGER NOT NULL,
    -- under which the recovery codes are hashed
    codes_salt BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- What replaces the telephone once, when it is lost.
CREATE TABLE recovery_codes (
    account_id UUID NOT NULL REFERENCES second_factors (account_id) ON DELETE CASCADE,
    code_hash BYTEA NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (account_id, code_hash)
);

-- Who has proved one of the two things; the cookie holds the token, the table its hash. It opens nothing but the page
-- of the second.
CREATE TABLE half_sign_ins (
    id UUID PRIMARY KEY NOT NULL,
    account_id UUID NOT NULL REFERENCES accounts (id),
    token_hash BYTEA NOT NULL CONSTRAINT half_sign_ins_token_unique UNIQUE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX half_sign_ins_account ON half_sign_ins (account_id);

-- From what browser, roughly, for its owner to know it again; and the hash of what that browser keeps, so that who
-- came in from it before need not wait for those who guess.
ALTER TABLE sign_ins ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN device_hash BYTEA;
CREATE INDEX sign_ins_device ON sign_ins (device_hash) WHERE device_hash IS NOT NULL;
