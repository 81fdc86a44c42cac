-- A token may do less than its person: read only, or in some areas of the API, separated by commas; absent: in all.
ALTER TABLE api_tokens ADD COLUMN is_read_only BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE api_tokens ADD COLUMN areas TEXT;
