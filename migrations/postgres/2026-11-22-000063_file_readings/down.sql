DROP TABLE file_readings;
DROP FUNCTION refuse_reading_change();
