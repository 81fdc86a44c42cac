DROP TRIGGER funding_receipts_frozen ON funding_receipts;
DROP TABLE funding_receipt_reversals;
DROP FUNCTION refuse_frozen_receipt();
