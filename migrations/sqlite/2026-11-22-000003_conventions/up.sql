-- A convention is data: parties, period, dated rules, budget years, contributions, programmes, quotas, rates.

CREATE TABLE conventions (
    id BLOB PRIMARY KEY NOT NULL,
    -- short name that the file gives, such as dijon-2024-2026
    slug TEXT NOT NULL CONSTRAINT conventions_slug_unique UNIQUE,
    title TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    signed_on TEXT,
    -- hash of what was imported: the same file again changes nothing
    file_sha256 BLOB NOT NULL,
    -- an example continues the real convention in the demonstration, and says so on screen
    is_example INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT conventions_period CHECK (starts_on <= ends_on)
) STRICT;

-- Rules that change with time, read by the date of the session.
CREATE TABLE terms (
    id BLOB PRIMARY KEY NOT NULL,
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    -- whole years, both included: 16 means until the eve of the 17th birthday
    min_age INTEGER NOT NULL,
    max_age INTEGER NOT NULL,
    -- a session may be recorded until the end of this many months after its own
    late_entry_months INTEGER NOT NULL CONSTRAINT terms_late_entry_positive CHECK (late_entry_months >= 0),
    excused_absence_counted INTEGER NOT NULL,
    excused_absence_billed INTEGER NOT NULL,
    unexcused_absence_counted INTEGER NOT NULL,
    unexcused_absence_billed INTEGER NOT NULL,
    rounding TEXT NOT NULL CONSTRAINT terms_rounding_known CHECK (rounding IN ('half_up')),
    CONSTRAINT terms_period CHECK (starts_on <= ends_on),
    CONSTRAINT terms_ages CHECK (0 <= min_age AND min_age <= max_age),
    CONSTRAINT terms_once UNIQUE (convention_id, starts_on)
) STRICT;

CREATE TABLE signatories (
    id BLOB PRIMARY KEY NOT NULL,
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT signatories_kind_known CHECK (kind IN ('metropole', 'ccas', 'town', 'association')),
    contact_email TEXT,
    CONSTRAINT signatories_code_unique UNIQUE (convention_id, code)
) STRICT;

CREATE TABLE budget_years (
    id BLOB PRIMARY KEY NOT NULL,
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    label TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    budget_cents INTEGER NOT NULL CONSTRAINT budget_years_budget_positive CHECK (budget_cents >= 0),
    -- training and practice analysis
    fixed_share_cents INTEGER NOT NULL CONSTRAINT budget_years_fixed_share_positive CHECK (fixed_share_cents >= 0),
    -- what the convention may not exceed, when it says so
    ceiling_cents INTEGER,
    -- the day by which the contributions are called, when the convention names one
    call_by_on TEXT,
    CONSTRAINT budget_years_period CHECK (starts_on <= ends_on),
    CONSTRAINT budget_years_once UNIQUE (convention_id, starts_on)
) STRICT;

CREATE TABLE contributions (
    budget_year_id BLOB NOT NULL REFERENCES budget_years (id),
    signatory_id BLOB NOT NULL REFERENCES signatories (id),
    amount_cents INTEGER NOT NULL CONSTRAINT contributions_amount_positive CHECK (amount_cents >= 0),
    note TEXT,
    PRIMARY KEY (budget_year_id, signatory_id)
) STRICT;

CREATE TABLE convention_programmes (
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    -- the signatory that runs the programme
    signatory_id BLOB NOT NULL REFERENCES signatories (id),
    note TEXT,
    PRIMARY KEY (convention_id, programme_id)
) STRICT;

CREATE TABLE neighbourhoods (
    id BLOB PRIMARY KEY NOT NULL,
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT neighbourhoods_code_unique UNIQUE (programme_id, code)
) STRICT;

-- Reserved and used are written relatively, by one conditional statement; the CHECK stands behind it (rule 1).
CREATE TABLE quotas (
    id BLOB PRIMARY KEY NOT NULL,
    programme_id BLOB NOT NULL REFERENCES programmes (id),
    budget_year_id BLOB NOT NULL REFERENCES budget_years (id),
    allotted_minutes INTEGER NOT NULL,
    reserved_minutes INTEGER NOT NULL,
    used_minutes INTEGER NOT NULL,
    CONSTRAINT quotas_once UNIQUE (programme_id, budget_year_id),
    CONSTRAINT quotas_never_negative CHECK (allotted_minutes >= 0 AND reserved_minutes >= 0 AND used_minutes >= 0),
    CONSTRAINT quotas_within_allotted CHECK (reserved_minutes + used_minutes <= allotted_minutes)
) STRICT;

CREATE TABLE rates (
    id BLOB PRIMARY KEY NOT NULL,
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    -- absent: the convention's rate for whoever has none of their own
    psychologist_id BLOB REFERENCES psychologists (id),
    service_type TEXT NOT NULL CONSTRAINT rates_service_type_known
        CHECK (service_type IN ('interview', 'practice_analysis', 'training')),
    starts_on TEXT NOT NULL,
    hourly_cents INTEGER NOT NULL CONSTRAINT rates_positive CHECK (hourly_cents > 0)
) STRICT;
CREATE UNIQUE INDEX rates_once ON rates (convention_id, psychologist_id, service_type, starts_on) WHERE psychologist_id IS NOT NULL;
CREATE UNIQUE INDEX rates_once_default ON rates (convention_id, service_type, starts_on) WHERE psychologist_id IS NULL;

-- Whom the invoices are addressed to, and what Chorus Pro asks for.
CREATE TABLE buyers (
    convention_id BLOB PRIMARY KEY NOT NULL REFERENCES conventions (id),
    name TEXT NOT NULL,
    siren TEXT NOT NULL,
    siret TEXT NOT NULL,
    street TEXT NOT NULL,
    postcode TEXT NOT NULL,
    city TEXT NOT NULL,
    service_code TEXT,
    engagement_number TEXT,
    contract_number TEXT,
    required_reference TEXT NOT NULL CONSTRAINT buyers_required_reference_known
        CHECK (required_reference IN ('none', 'service', 'engagement', 'service_or_engagement', 'service_and_engagement')),
    channel TEXT NOT NULL CONSTRAINT buyers_channel_known CHECK (channel IN ('reform', 'chorus_direct')),
    payment_days INTEGER NOT NULL CONSTRAINT buyers_payment_days_sane CHECK (payment_days BETWEEN 1 AND 60)
) STRICT;

-- An administrator lets sessions of a past month be recorded after the late-entry window (rule 5).
CREATE TABLE month_reopenings (
    id BLOB PRIMARY KEY NOT NULL,
    convention_id BLOB NOT NULL REFERENCES conventions (id),
    -- first day of the month
    month_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    until_on TEXT NOT NULL,
    opened_by BLOB NOT NULL REFERENCES accounts (id),
    opened_at TEXT NOT NULL
) STRICT;
CREATE INDEX month_reopenings_month ON month_reopenings (convention_id, month_on);
