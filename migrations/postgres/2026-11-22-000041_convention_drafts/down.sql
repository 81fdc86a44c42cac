ALTER TABLE convention_programmes DROP CONSTRAINT convention_programmes_overlap;
ALTER TABLE convention_programmes DROP CONSTRAINT convention_programmes_days;
ALTER TABLE convention_programmes DROP COLUMN starts_on;
ALTER TABLE convention_programmes DROP COLUMN ends_on;
ALTER TABLE conventions DROP CONSTRAINT conventions_days_unique;
DROP TABLE convention_drafts;
