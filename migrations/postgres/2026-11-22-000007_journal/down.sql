DROP TABLE journal_entries;
DROP TABLE journal_chains;
DROP FUNCTION refuse_journal_change;
