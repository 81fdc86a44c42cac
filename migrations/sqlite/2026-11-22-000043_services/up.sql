-- What is not a child's session: practice analysis for the pathway referents, training of the teams.

-- What a budget year keeps for a type of service, in hours and in euros with tax. Reserved and used are written
-- relatively, by one conditional statement; the CHECKs stand behind it, as for quotas (rule 1).
CREATE TABLE budget_lines (
    id BLOB PRIMARY KEY NOT NULL,
    budget_year_id BLOB NOT NULL REFERENCES budget_years (id),
    service_type TEXT NOT NULL CONSTRAINT budget_lines_service_type_known
        CHECK (service_type IN ('practice_analysis', 'training')),
    allotted_minutes INTEGER NOT NULL,
    reserved_minutes INTEGER NOT NULL,
    used_minutes INTEGER NOT NULL,
    allotted_cents INTEGER NOT NULL,
    reserved_cents INTEGER NOT NULL,
    used_cents INTEGER NOT NULL,
    CONSTRAINT budget_lines_once UNIQUE (budget_year_id, service_type),
    CONSTRAINT budget_lines_never_negative CHECK (allotted_minutes >= 0 AND reserved_minutes >= 0 AND used_minutes >= 0
        AND allotted_cents >= 0 AND reserved_cents >= 0 AND used_cents >= 0),
    CONSTRAINT budget_lines_within_minutes CHECK (reserved_minutes + used_minutes <= allotted_minutes),
    CONSTRAINT budget_lines_within_cents CHECK (reserved_cents + used_cents <= allotted_cents)
) STRICT;

CREATE TABLE services (
    id BLOB PRIMARY KEY NOT NULL,
    budget_line_id BLOB NOT NULL REFERENCES budget_lines (id),
    psychologist_id BLOB NOT NULL REFERENCES psychologists (id),
    service_type TEXT NOT NULL CONSTRAINT services_service_type_known
        CHECK (service_type IN ('practice_analysis', 'training')),
    state TEXT NOT NULL CONSTRAINT services_state_known
        CHECK (state IN ('recorded', 'approved', 'refused', 'withdrawn', 'invoiced')),
    -- the local date in Europe/Paris, by which rules, budget lines and months are read
    service_on TEXT NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    duration_minutes INTEGER NOT NULL,
    place TEXT NOT NULL,
    participants INTEGER NOT NULL CONSTRAINT services_participants_sane CHECK (participants BETWEEN 1 AND 500),
    label TEXT NOT NULL,
    -- the rate and the tax in force on its day, kept when it is recorded: what is approved is what is invoiced
    hourly_cents INTEGER NOT NULL CONSTRAINT services_rate_positive CHECK (hourly_cents > 0),
    vat_regime TEXT NOT NULL CONSTRAINT services_vat_regime_known CHECK (vat_regime IN ('franchise', 'standard')),
    gross_cents INTEGER NOT NULL CONSTRAINT services_gross_positive CHECK (gross_cents >= 0),
    recorded_by BLOB NOT NULL REFERENCES accounts (id),
    recorded_at TEXT NOT NULL,
    decided_by BLOB REFERENCES accounts (id),
    decided_at TEXT,
    -- of a refusal
    reason TEXT,
    invoice_id BLOB REFERENCES invoices (id),
    CONSTRAINT services_length CHECK (duration_minutes BETWEEN 15 AND 480 AND duration_minutes % 15 = 0),
    CONSTRAINT services_order CHECK (starts_at < ends_at),
    -- a state carries its facts
    CONSTRAINT services_decided CHECK ((state IN ('approved', 'refused', 'invoiced')) = (decided_by IS NOT NULL)
        AND (decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT services_not_self_approved CHECK (state NOT IN ('approved', 'invoiced') OR decided_by <> recorded_by),
    CONSTRAINT services_refused CHECK ((state = 'refused') = (reason IS NOT NULL)),
    CONSTRAINT services_invoiced CHECK ((state = 'invoiced') = (invoice_id IS NOT NULL))
) STRICT;
CREATE INDEX services_latest ON services (service_on DESC, id);
CREATE INDEX services_psychologist ON services (psychologist_id, starts_at);
CREATE INDEX services_state ON services (state, service_on DESC);
CREATE INDEX services_decided_at ON services (decided_at);
CREATE INDEX services_line ON services (budget_line_id, state);
CREATE INDEX services_invoice ON services (invoice_id);

-- The programmes that it concerns, when it is not all of them.
CREATE TABLE service_programmes (
    service_id BLOB NOT NULL REFERENCES services (id),
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    PRIMARY KEY (service_id, programme_id)
) STRICT;

-- Each decision keeps who, when and what was seen (rule 7).
CREATE TABLE service_decisions (
    id BLOB PRIMARY KEY NOT NULL,
    service_id BLOB NOT NULL REFERENCES services (id),
    kind TEXT NOT NULL CONSTRAINT service_decisions_kind_known CHECK (kind IN ('approval', 'refusal', 'withdrawal')),
    reason TEXT,
    -- the facts of the service on which the decision was taken, as JSON
    seen TEXT NOT NULL,
    decided_by BLOB NOT NULL REFERENCES accounts (id),
    decided_at TEXT NOT NULL,
    CONSTRAINT service_decisions_reason CHECK (kind = 'approval' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX service_decisions_service ON service_decisions (service_id, decided_at);

-- Nobody is in two places at once, whether with a child or with a team (rule 5). No session lasts five hours and no
-- service nine, so the searches stay near.
CREATE TRIGGER services_overlap_insert BEFORE INSERT ON services
WHEN NEW.state NOT IN ('withdrawn', 'refused') AND (EXISTS (
    SELECT 1 FROM services s WHERE s.psychologist_id = NEW.psychologist_id AND s.id <> NEW.id
        AND s.state NOT IN ('withdrawn', 'refused') AND s.starts_at < NEW.ends_at AND NEW.starts_at < s.ends_at
        AND s.starts_at > strftime('%Y-%m-%dT%H:%M:%f', NEW.starts_at, '-9 hours'))
    OR EXISTS (SELECT 1 FROM sessions s WHERE s.psychologist_id = NEW.psychologist_id
        AND s.state NOT IN ('cancelled', 'refused') AND s.starts_at < NEW.ends_at AND NEW.starts_at < s.ends_at
        AND s.starts_at > strftime('%Y-%m-%dT%H:%M:%f', NEW.starts_at, '-5 hours')))
BEGIN SELECT RAISE(ABORT, 'services_overlap'); END;
CREATE TRIGGER services_overlap_update BEFORE UPDATE OF psychologist_id, starts_at, ends_at, state ON services
WHEN NEW.state NOT IN ('withdrawn', 'refused') AND (EXISTS (
    SELECT 1 FROM services s WHERE s.psychologist_id = NEW.psychologist_id AND s.id <> NEW.id
        AND s.state NOT IN ('withdrawn', 'refused') AND s.starts_at < NEW.ends_at AND NEW.starts_at < s.ends_at
        AND s.starts_at > strftime('%Y-%m-%dT%H:%M:%f', NEW.starts_at, '-9 hours'))
    OR EXISTS (SELECT 1 FROM sessions s WHERE s.psychologist_id = NEW.psychologist_id
        AND s.state NOT IN ('cancelled', 'refused') AND s.starts_at < NEW.ends_at AND NEW.starts_at < s.ends_at
        AND s.starts_at > strftime('%Y-%m-%dT%H:%M:%f', NEW.starts_at, '-5 hours')))
BEGIN SELECT RAISE(ABORT, 'services_overlap'); END;
CREATE TRIGGER sessions_service_overlap_insert BEFORE INSERT ON sessions
WHEN NEW.state NOT IN ('cancelled', 'refused') AND EXISTS (
    SELECT 1 FROM services s WHERE s.psychologist_id = NEW.psychologist_id
        AND s.state NOT IN ('withdrawn', 'refused') AND s.starts_at < NEW.ends_at AND NEW.starts_at < s.ends_at
        AND s.starts_at > strftime('%Y-%m-%dT%H:%M:%f', NEW.starts_at, '-9 hours'))
BEGIN SELECT RAISE(ABORT, 'sessions_psychologist_overlap'); END;
CREATE TRIGGER sessions_service_overlap_update BEFORE UPDATE OF psychologist_id, starts_at, ends_at, state ON sessions
WHEN NEW.state NOT IN ('cancelled', 'refused') AND EXISTS (
    SELECT 1 FROM services s WHERE s.psychologist_id = NEW.psychologist_id
        AND s.state NOT IN ('withdrawn', 'refused') AND s.starts_at < NEW.ends_at AND NEW.starts_at < s.ends_at
        AND s.starts_at > strftime('%Y-%m-%dT%H:%M:%f', NEW.starts_at, '-9 hours'))
BEGIN SELECT RAISE(ABORT, 'sessions_psychologist_overlap'); END;
