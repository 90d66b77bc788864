-- upgrade

INSERT INTO books (id, title, author, copies) VALUES
    (1, 'Middlemarch', 'George Eliot', 2),
    (2, 'Silas Marner; The Weaver of Raveloe', 'George Eliot', 1),
    (3, 'Emma', 'Jane Austen', 3);

INSERT INTO members (id, name, email) VALUES
    (1, 'Ada', 'ada@example.org'),
    (2, 'Ben', NULL);

INSERT INTO loans (id, book_id, member_id, due_on) VALUES
    (1, 1, 1, '2000-01-01'),
    (2, 3, 2, '2999-12-31');

-- rollback

DELETE FROM loans WHERE id IN (1, 2);
DELETE FROM members WHERE id IN (1, 2);
DELETE FROM books WHERE id IN (1, 2, 3);
