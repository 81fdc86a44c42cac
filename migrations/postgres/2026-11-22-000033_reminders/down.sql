ALTER TABLE mails DROP COLUMN written_from;
ALTER TABLE guardians DROP COLUMN reminders_since;
