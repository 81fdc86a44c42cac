-- An amendment (avenant) changes figures of a convention; once signed it never changes: triggers see to it.

-- The number of the last one: counted up in the transaction that signs, so that no two are signed at once.
ALTER TABLE conventions ADD COLUMN last_amendment INTEGER NOT NULL DEFAULT 0;

CREATE TABLE amendments (
    id BLOB PRIMARY KEY NOT NULL,
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    number INTEGER NOT NULL CONSTRAINT amendments_number_positive CHECK (number >= 1),
    -- the day on which the parties signed
    signed_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    entered_by BLOB NOT NULL REFERENCES accounts (id),
    entered_at TEXT NOT NULL,
    CONSTRAINT amendments_number_unique UNIQUE (convention_id, number)
) STRICT;

-- What it changes, before and after.
CREATE TABLE amendment_lines (
    amendment_id BLOB NOT NULL REFERENCES amendments (id),
    position INTEGER NOT NULL,
    budget_year_id BLOB NOT NULL REFERENCES budget_years (id),
    kind TEXT NOT NULL CONSTRAINT amendment_lines_kind_known
        CHECK (kind IN ('quota', 'contribution', 'budget', 'fixed_share', 'ceiling', 'call_by')),
    programme_id BLOB REFERENCES programmes (id),
    signatory_id BLOB REFERENCES signatories (id),
    before_minutes INTEGER,
    after_minutes INTEGER,
    before_cents INTEGER,
    after_cents INTEGER,
    before_on TEXT,
    after_on TEXT,
    PRIMARY KEY (amendment_id, position),
    CONSTRAINT amendment_lines_of CHECK ((kind = 'quota') = (programme_id IS NOT NULL)
        AND (kind = 'contribution') = (signatory_id IS NOT NULL)),
    CONSTRAINT amendment_lines_minutes CHECK ((kind = 'quota') = (before_minutes IS NOT NULL)
        AND (kind = 'quota') = (after_minutes IS NOT NULL) AND COALESCE(after_minutes, 0) >= 0),
    CONSTRAINT amendment_lines_cents CHECK (CASE
        WHEN kind IN ('contribution', 'budget', 'fixed_share') THEN before_cents IS NOT NULL AND after_cents IS NOT NULL
        WHEN kind = 'ceiling' THEN TRUE
        ELSE before_cents IS NULL AND after_cents IS NULL END AND COALESCE(after_cents, 0) >= 0),
    CONSTRAINT amendment_lines_days CHECK (kind = 'call_by' OR (before_on IS NULL AND after_on IS NULL))
) STRICT;
CREATE INDEX amendment_lines_year ON amendment_lines (budget_year_id, kind);

CREATE TRIGGER amendments_frozen BEFORE UPDATE ON amendments BEGIN SELECT RAISE(ABORT, 'amendments_frozen'); END;
CREATE TRIGGER amendments_kept BEFORE DELETE ON amendments BEGIN SELECT RAISE(ABORT, 'amendments_frozen'); END;
CREATE TRIGGER amendment_lines_frozen BEFORE UPDATE ON amendment_lines BEGIN SELECT RAISE(ABORT, 'amendments_frozen'); END;
CREATE TRIGGER amendment_lines_kept BEFORE DELETE ON amendment_lines BEGIN SELECT RAISE(ABORT, 'amendments_frozen'); END;
