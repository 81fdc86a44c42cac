DROP INDEX accounts_last_used;
ALTER TABLE accounts DROP COLUMN warned_unused_at;
ALTER TABLE accounts DROP COLUMN last_used_at;
