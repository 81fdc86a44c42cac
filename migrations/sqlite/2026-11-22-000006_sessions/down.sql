DROP TABLE invoice_sessions;
DROP TABLE session_decisions;
DROP TABLE sessions;
