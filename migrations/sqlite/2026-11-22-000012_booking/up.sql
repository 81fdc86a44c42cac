-- Sessions booked together, those that would rather be earlier, and what referents ask for.

-- what was booked in one gesture, to be moved or cancelled as one
ALTER TABLE sessions ADD COLUMN series_id BLOB;
-- proposed when an earlier place is freed
ALTER TABLE sessions ADD COLUMN wants_earlier INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sessions_series ON sessions (series_id, starts_at) WHERE series_id IS NOT NULL;
CREATE INDEX sessions_earlier ON sessions (psychologist_id, starts_at) WHERE wants_earlier = 1;

-- A referent asks for a session for a child they follow (demande de séance): choices only, nothing of care is written.
CREATE TABLE requests (
    id BLOB PRIMARY KEY NOT NULL,
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    child_id BLOB NOT NULL REFERENCES children (id),
    duration_minutes INTEGER NOT NULL,
    from_on TEXT NOT NULL,
    -- one bit a day, Monday first; none means any
    weekdays INTEGER NOT NULL,
    moment TEXT NOT NULL CONSTRAINT requests_moment_known CHECK (moment IN ('any', 'morning', 'midday', 'afternoon', 'evening')),
    wish TEXT NOT NULL CONSTRAINT requests_wish_known
        CHECK (wish IN ('none', 'outside_school', 'near_school', 'near_home', 'with_guardian')),
    wants_earlier INTEGER NOT NULL,
    state TEXT NOT NULL CONSTRAINT requests_state_known CHECK (state IN ('open', 'booked', 'declined', 'withdrawn')),
    declined_for TEXT CONSTRAINT requests_declined_for_known
        CHECK (declined_for IN ('no_minutes', 'no_referral', 'no_place', 'already_booked', 'to_discuss')),
    session_id BLOB REFERENCES sessions (id),
    requested_by BLOB NOT NULL REFERENCES accounts (id),
    requested_at TEXT NOT NULL,
    answered_by BLOB REFERENCES accounts (id),
    answered_at TEXT,
    CONSTRAINT requests_length CHECK (duration_minutes BETWEEN 15 AND 240 AND duration_minutes % 15 = 0),
    CONSTRAINT requests_weekdays CHECK (weekdays BETWEEN 0 AND 127),
    -- a state carries its facts
    CONSTRAINT requests_answered CHECK ((state = 'open') = (answered_at IS NULL) AND (answered_at IS NULL) = (answered_by IS NULL)),
    CONSTRAINT requests_booked CHECK ((state = 'booked') = (session_id IS NOT NULL)),
    CONSTRAINT requests_declined CHECK ((state = 'declined') = (declined_for IS NOT NULL))
) STRICT;
-- one question at a time for a child
CREATE UNIQUE INDEX requests_one_open ON requests (child_id) WHERE state = 'open';
CREATE INDEX requests_programme ON requests (programme_id, state, requested_at);
CREATE INDEX requests_child ON requests (child_id, requested_at);
CREATE INDEX requests_session ON requests (session_id);
