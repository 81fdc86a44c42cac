-- A private calendar feed: one secret address at most for an account; its hash is all that is kept.
CREATE TABLE calendar_feeds (
    account_id UUID PRIMARY KEY NOT NULL REFERENCES accounts (id),
    token_hash BYTEA NOT NULL CONSTRAINT calendar_feeds_token_unique UNIQUE,
    created_at TIMESTAMPTZ NOT NULL,
    -- shown to its owner, and spaces out those who read too often
    last_read_at TIMESTAMPTZ
);

-- What calendars need to tell a newer version of a session from an older one (RFC 5545, SEQUENCE and LAST-MODIFIED).
CREATE TABLE session_revisions (
    session_id UUID PRIMARY KEY NOT NULL REFERENCES sessions (id),
    sequence INTEGER NOT NULL CONSTRAINT session_revisions_sequence CHECK (sequence >= 0),
    changed_at TIMESTAMPTZ NOT NULL
);
INSERT INTO session_revisions (session_id, sequence, changed_at)
    SELECT id, CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END, COALESCE(cancelled_at, created_at) FROM sessions;

-- the events of a mail about sessions, as an iCalendar object
ALTER TABLE mails ADD COLUMN calendar TEXT;
