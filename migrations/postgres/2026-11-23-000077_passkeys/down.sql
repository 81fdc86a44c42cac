DROP TABLE passkey_challenges;
DROP TABLE passkeys;
DELETE FROM second_factors WHERE secret IS NULL;
ALTER TABLE second_factors ALTER COLUMN secret SET NOT NULL;
