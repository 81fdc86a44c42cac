ALTER TABLE session_decisions DROP COLUMN substitution_id;
DROP TABLE substitutions;
