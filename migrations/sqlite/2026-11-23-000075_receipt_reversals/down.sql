DROP TRIGGER funding_receipts_kept;
DROP TRIGGER funding_receipts_frozen;
DROP TABLE funding_receipt_reversals;
