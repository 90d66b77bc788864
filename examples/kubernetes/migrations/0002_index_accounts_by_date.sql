-- upgrade

CREATE INDEX CONCURRENTLY accounts_by_date ON accounts (created_at);

-- rollback

DROP INDEX CONCURRENTLY accounts_by_date;
