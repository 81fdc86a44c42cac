-- An amendment (avenant) changes figures of a convention; once signed it never changes: triggers see to it.

-- The number of the last one: counted up in the transaction that signs, so that no two are signed at once.
ALTER TABLE conventions ADD COLUMN last_amendment INTEGER NOT NULL DEFAULT 0;

CREATE TABLE amendments (
    id UUID PRIMARY KEY NOT NULL,
    convention_id UUID NOT NULL REFERENCES conventions (id),
    number INTEGER NOT NULL CONSTRAINT amendments_number_positive CHECK (number >= 1),
    -- the day on which the parties signed
    signed_on DATE NOT NULL,
    reason TEXT NOT NULL,
    entered_by UUID NOT NULL REFERENCES accounts (id),
    entered_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT amendments_number_unique UNIQUE (convention_id, number)
);

-- What it changes, before and after.
CREATE TABLE amendment_lines (
    amendment_id UUID NOT NULL REFERENCES amendments (id),
    position INTEGER NOT NULL,
    budget_year_id UUID NOT NULL REFERENCES budget_years (id),
    kind TEXT NOT NULL CONSTRAINT amendment_lines_kind_known
        CHECK (kind IN ('quota', 'contribution', 'budget', 'fixed_share', 'ceiling', 'call_by')),
    programme_id UUID REFERENCES programmes (id),
    signatory_id UUID REFERENCES signatories (id),
    before_minutes INTEGER,
    after_minutes INTEGER,
    before_cents BIGINT,
    after_cents BIGINT,
    before_on DATE,
    after_on DATE,
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
);
CREATE INDEX amendment_lines_year ON amendment_lines (budget_year_id, kind);

CREATE FUNCTION refuse_frozen_amendment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'amendments_frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'amendments_frozen';
END $$;
CREATE TRIGGER amendments_frozen BEFORE UPDATE OR DELETE ON amendments FOR EACH ROW
EXECUTE FUNCTION refuse_frozen_amendment();
CREATE TRIGGER amendment_lines_frozen BEFORE UPDATE OR DELETE ON amendment_lines FOR EACH ROW
EXECUTE FUNCTION refuse_frozen_amendment();
