-- description: Runs again whenever its content changes

-- upgrade

DROP VIEW IF EXISTS overdue_loans;

CREATE VIEW overdue_loans AS
SELECT loans.id AS loan_id, books.title, loans.member_id, loans.due_on
FROM loans JOIN books ON books.id = loans.book_id
WHERE loans.returned_on IS NULL AND loans.due_on < date('now');

-- rollback

DROP VIEW IF EXISTS overdue_loans;
