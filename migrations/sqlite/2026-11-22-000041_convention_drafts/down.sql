DROP TRIGGER conventions_days_moved;
DROP TRIGGER convention_programmes_days;
DROP TRIGGER convention_programmes_overlap_moved;
DROP TRIGGER convention_programmes_overlap;
ALTER TABLE convention_programmes DROP COLUMN starts_on;
ALTER TABLE convention_programmes DROP COLUMN ends_on;
DROP TABLE convention_drafts;
