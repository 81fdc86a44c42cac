-- A line of services is of no programme: the fixed share that pays for it is common to all. What was issued stays as it
-- is, row for row.
ALTER TABLE invoice_lines RENAME TO invoice_lines_before;
DROP TRIGGER invoice_lines_frozen;
DROP TRIGGER invoice_lines_kept;
CREATE TABLE invoice_lines (
    invoice_id BLOB NOT NULL REFERENCES invoices (id),
    position INTEGER NOT NULL,
    programme_id BLOB REFERENCES programmes (id),
    service_type TEXT NOT NULL,
    session_count INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    hourly_cents INTEGER NOT NULL,
    net_cents INTEGER NOT NULL,
    vat_regime TEXT NOT NULL,
    PRIMARY KEY (invoice_id, position),
    -- a child's session is of one programme; the others are common to all
    CONSTRAINT invoice_lines_programme CHECK ((service_type = 'interview') = (programme_id IS NOT NULL))
) STRICT;
INSERT INTO invoice_lines SELECT * FROM invoice_lines_before;
DROP TABLE invoice_lines_before;
CREATE TRIGGER invoice_lines_frozen BEFORE UPDATE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;
CREATE TRIGGER invoice_lines_kept BEFORE DELETE ON invoice_lines BEGIN SELECT RAISE(ABORT, 'invoices_frozen'); END;

-- Which services an invoice bills. A credited invoice keeps its rows, no longer live.
CREATE TABLE invoice_services (
    invoice_id BLOB NOT NULL REFERENCES invoices (id),
    service_id BLOB NOT NULL REFERENCES services (id),
    is_live INTEGER NOT NULL,
    PRIMARY KEY (invoice_id, service_id)
) STRICT;
-- a service is on at most one live invoice (rule 9)
CREATE UNIQUE INDEX invoice_services_one_live ON invoice_services (service_id) WHERE is_live = 1;
