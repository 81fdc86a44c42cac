DROP TABLE amendment_lines;
DROP TABLE amendments;
DROP FUNCTION refuse_frozen_amendment;
ALTER TABLE conventions DROP COLUMN last_amendment;
