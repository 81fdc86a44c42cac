-- When an account was last used, and when its person was told that it will close for want of use.
ALTER TABLE accounts ADD COLUMN last_used_at TEXT;
ALTER TABLE accounts ADD COLUMN warned_unused_at TEXT;
UPDATE accounts SET last_used_at =
    COALESCE((SELECT MAX(sign_ins.last_seen_at) FROM sign_ins WHERE sign_ins.account_id = accounts.id), created_at);
CREATE INDEX accounts_last_used ON accounts (last_used_at) WHERE disabled_at IS NULL;
