-- description: Structure and data in one file: both are applied, or neither is
-- depends_on: ["0004"]

-- upgrade

CREATE TABLE authors (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE book_authors (
    book_id   INTEGER NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL REFERENCES authors (id),
    PRIMARY KEY (book_id, author_id)
);

INSERT INTO authors (name) SELECT DISTINCT author FROM books ORDER BY author;

INSERT INTO book_authors (book_id, author_id)
SELECT books.id, authors.id FROM books JOIN authors ON authors.name = books.author;

ALTER TABLE books DROP COLUMN author;

-- rollback

ALTER TABLE books ADD COLUMN author TEXT NOT NULL DEFAULT '';

UPDATE books SET author = coalesce(
    (SELECT group_concat(authors.name, ', ')
     FROM book_authors JOIN authors ON authors.id = book_authors.author_id
     WHERE book_authors.book_id = books.id),
    ''
);

DROP TABLE book_authors;
DROP TABLE authors;
