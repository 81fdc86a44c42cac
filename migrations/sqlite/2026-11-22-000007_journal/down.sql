DROP TABLE journal_entries;
DROP TABLE journal_chains;
