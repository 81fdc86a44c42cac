-- Who bills: a psychologist's legal and bank identity. An invoice freezes its own copy.

CREATE TABLE psychologists (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL CONSTRAINT psychologists_account_unique UNIQUE REFERENCES accounts (id),
    -- as it stands on invoices
    legal_name TEXT NOT NULL,
    -- fourteen digits, Luhn-checked; empty until the psychologist has filled it in
    siret TEXT NOT NULL,
    -- eleven digits (RPPS), Luhn-checked, or nine (former ADELI)
    rpps TEXT,
    adeli TEXT,
    vat_number TEXT,
    iban TEXT NOT NULL,
    bic TEXT,
    street TEXT NOT NULL,
    postcode TEXT NOT NULL,
    city TEXT NOT NULL,
    -- billing mandate (CGI art. 289 I-2): the month's invoice may be issued in the psychologist's name
    mandate_signed_on TEXT,
    mandate_signed_by TEXT,
    created_at TEXT NOT NULL,
    CONSTRAINT psychologists_mandate_whole CHECK ((mandate_signed_on IS NULL) = (mandate_signed_by IS NULL))
) STRICT;

-- VAT is a property of issuer and service type, from a date.
CREATE TABLE vat_regimes (
    psychologist_id BLOB NOT NULL REFERENCES psychologists (id),
    service_type TEXT NOT NULL CONSTRAINT vat_regimes_service_type_known
        CHECK (service_type IN ('interview', 'practice_analysis', 'training')),
    starts_on TEXT NOT NULL,
    regime TEXT NOT NULL CONSTRAINT vat_regimes_regime_known
        CHECK (regime IN ('exempt_care', 'franchise', 'standard')),
    PRIMARY KEY (psychologist_id, service_type, starts_on)
) STRICT;
