DROP TABLE invoice_services;
ALTER TABLE invoice_lines RENAME TO invoice_lines_before;
DROP TRIGGER invoice_lines_frozen;
DROP TRIGGER invoice_lines_kept;
CREATE TABLE invoice_lines (
    invoice_id BLOB NOT NULL REFERENCES invoices (id),
    position INTEGER NOT NULL,
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    service_type TEXT NOT NULL,
    session_count INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    hourly_cents INTEGER NOT NULL,
    net_cents INTEGER NOT NULL,
    vat_regime TEXT NOT NULL,
    PRIMARY KEY (invoice_id, position)
) STRICT;
INSERT INTO invoice_lines SELECT * FROM invoice_lines_before WHERE programme_id IS NOT NULL;
DROP TABLE invoice_lines_before;
CREATE TRIGGER invoice_lines_frozen BEFORE UPDATE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
CREATE TRIGGER invoice_lines_kept BEFORE DELETE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
