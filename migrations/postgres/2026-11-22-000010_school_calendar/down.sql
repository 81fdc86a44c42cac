DROP TABLE school_breaks;
