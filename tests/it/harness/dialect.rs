//! The few snippets of SQL that every engine can express and each spells its own way.

use dbwarden::dialect::Engine;

/// One engine's spelling.
pub struct Snippets {
    /// An integer key that numbers itself, as a column's type.
    pub auto_key: &'static str,
    /// A statement that keeps a session busy for several seconds, and no longer than ten.
    pub slow: &'static str,
    /// A query that fails while it runs, and what the server says of it.
    pub failing: (&'static str, &'static str),
    /// A routine or trigger on `items (id, name)` whose body holds `;`, a blank line and a comment, with a table
    /// `log (entry)` it writes to.
    pub body: &'static str,
    /// What takes `body` back.
    pub drop_body: &'static str,
    /// Whether a failed migration leaves nothing behind.
    pub undoes: bool,
}

impl Snippets {
    /// The table.
    pub fn of(engine: Engine) -> &'static Snippets {
        match engine {
            Engine::Postgres => &POSTGRES,
            Engine::MySql => &MYSQL,
            Engine::Sqlite => &SQLITE,
        }
    }
}

const POSTGRES: Snippets = Snippets {
    auto_key: "bigserial PRIMARY KEY",
    slow: "SELECT pg_sleep(8)",
    failing: ("SELECT no_such_column FROM t1", "column \"no_such_column\" does not exist"),
    body: "\
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    -- a comment; with a semicolon

    INSERT INTO log VALUES ('one; -- two');

    RETURN NEW;
END;
$body$;
CREATE TRIGGER items_note AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION note();",
    drop_body: "DROP TRIGGER items_note ON items; DROP FUNCTION note();",
    undoes: true,
};

const MYSQL: Snippets = Snippets {
    auto_key: "bigint AUTO_INCREMENT PRIMARY KEY",
    // Not SLEEP or BENCHMARK: killed, they return as if they had come to their end.
    slow: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) \
           SELECT count(*) FROM n a, n b, n c WHERE a.i + b.i + c.i = 5",
    failing: ("SELECT no_such_column FROM t1", "Unknown column 'no_such_column'"),
    body: "\
DELIMITER $$
CREATE TRIGGER items_note AFTER INSERT ON items FOR EACH ROW
BEGIN
    -- a comment; with a semicolon

    INSERT INTO log VALUES ('one; -- two');

END$$
DELIMITER ;",
    drop_body: "DROP TRIGGER items_note;",
    undoes: false,
};

const SQLITE: Snippets = Snippets {
    auto_key: "integer PRIMARY KEY AUTOINCREMENT",
    // Counting takes about a second per ten million on any machine; nothing waits for its end.
    slow: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT max(i) FROM n",
    failing: ("SELECT no_such_column FROM t1", "no such column: no_such_column"),
    body: "\
CREATE TRIGGER items_note AFTER INSERT ON items
BEGIN
    -- it's a comment; with a semicolon

    INSERT INTO log SELECT CASE WHEN NEW.id > 0 THEN 'one; -- two' ELSE 'none' END;

END;",
    drop_body: "DROP TRIGGER items_note;",
    undoes: true,
};
