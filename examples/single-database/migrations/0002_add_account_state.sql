-- upgrade

ALTER TABLE accounts ADD COLUMN state text;

UPDATE accounts SET state = 'active';

ALTER TABLE accounts
    ALTER COLUMN state SET NOT NULL,
    ADD CHECK (state IN ('active', 'suspended', 'closed'));

-- rollback

ALTER TABLE accounts DROP COLUMN state;
