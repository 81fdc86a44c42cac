-- What a psychologist bills. An issued invoice never changes, and neither does its file (rule 9): triggers see to it.

-- Locked when a number is given, in the same transaction as the invoice: no gap survives a rollback.
CREATE TABLE invoice_counters (
    psychologist_id UUID NOT NULL REFERENCES psychologists (id),
    year INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    PRIMARY KEY (psychologist_id, year)
);

CREATE TABLE invoices (
    id UUID PRIMARY KEY NOT NULL,
    psychologist_id UUID NOT NULL REFERENCES psychologists (id),
    convention_id UUID NOT NULL REFERENCES conventions (id),
    kind TEXT NOT NULL CONSTRAINT invoices_kind_known CHECK (kind IN ('invoice', 'credit_note')),
    year INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    -- first day of the month billed
    month_on DATE NOT NULL,
    issued_on DATE NOT NULL,
    net_cents BIGINT NOT NULL,
    vat_cents BIGINT NOT NULL,
    gross_cents BIGINT NOT NULL,
    -- the frozen content that every file is made from, as JSON
    content TEXT NOT NULL,
    content_sha256 BYTEA NOT NULL,
    corrects_id UUID CONSTRAINT invoices_corrects_unique UNIQUE REFERENCES invoices (id),
    issued_by UUID REFERENCES accounts (id),
    issued_at TIMESTAMPTZ NOT NULL,
    -- what may still change: where the invoice stands
    state TEXT NOT NULL CONSTRAINT invoices_state_known
        CHECK (state IN ('issued', 'deposited', 'ordered', 'paid', 'rejected', 'credited')),
    due_on DATE NOT NULL,
    deposited_on DATE,
    ordered_on DATE,
    paid_on DATE,
    rejected_on DATE,
    rejection_reason TEXT,
    CONSTRAINT invoices_number_unique UNIQUE (psychologist_id, number),
    CONSTRAINT invoices_sequence_unique UNIQUE (psychologist_id, year, sequence),
    CONSTRAINT invoices_total CHECK (net_cents + vat_cents = gross_cents),
    CONSTRAINT invoices_correction CHECK ((kind = 'credit_note') = (corrects_id IS NOT NULL)),
    CONSTRAINT invoices_rejection CHECK ((rejected_on IS NULL) = (rejection_reason IS NULL))
);
CREATE INDEX invoices_month ON invoices (month_on, due_on, id);
CREATE INDEX invoices_psychologist ON invoices (psychologist_id, month_on);

CREATE TABLE invoice_lines (
    invoice_id UUID NOT NULL REFERENCES invoices (id),
    position INTEGER NOT NULL,
    programme_id UUID NOT NULL REFERENCES programmes (id),
    service_type TEXT NOT NULL,
    session_count INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    hourly_cents BIGINT NOT NULL,
    net_cents BIGINT NOT NULL,
    vat_regime TEXT NOT NULL,
    PRIMARY KEY (invoice_id, position)
);

CREATE TABLE invoice_files (
    invoice_id UUID NOT NULL REFERENCES invoices (id),
    kind TEXT NOT NULL CONSTRAINT invoice_files_kind_known CHECK (kind IN ('factur_x', 'statement')),
    sha256 BYTEA NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (invoice_id, kind)
);

CREATE FUNCTION refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'invoices_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_frozen';
END $$;
CREATE TRIGGER invoices_frozen BEFORE UPDATE ON invoices FOR EACH ROW
WHEN ((OLD.id, OLD.psychologist_id, OLD.convention_id, OLD.kind, OLD.year, OLD.sequence, OLD.number, OLD.month_on,
       OLD.issued_on, OLD.net_cents, OLD.vat_cents, OLD.gross_cents, OLD.content, OLD.content_sha256, OLD.corrects_id,
       OLD.issued_by, OLD.issued_at)
    IS DISTINCT FROM
      (NEW.id, NEW.psychologist_id, NEW.convention_id, NEW.kind, NEW.year, NEW.sequence, NEW.number, NEW.month_on,
       NEW.issued_on, NEW.net_cents, NEW.vat_cents, NEW.gross_cents, NEW.content, NEW.content_sha256, NEW.corrects_id,
       NEW.issued_by, NEW.issued_at))
EXECUTE FUNCTION refuse_frozen();
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_frozen();
CREATE TRIGGER invoice_lines_frozen BEFORE UPDATE OR DELETE ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_frozen();
CREATE TRIGGER invoice_files_frozen BEFORE UPDATE OR DELETE ON invoice_files FOR EACH ROW EXECUTE FUNCTION refuse_frozen();
