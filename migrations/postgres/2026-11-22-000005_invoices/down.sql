DROP TABLE invoice_files;
DROP TABLE invoice_lines;
DROP TABLE invoices;
DROP TABLE invoice_counters;
DROP FUNCTION refuse_frozen;
