-- Who signs in with ProConnect: one identity of theirs for an account, one account for an identity.
CREATE TABLE proconnect_links (
    account_id UUID PRIMARY KEY NOT NULL REFERENCES accounts (id),
    issuer TEXT NOT NULL,
    -- what names the person at the issuer; nothing else ever finds an account
    subject TEXT NOT NULL,
    -- the address of that identity, for its owner to know it again
    email TEXT,
    linked_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT proconnect_links_one_account UNIQUE (issuer, subject)
);

-- The returns from ProConnect, by the hash of their state: a return serves once, whichever server meets it.
CREATE TABLE proconnect_returns (
    state_hash BYTEA PRIMARY KEY NOT NULL,
    returned_at TIMESTAMPTZ NOT NULL
);

-- when a sign-in ends whatever its use: as late as the session of who vouched for it
ALTER TABLE sign_ins ADD COLUMN closes_at TIMESTAMPTZ;
