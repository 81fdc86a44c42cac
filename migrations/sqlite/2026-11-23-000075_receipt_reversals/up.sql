-- A payment recorded by mistake is taken back by an entry beside it: who, when, why. What was recorded stays as it was.
CREATE TABLE funding_receipt_reversals (
    receipt_id BLOB PRIMARY KEY NOT NULL REFERENCES funding_receipts (id),
    reason TEXT NOT NULL CONSTRAINT funding_receipt_reversals_reason CHECK (reason <> ''),
    recorded_by BLOB NOT NULL REFERENCES accounts (id),
    recorded_at TEXT NOT NULL
) STRICT;
CREATE TRIGGER funding_receipt_reversals_frozen BEFORE UPDATE ON funding_receipt_reversals BEGIN SELECT RAISE(ABORT, 'funding_receipts_frozen'); END;
CREATE TRIGGER funding_receipt_reversals_kept BEFORE DELETE ON funding_receipt_reversals BEGIN SELECT RAISE(ABORT, 'funding_receipts_frozen'); END;
CREATE TRIGGER funding_receipts_frozen BEFORE UPDATE ON funding_receipts BEGIN SELECT RAISE(ABORT, 'funding_receipts_frozen'); END;
CREATE TRIGGER funding_receipts_kept BEFORE DELETE ON funding_receipts BEGIN SELECT RAISE(ABORT, 'funding_receipts_frozen'); END;
