-- upgrade

CREATE INDEX CONCURRENTLY accounts_by_state ON accounts (state, created_at);

-- rollback

DROP INDEX CONCURRENTLY accounts_by_state;
