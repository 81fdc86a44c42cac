ALTER TABLE referrals DROP COLUMN reason;
ALTER TABLE referrals DROP COLUMN source;
