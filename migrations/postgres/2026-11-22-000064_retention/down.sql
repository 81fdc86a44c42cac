DROP TABLE retention_notices;
DROP TABLE retention_extensions;
DROP TABLE frozen_age_bands;
DROP TRIGGER children_destroyed_for_good ON children;
DROP FUNCTION refuse_identity_again();
DROP INDEX children_destroyed;
ALTER TABLE children DROP COLUMN identity_destroyed_for;
ALTER TABLE children DROP COLUMN identity_destroyed_at;
