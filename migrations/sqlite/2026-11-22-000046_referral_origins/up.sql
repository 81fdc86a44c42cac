-- Who asked for a referral and why, from closed lists of general categories: for the observation of the programmes, never
-- a clinical note. What was entered before is « non renseigné ».
ALTER TABLE referrals ADD COLUMN source TEXT NOT NULL DEFAULT 'unspecified' CONSTRAINT referrals_source_known
    CHECK (source IN ('school', 'family', 'programme', 'social', 'health', 'other', 'unspecified'));
ALTER TABLE referrals ADD COLUMN reason TEXT NOT NULL DEFAULT 'unspecified' CONSTRAINT referrals_reason_known
    CHECK (reason IN ('school', 'family', 'relations', 'development', 'other', 'unspecified'));
