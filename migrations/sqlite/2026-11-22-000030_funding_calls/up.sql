-- One call for funds a year to each signatory but the one that calls. What was sent never changes: triggers see to it.

-- Locked when a number is given, in the same transaction as the call: no gap survives a rollback.
CREATE TABLE funding_call_counters (
    year INTEGER PRIMARY KEY NOT NULL,
    last_number INTEGER NOT NULL
) STRICT;

CREATE TABLE funding_calls (
    id BLOB PRIMARY KEY NOT NULL,
    budget_year_id BLOB NOT NULL REFERENCES budget_years (id),
    signatory_id BLOB NOT NULL REFERENCES signatories (id),
    state TEXT NOT NULL CONSTRAINT funding_calls_state_known CHECK (state IN ('draft', 'sent', 'received')),
    created_by BLOB NOT NULL REFERENCES accounts (id),
    created_at TEXT NOT NULL,
    -- from here on absent from a draft: its amount is that of the convention until it is sent
    year INTEGER,
    sequence INTEGER,
    number TEXT,
    amount_cents INTEGER CONSTRAINT funding_calls_amount_positive CHECK (amount_cents > 0),
    due_on TEXT,
    sent_on TEXT,
    sent_to TEXT,
    sent_by BLOB REFERENCES accounts (id),
    sent_at TEXT,
    received_cents INTEGER NOT NULL,
    CONSTRAINT funding_calls_once UNIQUE (budget_year_id, signatory_id),
    CONSTRAINT funding_calls_number_unique UNIQUE (number),
    CONSTRAINT funding_calls_sequence_unique UNIQUE (year, sequence),
    CONSTRAINT funding_calls_sent CHECK ((state = 'draft') = (number IS NULL)
        AND (number IS NULL) = (year IS NULL) AND (number IS NULL) = (sequence IS NULL)
        AND (number IS NULL) = (amount_cents IS NULL) AND (number IS NULL) = (due_on IS NULL)
        AND (number IS NULL) = (sent_on IS NULL) AND (number IS NULL) = (sent_to IS NULL)
        AND (number IS NULL) = (sent_by IS NULL) AND (number IS NULL) = (sent_at IS NULL)),
    CONSTRAINT funding_calls_within_amount CHECK (received_cents BETWEEN 0 AND COALESCE(amount_cents, 0)),
    CONSTRAINT funding_calls_whole CHECK ((state = 'received') = (amount_cents IS NOT NULL AND received_cents = amount_cents))
) STRICT;
CREATE INDEX funding_calls_due ON funding_calls (state, due_on);

-- The letter as it was sent, with its hash.
CREATE TABLE funding_call_letters (
    funding_call_id BLOB PRIMARY KEY NOT NULL REFERENCES funding_calls (id),
    sha256 BLOB NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE funding_receipts (
    id BLOB PRIMARY KEY NOT NULL,
    funding_call_id BLOB NOT NULL REFERENCES funding_calls (id),
    received_on TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CONSTRAINT funding_receipts_amount_positive CHECK (amount_cents > 0),
    recorded_by BLOB NOT NULL REFERENCES accounts (id),
    recorded_at TEXT NOT NULL
) STRICT;
CREATE INDEX funding_receipts_call ON funding_receipts (funding_call_id, received_on);

CREATE TRIGGER funding_calls_frozen BEFORE UPDATE ON funding_calls
WHEN OLD.number IS NOT NULL AND (OLD.id IS NOT NEW.id OR OLD.budget_year_id IS NOT NEW.budget_year_id
    OR OLD.signatory_id IS NOT NEW.signatory_id OR OLD.year IS NOT NEW.year OR OLD.sequence IS NOT NEW.sequence
    OR OLD.number IS NOT NEW.number OR OLD.amount_cents IS NOT NEW.amount_cents OR OLD.due_on IS NOT NEW.due_on
    OR OLD.sent_on IS NOT NEW.sent_on OR OLD.sent_to IS NOT NEW.sent_to OR OLD.sent_by IS NOT NEW.sent_by
    OR OLD.sent_at IS NOT NEW.sent_at)
BEGIN SELECT RAISE(ABORT, 'funding_calls_frozen'); END;
CREATE TRIGGER funding_calls_kept BEFORE DELETE ON funding_calls WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'funding_calls_frozen'); END;
CREATE TRIGGER funding_call_letters_frozen BEFORE UPDATE ON funding_call_letters BEGIN SELECT RAISE(ABORT, 'funding_calls_frozen'); END;
CREATE TRIGGER funding_call_letters_kept BEFORE DELETE ON funding_call_letters BEGIN SELECT RAISE(ABORT, 'funding_calls_frozen'); END;

-- A file that travels with a mail, and goes with it.
CREATE TABLE mail_attachments (
    mail_id BLOB PRIMARY KEY NOT NULL REFERENCES mails (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
