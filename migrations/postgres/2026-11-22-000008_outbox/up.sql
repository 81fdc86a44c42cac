-- Mail queued in the transaction that causes it and sent after: none for what did not commit, none lost.

CREATE TABLE mails (
    id UUID PRIMARY KEY NOT NULL,
    -- stable: a peer that saw the mail twice can tell
    message_id TEXT COLLATE "C" NOT NULL CONSTRAINT mails_message_id_unique UNIQUE,
    kind TEXT NOT NULL,
    -- what makes it one: the same key again is the same mail
    dedupe_key TEXT COLLATE "C" CONSTRAINT mails_dedupe_key_unique UNIQUE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text_body TEXT NOT NULL,
    html_body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    -- an instance that takes it holds it until then
    leased_until TIMESTAMPTZ,
    last_error TEXT,
    sent_at TIMESTAMPTZ,
    -- given up after a permanent refusal or too many attempts
    failed_at TIMESTAMPTZ
);
CREATE INDEX mails_to_send ON mails (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX mails_created ON mails (created_at);
