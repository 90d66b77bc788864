-- upgrade

CREATE TABLE invoices (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number  text NOT NULL UNIQUE,
    paid_on date
);

-- rollback

DROP TABLE invoices;
