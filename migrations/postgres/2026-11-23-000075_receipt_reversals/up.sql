-- A payment recorded by mistake is taken back by an entry beside it: who, when, why. What was recorded stays as it was.
CREATE TABLE funding_receipt_reversals (
    receipt_id UUID PRIMARY KEY NOT NULL REFERENCES funding_receipts (id),
    reason TEXT NOT NULL CONSTRAINT funding_receipt_reversals_reason CHECK (reason <> ''),
    recorded_by UUID NOT NULL REFERENCES accounts (id),
    recorded_at TIMESTAMPTZ NOT NULL
);
CREATE FUNCTION refuse_frozen_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'funding_receipts_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'funding_receipts_frozen';
END $$;
CREATE TRIGGER funding_receipt_reversals_frozen BEFORE UPDATE OR DELETE ON funding_receipt_reversals FOR EACH ROW
EXECUTE FUNCTION refuse_frozen_receipt();
CREATE TRIGGER funding_receipts_frozen BEFORE UPDATE OR DELETE ON funding_receipts FOR EACH ROW
EXECUTE FUNCTION refuse_frozen_receipt();
