-- Care is billed by who is registered as a psychologist: a child's session, or what is exempt as care is. A credit note
-- takes back what was billed, whoever bills today.
CREATE TRIGGER invoice_lines_registered BEFORE INSERT ON invoice_lines
WHEN (NEW.service_type = 'interview' OR NEW.vat_regime = 'exempt_care') AND EXISTS (
    SELECT 1 FROM invoices i INNER JOIN psychologists p ON p.id = i.psychologist_id
    WHERE i.id = NEW.invoice_id AND i.kind = 'invoice' AND p.rpps IS NULL AND p.adeli IS NULL)
BEGIN SELECT RAISE(ABORT, 'invoice_lines_registered'); END;
