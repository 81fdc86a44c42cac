DROP TABLE invoice_services;
ALTER TABLE invoice_lines DROP CONSTRAINT invoice_lines_programme;
ALTER TABLE invoice_lines DISABLE TRIGGER invoice_lines_frozen;
DELETE FROM invoice_lines WHERE programme_id IS NULL;
ALTER TABLE invoice_lines ENABLE TRIGGER invoice_lines_frozen;
ALTER TABLE invoice_lines ALTER COLUMN programme_id SET NOT NULL;
