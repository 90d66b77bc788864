-- description: SQLite changes a constraint by rebuilding the table; loans refer to it meanwhile

-- upgrade

PRAGMA foreign_keys = OFF;

BEGIN;

CREATE TABLE members_new (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE CHECK (email LIKE '%_@_%')
);

INSERT INTO members_new (id, name, email)
SELECT id, name, coalesce(email, 'member-' || id || '@example.org') FROM members;

DROP TABLE members;

ALTER TABLE members_new RENAME TO members;

COMMIT;

PRAGMA foreign_keys = ON;

-- rollback

PRAGMA foreign_keys = OFF;

BEGIN;

CREATE TABLE members_old (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    email TEXT
);

INSERT INTO members_old (id, name, email)
SELECT id, name, nullif(email, 'member-' || id || '@example.org') FROM members;

DROP TABLE members;

ALTER TABLE members_old RENAME TO members;

COMMIT;

PRAGMA foreign_keys = ON;
