DROP TABLE idempotency_keys;
DROP TABLE throttles;
DROP TABLE api_tokens;
DROP TABLE sign_ins;
DROP TABLE invitations;
DROP TABLE role_grants;
DROP TABLE programmes;
DROP TABLE accounts;
