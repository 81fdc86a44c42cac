-- What a family asks of the data kept about it: to see it, to correct it, to erase it. The answer is due within a month.

CREATE TABLE data_request_counters (
    year INTEGER PRIMARY KEY NOT NULL,
    last_number INTEGER NOT NULL
) STRICT;

CREATE TABLE data_requests (
    id BLOB PRIMARY KEY NOT NULL,
    number TEXT NOT NULL CONSTRAINT data_requests_number_unique UNIQUE,
    kind TEXT NOT NULL CONSTRAINT data_requests_kind_known CHECK (kind IN ('access', 'rectification', 'erasure')),
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    -- absent until the coordinator has found whom it is about: the data-protection officer knows no name
    child_id BLOB REFERENCES children (id),
    received_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT data_requests_state_known CHECK (state IN ('open', 'answered', 'refused')),
    refused_for TEXT CONSTRAINT data_requests_refusal_known
        CHECK (refused_for IN ('identity', 'authority', 'unfounded', 'duty', 'interest')),
    recorded_by BLOB NOT NULL REFERENCES accounts (id),
    recorded_at TEXT NOT NULL,
    closed_by BLOB REFERENCES accounts (id),
    closed_at TEXT,
    CONSTRAINT data_requests_closed CHECK ((state = 'open') = (closed_at IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)),
    CONSTRAINT data_requests_refused CHECK ((state = 'refused') = (refused_for IS NOT NULL)),
    CONSTRAINT data_requests_answered CHECK (state <> 'answered' OR child_id IS NOT NULL)
) STRICT;
CREATE INDEX data_requests_due ON data_requests (state, due_on);
CREATE INDEX data_requests_programme ON data_requests (programme_id, state, due_on);
