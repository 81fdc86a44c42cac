ALTER TABLE amendment_lines DISABLE TRIGGER amendment_lines_frozen;
DELETE FROM amendment_lines WHERE kind = 'grant';
ALTER TABLE amendment_lines ENABLE TRIGGER amendment_lines_frozen;
ALTER TABLE amendment_lines
    DROP CONSTRAINT amendment_lines_kind_known,
    DROP CONSTRAINT amendment_lines_of,
    DROP CONSTRAINT amendment_lines_cents,
    DROP COLUMN grant_id,
    ADD CONSTRAINT amendment_lines_kind_known
        CHECK (kind IN ('quota', 'contribution', 'budget', 'fixed_share', 'ceiling', 'call_by')),
    ADD CONSTRAINT amendment_lines_of CHECK ((kind = 'quota') = (programme_id IS NOT NULL)
        AND (kind = 'contribution') = (signatory_id IS NOT NULL)),
    ADD CONSTRAINT amendment_lines_cents CHECK (CASE
        WHEN kind IN ('contribution', 'budget', 'fixed_share') THEN before_cents IS NOT NULL AND after_cents IS NOT NULL
        WHEN kind = 'ceiling' THEN TRUE
        ELSE before_cents IS NULL AND after_cents IS NULL END AND COALESCE(after_cents, 0) >= 0);
DROP TABLE year_grants;
DROP TABLE grants;
