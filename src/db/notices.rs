//! What servers say beside results: PostgreSQL's notices, MySQL's warnings.
