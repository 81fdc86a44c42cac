DROP TRIGGER invoice_lines_registered ON invoice_lines;
DROP FUNCTION refuse_unregistered_care();
