DROP TABLE file_readings;
