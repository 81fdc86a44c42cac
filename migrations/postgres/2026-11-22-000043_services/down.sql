DROP TRIGGER sessions_meet_no_service_update ON sessions;
DROP TRIGGER sessions_meet_no_service_insert ON sessions;
DROP FUNCTION sessions_meet_no_service();
DROP TABLE service_decisions;
DROP TABLE service_programmes;
DROP TABLE services;
DROP FUNCTION services_meet_no_session();
DROP TABLE budget_lines;
