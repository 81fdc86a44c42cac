DROP TABLE passkey_challenges;
DROP TABLE passkeys;
CREATE TABLE second_factors_before (
    account_id BLOB PRIMARY KEY NOT NULL REFERENCES accounts (id),
    secret BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    codes_salt BLOB NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
INSERT INTO second_factors_before (account_id, secret, last_step, codes_salt, created_at)
SELECT account_id, secret, last_step, codes_salt, created_at FROM second_factors WHERE secret IS NOT NULL;
CREATE TABLE recovery_codes_before (
    account_id BLOB NOT NULL REFERENCES second_factors_before (account_id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL,
    used_at TEXT,
    PRIMARY KEY (account_id, code_hash)
) STRICT;
INSERT INTO recovery_codes_before (account_id, code_hash, used_at)
SELECT account_id, code_hash, used_at FROM recovery_codes
WHERE account_id IN (SELECT account_id FROM second_factors_before);
DROP TABLE recovery_codes;
DROP TABLE second_factors;
ALTER TABLE second_factors_before RENAME TO second_factors;
ALTER TABLE recovery_codes_before RENAME TO recovery_codes;
