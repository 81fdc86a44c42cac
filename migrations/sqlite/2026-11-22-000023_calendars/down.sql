ALTER TABLE mails DROP COLUMN calendar;
DROP TABLE session_revisions;
DROP TABLE calendar_feeds;
