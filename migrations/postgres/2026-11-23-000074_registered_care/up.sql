-- Care is billed by who is registered as a psychologist: a child's session, or what is exempt as care is. A credit note
-- takes back what was billed, whoever bills today.
CREATE FUNCTION refuse_unregistered_care() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM invoices i INNER JOIN psychologists p ON p.id = i.psychologist_id
        WHERE i.id = NEW.invoice_id AND i.kind = 'invoice' AND p.rpps IS NULL AND p.adeli IS NULL) THEN
        RAISE EXCEPTION 'invoice_lines_registered'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_lines_registered';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invoice_lines_registered BEFORE INSERT ON invoice_lines FOR EACH ROW
WHEN (NEW.service_type = 'interview' OR NEW.vat_regime = 'exempt_care')
EXECUTE FUNCTION refuse_unregistered_care();
