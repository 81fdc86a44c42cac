DROP TABLE amendment_lines;
DROP TABLE amendments;
ALTER TABLE conventions DROP COLUMN last_amendment;
