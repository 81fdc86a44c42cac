DROP TABLE vat_regimes;
DROP TABLE psychologists;
