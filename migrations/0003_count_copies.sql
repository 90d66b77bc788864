-- description: Borrowing takes a copy off the shelf, returning puts it back

-- upgrade

CREATE TRIGGER loans_take_copy AFTER INSERT ON loans
BEGIN
    -- The CHECK of books.copies refuses a loan of the copy that is not there; this message is kinder.
    SELECT CASE
        WHEN (SELECT copies FROM books WHERE id = NEW.book_id) = 0
        THEN RAISE(ABORT, 'no copy is left; ask for a reservation')
    END;

    UPDATE books SET copies = copies - 1 WHERE id = NEW.book_id;
END;

CREATE TRIGGER loans_return_copy AFTER UPDATE OF returned_on ON loans
BEGIN
    UPDATE books
    SET copies = copies + CASE
        WHEN OLD.returned_on IS NULL AND NEW.returned_on IS NOT NULL THEN 1
        WHEN OLD.returned_on IS NOT NULL AND NEW.returned_on IS NULL THEN -1
        ELSE 0
    END
    WHERE id = NEW.book_id;
END;

-- rollback

DROP TRIGGER loans_return_copy;
DROP TRIGGER loans_take_copy;
