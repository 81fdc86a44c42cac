DROP INDEX sign_ins_device;
ALTER TABLE sign_ins DROP COLUMN device_hash;
ALTER TABLE sign_ins DROP COLUMN browser;
DROP TABLE half_sign_ins;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
