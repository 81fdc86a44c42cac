ALTER TABLE sign_ins DROP COLUMN closes_at;
DROP TABLE proconnect_returns;
DROP TABLE proconnect_links;
