-- What a psychologist bills. An issued invoice never changes, and neither does its file (rule 9): triggers see to it.

-- Locked when a number is given, in the same transaction as the invoice: no gap survives a rollback.
CREATE TABLE invoice_counters (
    psychologist_id BLOB NOT NULL REFERENCES psychologists (id),
    year INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (psychologist_id, year)
) STRICT;

CREATE TABLE invoices (
    id BLOB PRIMARY KEY NOT NULL,
    psychologist_id BLOB NOT NULL REFERENCES psychologists (id),
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    kind TEXT NOT NULL CONSTRAINT invoices_kind_known CHECK (kind IN ('invoice', 'credit_note')),
    year INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    number TEXT NOT NULL,
    -- first day of the month billed
    month_on TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    net_cents INTEGER NOT NULL,
    vat_cents INTEGER NOT NULL,
    gross_cents INTEGER NOT NULL,
    -- the frozen content that every file is made from, as JSON
    content TEXT NOT NULL,
    content_sha256 BLOB NOT NULL,
    corrects_id BLOB CONSTRAINT invoices_corrects_unique UNIQUE REFERENCES invoices (id),
    issued_by BLOB REFERENCES accounts (id),
    issued_at TEXT NOT NULL,
    -- what may still change: where the invoice stands
    state TEXT NOT NULL CONSTRAINT invoices_state_known
        CHECK (state IN ('issued', 'deposited', 'ordered', 'paid', 'rejected', 'credited')),
    due_on TEXT NOT NULL,
    deposited_on TEXT,
    ordered_on TEXT,
    paid_on TEXT,
    rejected_on TEXT,
    rejection_reason TEXT,
    CONSTRAINT invoices_number_unique UNIQUE (psychologist_id, number),
    CONSTRAINT invoices_sequence_unique UNIQUE (psychologist_id, year, sequence),
    CONSTRAINT invoices_total CHECK (net_cents + vat_cents = gross_cents),
    CONSTRAINT invoices_correction CHECK ((kind = 'credit_note') = (corrects_id IS NOT NULL)),
    CONSTRAINT invoices_rejection CHECK ((rejected_on IS NULL) = (rejection_reason IS NULL))
) STRICT;
CREATE INDEX invoices_month ON invoices (month_on, due_on, id);
CREATE INDEX invoices_psychologist ON invoices (psychologist_id, month_on);

CREATE TABLE invoice_lines (
    invoice_id BLOB NOT NULL REFERENCES invoices (id),
    position INTEGER NOT NULL,
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    service_type TEXT NOT NULL,
    session_count INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    hourly_cents INTEGER NOT NULL,
    net_cents INTEGER NOT NULL,
    vat_regime TEXT NOT NULL,
    PRIMARY KEY (invoice_id, position)
) STRICT;

CREATE TABLE invoice_files (
    invoice_id BLOB NOT NULL REFERENCES invoices (id),
    kind TEXT NOT NULL CONSTRAINT invoice_files_kind_known CHECK (kind IN ('factur_x', 'statement')),
    sha256 BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (invoice_id, kind)
) STRICT;

CREATE TRIGGER invoices_frozen BEFORE UPDATE ON invoices
WHEN OLD.id IS NOT NEW.id OR OLD.psychologist_id IS NOT NEW.psychologist_id OR OLD.convention_id IS NOT NEW.convention_id
    OR OLD.kind IS NOT NEW.kind OR OLD.year IS NOT NEW.year OR OLD.sequence IS NOT NEW.sequence
    OR OLD.number IS NOT NEW.number OR OLD.month_on IS NOT NEW.month_on OR OLD.issued_on IS NOT NEW.issued_on
    OR OLD.net_cents IS NOT NEW.net_cents OR OLD.vat_cents IS NOT NEW.vat_cents OR OLD.gross_cents IS NOT NEW.gross_cents
    OR OLD.content IS NOT NEW.content OR OLD.content_sha256 IS NOT NEW.content_sha256
    OR OLD.corrects_id IS NOT NEW.corrects_id OR OLD.issued_by IS NOT NEW.issued_by OR OLD.issued_at IS NOT NEW.issued_at
BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
CREATE TRIGGER invoice_lines_frozen BEFORE UPDATE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
CREATE TRIGGER invoice_lines_kept BEFORE DELETE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
CREATE TRIGGER invoice_files_frozen BEFORE UPDATE ON invoice_files BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
CREATE TRIGGER invoice_files_kept BEFORE DELETE ON invoice_files BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
