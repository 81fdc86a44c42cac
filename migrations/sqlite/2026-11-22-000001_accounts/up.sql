-- People who sign in, what they may do, and how they prove who they are.
-- Times are UTC instants; secrets are stored as hashes only.

CREATE TABLE accounts (
    id BLOB PRIMARY KEY NOT NULL,
    -- lower case, so that one person has one account
    email TEXT NOT NULL CONSTRAINT accounts_email_unique UNIQUE,
    display_name TEXT NOT NULL,
    -- absent until the invitation is accepted
    password_hash TEXT,
    -- coordinators: told at once of each session to approve, rather than once a day
    told_at_once INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    disabled_at TEXT
) STRICT;

-- The town programmes come first in the import order only in code; a grant may name one.
CREATE TABLE programmes (
    id BLOB PRIMARY KEY NOT NULL,
    -- three letters that begin every child reference of the programme
    code TEXT NOT NULL CONSTRAINT programmes_code_unique UNIQUE,
    name TEXT NOT NULL,
    town TEXT NOT NULL
) STRICT;

CREATE TABLE role_grants (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL CONSTRAINT role_grants_role_known
        CHECK (role IN ('psychologist', 'coordinator', 'referent', 'administrator', 'accountant', 'auditor')),
    programme_id BLOB REFERENCES programmes (id),
    granted_at TEXT NOT NULL,
    -- coordinators and referents work for a programme, the others for the whole convention
    CONSTRAINT role_grants_scope CHECK ((role IN ('coordinator', 'referent')) = (programme_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX role_grants_once_in_programme ON role_grants (account_id, role, programme_id) WHERE programme_id IS NOT NULL;
CREATE UNIQUE INDEX role_grants_once ON role_grants (account_id, role) WHERE programme_id IS NULL;
CREATE INDEX role_grants_programme ON role_grants (programme_id, role);

CREATE TABLE invitations (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    token_hash BLOB NOT NULL CONSTRAINT invitations_token_unique UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
) STRICT;
CREATE INDEX invitations_account ON invitations (account_id);

-- A signed-in state; the cookie holds the token, the table its hash.
CREATE TABLE sign_ins (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    token_hash BLOB NOT NULL CONSTRAINT sign_ins_token_unique UNIQUE,
    role_in_use TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE INDEX sign_ins_account ON sign_ins (account_id);

CREATE TABLE api_tokens (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    token_hash BLOB NOT NULL CONSTRAINT api_tokens_token_unique UNIQUE,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;
CREATE INDEX api_tokens_account ON api_tokens (account_id);

-- Failed sign-ins by account and by address, counted here so that every instance sees them.
CREATE TABLE throttles (
    -- a hash of what is throttled: neither an address nor an e-mail stands here in clear
    subject BLOB PRIMARY KEY NOT NULL,
    failures INTEGER NOT NULL CONSTRAINT throttles_failures_positive CHECK (failures >= 0),
    last_failure_at TEXT NOT NULL,
    blocked_until TEXT NOT NULL
) STRICT;

-- What a keyed request answered, so that pressing twice does one thing.
CREATE TABLE idempotency_keys (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    answer TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
