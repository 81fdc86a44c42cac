DROP TABLE consents;
DROP TABLE referrals;
DROP TABLE guardians;
DROP TABLE children;
DROP TABLE child_reference_counters;
