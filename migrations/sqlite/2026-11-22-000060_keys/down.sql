DROP TABLE vault_instances;
DROP TABLE vault_keys;
