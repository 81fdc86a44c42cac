-- A budget may be made of several grants (subventions), each with a name of its own: médiation sociale, prévention
-- spécialisée. A convention names them once; each budget year gives them their amounts.

CREATE TABLE grants (
    id UUID PRIMARY KEY NOT NULL,
    convention_id UUID NOT NULL REFERENCES conventions (id),
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT grants_code_unique UNIQUE (convention_id, code)
);

CREATE TABLE year_grants (
    budget_year_id UUID NOT NULL REFERENCES budget_years (id),
    grant_id UUID NOT NULL REFERENCES grants (id),
    amount_cents BIGINT NOT NULL CONSTRAINT year_grants_amount_positive CHECK (amount_cents >= 0),
    PRIMARY KEY (budget_year_id, grant_id)
);

-- An amendment may change them.
ALTER TABLE amendment_lines
    ADD COLUMN grant_id UUID REFERENCES grants (id),
    DROP CONSTRAINT amendment_lines_kind_known,
    DROP CONSTRAINT amendment_lines_of,
    DROP CONSTRAINT amendment_lines_cents,
    ADD CONSTRAINT amendment_lines_kind_known
        CHECK (kind IN ('quota', 'contribution', 'budget', 'fixed_share', 'ceiling', 'call_by', 'grant')),
    ADD CONSTRAINT amendment_lines_of CHECK ((kind = 'quota') = (programme_id IS NOT NULL)
        AND (kind = 'contribution') = (signatory_id IS NOT NULL)
        AND (kind = 'grant') = (grant_id IS NOT NULL)),
    ADD CONSTRAINT amendment_lines_cents CHECK (CASE
        WHEN kind IN ('contribution', 'budget', 'fixed_share', 'grant') THEN before_cents IS NOT NULL AND after_cents IS NOT NULL
        WHEN kind = 'ceiling' THEN TRUE
        ELSE before_cents IS NULL AND after_cents IS NULL END AND COALESCE(after_cents, 0) >= 0);
