-- One meeting of a psychologist and a child, from booking to payment: one noun, one table.

-- equality of identifiers beside the overlap of periods, in one exclusion constraint
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE sessions (
    id UUID PRIMARY KEY NOT NULL,
    programme_id UUID NOT NULL REFERENCES programmes (id),
    quota_id UUID NOT NULL REFERENCES quotas (id),
    child_id UUID NOT NULL REFERENCES children (id),
    referral_id UUID NOT NULL REFERENCES referrals (id),
    psychologist_id UUID NOT NULL REFERENCES psychologists (id),
    service_type TEXT NOT NULL CONSTRAINT sessions_service_type_known CHECK (service_type IN ('interview')),
    state TEXT NOT NULL CONSTRAINT sessions_state_known
        CHECK (state IN ('booked', 'recorded', 'approved', 'refused', 'cancelled', 'invoiced')),
    attendance TEXT CONSTRAINT sessions_attendance_known
        CHECK (attendance IN ('held', 'excused_absence', 'unexcused_absence')),
    -- the local date in Europe/Paris, by which rules, quotas and months are read
    session_on DATE NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    duration_minutes INTEGER NOT NULL,
    -- what it holds of the quota and of the referral: reserved while booked or recorded, used once approved
    quota_minutes INTEGER NOT NULL,
    billed_minutes INTEGER NOT NULL,
    place TEXT,
    created_by UUID NOT NULL REFERENCES accounts (id),
    created_at TIMESTAMPTZ NOT NULL,
    booked_at TIMESTAMPTZ,
    recorded_by UUID REFERENCES accounts (id),
    recorded_at TIMESTAMPTZ,
    decided_by UUID REFERENCES accounts (id),
    decided_at TIMESTAMPTZ,
    -- of a refusal, of a withdrawal or of a cancellation
    reason TEXT,
    cancelled_by UUID REFERENCES accounts (id),
    cancelled_at TIMESTAMPTZ,
    invoice_id UUID REFERENCES invoices (id),
    CONSTRAINT sessions_length CHECK (duration_minutes BETWEEN 15 AND 240 AND duration_minutes % 15 = 0),
    CONSTRAINT sessions_quota_minutes CHECK (quota_minutes BETWEEN 0 AND duration_minutes),
    CONSTRAINT sessions_billed_minutes CHECK (billed_minutes BETWEEN 0 AND duration_minutes),
    CONSTRAINT sessions_order CHECK (starts_at < ends_at),
    -- a state carries its facts
    CONSTRAINT sessions_recorded CHECK ((state IN ('recorded', 'approved', 'refused', 'invoiced')) = (attendance IS NOT NULL)),
    CONSTRAINT sessions_recorded_by CHECK ((attendance IS NULL) = (recorded_at IS NULL) AND (attendance IS NULL) = (recorded_by IS NULL)),
    CONSTRAINT sessions_decided CHECK (state NOT IN ('approved', 'refused', 'invoiced') OR (decided_by IS NOT NULL AND decided_at IS NOT NULL)),
    CONSTRAINT sessions_not_self_approved CHECK (state NOT IN ('approved', 'invoiced') OR decided_by <> recorded_by),
    CONSTRAINT sessions_refused CHECK (state <> 'refused' OR reason IS NOT NULL),
    CONSTRAINT sessions_cancelled CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
    CONSTRAINT sessions_invoiced CHECK ((state = 'invoiced') = (invoice_id IS NOT NULL)),
    CONSTRAINT sessions_given_back CHECK (state NOT IN ('refused', 'cancelled') OR quota_minutes = 0)
    ,
    -- neither a psychologist nor a child is in two places at once, under any concurrency (rule 5)
    CONSTRAINT sessions_psychologist_overlap EXCLUDE USING gist (psychologist_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (state NOT IN ('cancelled', 'refused')),
    CONSTRAINT sessions_child_overlap EXCLUDE USING gist (child_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (state NOT IN ('cancelled', 'refused'))
);
CREATE INDEX sessions_psychologist ON sessions (psychologist_id, starts_at);
CREATE INDEX sessions_child ON sessions (child_id, starts_at);
CREATE INDEX sessions_to_decide ON sessions (programme_id, state, starts_at);
CREATE INDEX sessions_month ON sessions (psychologist_id, state, session_on);
CREATE INDEX sessions_day ON sessions (session_on, programme_id);
CREATE INDEX sessions_invoice ON sessions (invoice_id);
CREATE INDEX sessions_referral ON sessions (referral_id);
CREATE INDEX sessions_quota ON sessions (quota_id);

-- Each decision keeps who, when and what was seen (rule 7).
CREATE TABLE session_decisions (
    id UUID PRIMARY KEY NOT NULL,
    session_id UUID NOT NULL REFERENCES sessions (id),
    kind TEXT NOT NULL CONSTRAINT session_decisions_kind_known CHECK (kind IN ('approval', 'refusal', 'withdrawal')),
    reason TEXT,
    -- the facts of the session on which the decision was taken, as JSON, without a name
    seen TEXT NOT NULL,
    decided_by UUID NOT NULL REFERENCES accounts (id),
    decided_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT session_decisions_reason CHECK (kind = 'approval' OR reason IS NOT NULL)
);
CREATE INDEX session_decisions_session ON session_decisions (session_id, decided_at);

-- Which sessions an invoice bills. A credited invoice keeps its rows, no longer live.
CREATE TABLE invoice_sessions (
    invoice_id UUID NOT NULL REFERENCES invoices (id),
    session_id UUID NOT NULL REFERENCES sessions (id),
    is_live BOOLEAN NOT NULL,
    PRIMARY KEY (invoice_id, session_id)
);
-- a session is on at most one live invoice (rule 9)
CREATE UNIQUE INDEX invoice_sessions_one_live ON invoice_sessions (session_id) WHERE is_live;
