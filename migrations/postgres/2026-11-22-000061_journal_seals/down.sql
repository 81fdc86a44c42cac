DROP TABLE journal_seals;
DROP FUNCTION refuse_journal_seal_change();
