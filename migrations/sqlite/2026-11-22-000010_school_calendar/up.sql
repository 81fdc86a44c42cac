-- School holidays as the ministry publishes them, for the academy of this installation.

CREATE TABLE school_breaks (
    -- such as 2026-2027
    school_year TEXT NOT NULL CONSTRAINT school_breaks_year CHECK (length(school_year) = 9),
    -- the first and the last day without class
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT school_breaks_order CHECK (starts_on <= ends_on),
    PRIMARY KEY (school_year, starts_on)
) STRICT;
