DROP TABLE requests;
DROP INDEX sessions_earlier;
DROP INDEX sessions_series;
ALTER TABLE sessions DROP COLUMN wants_earlier;
ALTER TABLE sessions DROP COLUMN series_id;
