-- upgrade

CREATE TABLE members (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    email TEXT
);

CREATE TABLE loans (
    id          INTEGER PRIMARY KEY,
    book_id     INTEGER NOT NULL REFERENCES books (id),
    member_id   INTEGER NOT NULL REFERENCES members (id),
    due_on      TEXT NOT NULL,
    returned_on TEXT
);

CREATE INDEX loans_by_member ON loans (member_id, returned_on);

-- rollback

DROP TABLE loans;
DROP TABLE members;
