DROP TABLE data_requests;
DROP TABLE data_request_counters;
