DROP TABLE mail_attachments;
DROP TABLE funding_receipts;
DROP TABLE funding_call_letters;
DROP TABLE funding_calls;
DROP TABLE funding_call_counters;
DROP FUNCTION refuse_frozen_call;
