-- upgrade

CREATE INDEX CONCURRENTLY open_invoices ON invoices (number) WHERE paid_on IS NULL;

-- rollback

DROP INDEX CONCURRENTLY open_invoices;
