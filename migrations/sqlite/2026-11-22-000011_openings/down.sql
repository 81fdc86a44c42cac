DROP TABLE leaves;
DROP TABLE opening_removals;
DROP TABLE openings;
