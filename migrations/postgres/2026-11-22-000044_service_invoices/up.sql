-- A line of services is of no programme: the fixed share that pays for it is common to all.
ALTER TABLE invoice_lines ALTER COLUMN programme_id DROP NOT NULL;
-- a child's session is of one programme; the others are common to all
ALTER TABLE invoice_lines ADD CONSTRAINT invoice_lines_programme
    CHECK ((service_type = 'interview') = (programme_id IS NOT NULL));

-- Which services an invoice bills. A credited invoice keeps its rows, no longer live.
CREATE TABLE invoice_services (
    invoice_id UUID NOT NULL REFERENCES invoices (id),
    service_id UUID NOT NULL REFERENCES services (id),
    is_live BOOLEAN NOT NULL,
    PRIMARY KEY (invoice_id, service_id)
);
-- a service is on at most one live invoice (rule 9)
CREATE UNIQUE INDEX invoice_services_one_live ON invoice_services (service_id) WHERE is_live;
