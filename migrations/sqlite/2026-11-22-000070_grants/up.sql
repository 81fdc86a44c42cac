-- A budget may be made of several grants (subventions), each with a name of its own: médiation sociale, prévention
-- spécialisée. A convention names them once; each budget year gives them their amounts.

CREATE TABLE grants (
    id BLOB PRIMARY KEY NOT NULL,
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT grants_code_unique UNIQUE (convention_id, code)
) STRICT;

CREATE TABLE year_grants (
    budget_year_id BLOB NOT NULL REFERENCES budget_years (id),
    grant_id BLOB NOT NULL REFERENCES grants (id),
    amount_cents INTEGER NOT NULL CONSTRAINT year_grants_amount_positive CHECK (amount_cents >= 0),
    PRIMARY KEY (budget_year_id, grant_id)
) STRICT;

-- An amendment may change them.
CREATE TABLE amendment_lines_new (
    amendment_id BLOB NOT NULL REFERENCES amendments (id),
    position INTEGER NOT NULL,
    budget_year_id BLOB NOT NULL REFERENCES budget_years (id),
    kind TEXT NOT NULL CONSTRAINT amendment_lines_kind_known
        CHECK (kind IN ('quota', 'contribution', 'budget', 'fixed_share', 'ceiling', 'call_by', 'grant')),
    programme_id BLOB REFERENCES programmes (id),
    signatory_id BLOB REFERENCES signatories (id),
    before_minutes INTEGER,
    after_minutes INTEGER,
    before_cents INTEGER,
    after_cents INTEGER,
    before_on TEXT,
    after_on TEXT,
    grant_id BLOB REFERENCES grants (id),
    PRIMARY KEY (amendment_id, position),
    CONSTRAINT amendment_lines_of CHECK ((kind = 'quota') = (programme_id IS NOT NULL)
        AND (kind = 'contribution') = (signatory_id IS NOT NULL)
        AND (kind = 'grant') = (grant_id IS NOT NULL)),
    CONSTRAINT amendment_lines_minutes CHECK ((kind = 'quota') = (before_minutes IS NOT NULL)
        AND (kind = 'quota') = (after_minutes IS NOT NULL) AND COALESCE(after_minutes, 0) >= 0),
    CONSTRAINT amendment_lines_cents CHECK (CASE
        WHEN kind IN ('contribution', 'budget', 'fixed_share', 'grant') THEN before_cents IS NOT NULL AND after_cents IS NOT NULL
        WHEN kind = 'ceiling' THEN TRUE
        ELSE before_cents IS NULL AND after_cents IS NULL END AND COALESCE(after_cents, 0) >= 0),
    CONSTRAINT amendment_lines_days CHECK (kind = 'call_by' OR (before_on IS NULL AND after_on IS NULL))
) STRICT;
INSERT INTO amendment_lines_new (amendment_id, position, budget_year_id, kind, programme_id, signatory_id, before_minutes, after_minutes,
    before_cents, after_cents, before_on, after_on)
SELECT amendment_id, position, budget_year_id, kind, programme_id, signatory_id, before_minutes, after_minutes,
    before_cents, after_cents, before_on, after_on
FROM amendment_lines;
DROP TABLE amendment_lines;
ALTER TABLE amendment_lines_new RENAME TO amendment_lines;
CREATE INDEX amendment_lines_year ON amendment_lines (budget_year_id, kind);
CREATE TRIGGER amendment_lines_frozen BEFORE UPDATE ON amendment_lines BEGIN SELECT RAISE(ABORT, 'amendments_frozen'); END;
CREATE TRIGGER amendment_lines_kept BEFORE DELETE ON amendment_lines BEGIN SELECT RAISE(ABORT, 'amendments_frozen'); END;
