-- One call for funds a year to each signatory but the one that calls. What was sent never changes: triggers see to it.

-- Locked when a number is given, in the same transaction as the call: no gap survives a rollback.
CREATE TABLE funding_call_counters (
    year INTEGER PRIMARY KEY NOT NULL,
    last_number INTEGER NOT NULL
);

CREATE TABLE funding_calls (
    id UUID PRIMARY KEY NOT NULL,
    budget_year_id UUID NOT NULL REFERENCES budget_years (id),
    signatory_id UUID NOT NULL REFERENCES signatories (id),
    state TEXT NOT NULL CONSTRAINT funding_calls_state_known CHECK (state IN ('draft', 'sent', 'received')),
    created_by UUID NOT NULL REFERENCES accounts (id),
    created_at TIMESTAMPTZ NOT NULL,
    -- from here on absent from a draft: its amount is that of the convention until it is sent
    year INTEGER,
    sequence INTEGER,
    number TEXT COLLATE "C",
    amount_cents BIGINT CONSTRAINT funding_calls_amount_positive CHECK (amount_cents > 0),
    due_on DATE,
    sent_on DATE,
    sent_to TEXT,
    sent_by UUID REFERENCES accounts (id),
    sent_at TIMESTAMPTZ,
    received_cents BIGINT NOT NULL,
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
);
CREATE INDEX funding_calls_due ON funding_calls (state, due_on);

-- The letter as it was sent, with its hash.
CREATE TABLE funding_call_letters (
    funding_call_id UUID PRIMARY KEY NOT NULL REFERENCES funding_calls (id),
    sha256 BYTEA NOT NULL,
    bytes BYTEA NOT NULL
);

CREATE TABLE funding_receipts (
    id UUID PRIMARY KEY NOT NULL,
    funding_call_id UUID NOT NULL REFERENCES funding_calls (id),
    received_on DATE NOT NULL,
    amount_cents BIGINT NOT NULL CONSTRAINT funding_receipts_amount_positive CHECK (amount_cents > 0),
    recorded_by UUID NOT NULL REFERENCES accounts (id),
    recorded_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX funding_receipts_call ON funding_receipts (funding_call_id, received_on);

CREATE FUNCTION refuse_frozen_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'funding_calls_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'funding_calls_frozen';
END $$;
CREATE TRIGGER funding_calls_frozen BEFORE UPDATE ON funding_calls FOR EACH ROW
WHEN (OLD.number IS NOT NULL AND
      (OLD.id, OLD.budget_year_id, OLD.signatory_id, OLD.year, OLD.sequence, OLD.number, OLD.amount_cents, OLD.due_on,
       OLD.sent_on, OLD.sent_to, OLD.sent_by, OLD.sent_at)
    IS DISTINCT FROM
      (NEW.id, NEW.budget_year_id, NEW.signatory_id, NEW.year, NEW.sequence, NEW.number, NEW.amount_cents, NEW.due_on,
       NEW.sent_on, NEW.sent_to, NEW.sent_by, NEW.sent_at))
EXECUTE FUNCTION refuse_frozen_call();
CREATE TRIGGER funding_calls_kept BEFORE DELETE ON funding_calls FOR EACH ROW WHEN (OLD.number IS NOT NULL)
EXECUTE FUNCTION refuse_frozen_call();
CREATE TRIGGER funding_call_letters_frozen BEFORE UPDATE OR DELETE ON funding_call_letters FOR EACH ROW
EXECUTE FUNCTION refuse_frozen_call();

-- A file that travels with a mail, and goes with it.
CREATE TABLE mail_attachments (
    mail_id UUID PRIMARY KEY NOT NULL REFERENCES mails (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BYTEA NOT NULL
);
