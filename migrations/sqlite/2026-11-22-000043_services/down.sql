DROP TRIGGER sessions_service_overlap_update;
DROP TRIGGER sessions_service_overlap_insert;
DROP TABLE service_decisions;
DROP TABLE service_programmes;
DROP TABLE services;
DROP TABLE budget_lines;
