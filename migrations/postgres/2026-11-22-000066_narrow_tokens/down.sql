ALTER TABLE api_tokens DROP COLUMN areas;
ALTER TABLE api_tokens DROP COLUMN is_read_only;
