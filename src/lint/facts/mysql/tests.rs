use proptest::prelude::*;

use super::facts;
use crate::lint::change::{Action, ColumnDefinition, Constraint, ConstraintKind, Default, Understood};

/// One line for what a statement does.
fn said(statement: &str) -> String {
    let facts = facts(statement);
    let mut parts: Vec<String> = facts.changes.iter().map(|change| say(&change.action)).collect();
    parts.extend(facts.algorithm.map(|value| format!("algorithm {value}")));
    parts.extend(facts.lock.map(|value| format!("lock {value}")));
    parts.extend(facts.definer.map(|value| format!("definer {value}")));
    match facts.understood {
        Understood::Whole => {}
        other => parts.push(format!("{other:?}")),
    }
    parts.join("; ")
}

fn column(column: &ColumnDefinition) -> String {
    let mut text = format!("{} {}", column.name, column.data_type);
    let mut flag = |set: bool, name: &str| text.push_str(if set { name } else { "" });
    flag(column.not_null, " !null");
    flag(column.primary_key, " pk");
    flag(column.unique, " unique");
    flag(column.check, " check");
    flag(column.generated_stored, " stored");
    flag(column.generated_virtual, " virtual");
    flag(column.identity, " auto");
    let default = match &column.default {
        None => String::new(),
        Some(Default::Constant(value)) => format!(" ={value}"),
        Some(Default::Stable(value)) => format!(" ~{value}"),
        Some(Default::Volatile(value)) => format!(" ?{value}"),
    };
    let references = column.references.as_ref().map_or(String::new(), |table| format!(" ->{table}"));
    let charset = column.charset.as_ref().map_or(String::new(), |charset| format!(" [{charset}]"));
    format!("{text}{default}{references}{charset}")
}

fn constraint(constraint: &Constraint) -> String {
    let kind = match &constraint.kind {
        ConstraintKind::ForeignKey { references } => format!("ForeignKey->{references}"),
        kind => format!("{kind:?}"),
    };
    let name = constraint.name.as_deref().unwrap_or("-");
    let loose = if constraint.not_valid { " loose" } else { "" };
    format!("{kind} {name}({}){loose}", constraint.columns.join(","))
}

fn say(action: &Action) -> String {
    let list = |items: Vec<String>| items.join(", ");
    let flag = |set: bool, name: &str| if set { format!(" {name}") } else { String::new() };
    match action {
        Action::CreateTable { table, columns, constraints, temporary, from_elsewhere, options, .. } => {
            let mut inner: Vec<String> = columns.iter().map(column).collect();
            inner.extend(constraints.iter().map(constraint));
            let options = options.iter().map(|option| format!(" {}={}", option.name, option.value));
            let flags = flag(*temporary, "temp") + &flag(*from_elsewhere, "elsewhere");
            format!("create {table}({}){flags}{}", list(inner), options.collect::<String>())
        }
        Action::DropTable { table, if_exists, cascade } => {
            format!("drop {table}{}{}", flag(*if_exists, "if"), flag(*cascade, "cascade"))
        }
        Action::RenameTable { table, to } => format!("rename {table} {to}"),
        Action::AddColumn { table, column: added, positioned, .. } => {
            format!("add {table}.{}{}", column(added), flag(*positioned, "placed"))
        }
        Action::DropColumn { table, column } => format!("drop {table}.{column}"),
        Action::RenameColumn { table, column, to } => format!("rename {table}.{column} {to}"),
        Action::ChangeType { table, column: changed, .. } => format!("type {table}.{}", column(changed)),
        Action::AddConstraint { table, constraint: added } => format!("add {table} {}", constraint(added)),
        Action::DropConstraint { table, name } => format!("drop {table} {}", name.as_deref().unwrap_or("pk")),
        Action::CreateIndex(index) => {
            let name = index.name.as_ref().map_or("-".into(), ToString::to_string);
            let flags = flag(index.unique, "unique") + &flag(index.special, "special") + &flag(index.in_alter, "alter");
            format!("index {name} {}{flags}", index.table)
        }
        Action::DropIndex { index, table, .. } => {
            format!("drop index {index} {}", table.as_ref().map_or("-".into(), ToString::to_string))
        }
        Action::SetTableOption { table, option } => format!("{table}: {}={}", option.name, option.value),
        Action::Insert { table, from_query } => format!("insert {table}{}", flag(*from_query, "query")),
        Action::Update { table, filtered, bounded } => {
            format!("update {table}{}{}", flag(*filtered, "where"), flag(*bounded, "bounded"))
        }
        Action::Delete { table, filtered, bounded } => {
            format!("delete {table}{}{}", flag(*filtered, "where"), flag(*bounded, "bounded"))
        }
        Action::Create { object, name, table, .. } => {
            format!("create {object:?} {name}{}", table.as_ref().map_or(String::new(), |table| format!(" on {table}")))
        }
        Action::Drop { object, name, .. } => format!("drop {object:?} {name}"),
        Action::Set { name, value, .. } => format!("set {name}={value}"),
        Action::Grant { all, to_public, grantable } => {
            format!("grant{}{}{}", flag(*all, "all"), flag(*to_public, "public"), flag(*grantable, "grantable"))
        }
        Action::Lock { tables } => format!("lock {}", list(tables.iter().map(ToString::to_string).collect())),
        Action::Maintain { table, full } => format!("maintain {}{}", table.as_ref().unwrap(), flag(*full, "full")),
        Action::Truncate { table, .. } => format!("truncate {table}"),
        Action::DetachPartition { table, .. } => format!("drop partition {table}"),
        Action::SetDefault { table, column } => format!("default {table}.{column}"),
        Action::DropDefault { table, column } => format!("drop default {table}.{column}"),
        Action::Copy { table } => format!("copy {table}"),
        other => format!("{other:?}"),
    }
}

const FORMS: &[(&str, &str)] = &[
    // CREATE TABLE
    ("CREATE TABLE t (id int)", "create t(id int)"),
    (
        "create table if not exists `a b`.`c``d` (`key` INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, \
            n VARCHAR( 20 ) CHARACTER SET utf8 COLLATE utf8_bin DEFAULT 'x''y' COMMENT 'a, b') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        "create a b.c`d(key int unsigned !null pk auto, n varchar( 20 ) ='x''y' [utf8]) ENGINE=InnoDB CHARSET=utf8mb4",
    ),
    (
        "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b), UNIQUE KEY u (b), KEY k (a, b(10) DESC), FULLTEXT KEY f (a), \
            CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET NULL ON UPDATE CASCADE, CHECK (a > 0) NOT ENFORCED)",
        "create t(a int !null, b int !null, PrimaryKey -(a,b), Unique u(b), ForeignKey->u fk(a), Check -() loose)",
    ),
    (
        "CREATE TABLE t (a int GENERATED ALWAYS AS (b + 1) STORED, c int AS (b) VIRTUAL, d json DEFAULT (uuid()), \
            e datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), f int DEFAULT -1 CHECK (f < 0))",
        "create t(a int stored, c int virtual, d json ?(uuid()), e datetime(6) !null ~CURRENT_TIMESTAMP(6), f int check =-1)",
    ),
    ("CREATE TABLE t (a enum('B','c') NOT NULL)", "create t(a enum('B','c') !null)"),
    (
        "CREATE TABLE t (a SERIAL, b double precision unsigned)",
        "create t(a serial !null auto, b double precision unsigned)",
    ),
    ("CREATE TEMPORARY TABLE t (a int)", "create t(a int) temp"),
    ("CREATE TABLE t LIKE u", "create t() elsewhere"),
    ("CREATE TABLE t (LIKE u)", "create t() elsewhere"),
    ("CREATE TABLE t AS SELECT * FROM u", "create t() elsewhere; insert t query"),
    ("CREATE TABLE t (a int) ENGINE=InnoDB SELECT 1 a", "create t(a int) elsewhere ENGINE=InnoDB; insert t query"),
    ("CREATE OR REPLACE TABLE t (a int)", "drop t if; create t(a int)"),
    (
        "CREATE TABLE t (a int) ENGINE InnoDB, ROW_FORMAT=DYNAMIC /*!50100 PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (9)) */",
        "create t(a int) ENGINE=InnoDB ROW_FORMAT=DYNAMIC PARTITION BY=PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (9))",
    ),
    ("CREATE TABLE t (a uuid REFERENCES u (id))", "create t(a uuid ->u)"),
    ("CREATE TABLE t (a int WONDERFUL)", "create t(a int); Partly"),
    // ALTER TABLE
    ("ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 0 AFTER b", "add t.c int !null =0 placed"),
    ("ALTER TABLE t ADD c int FIRST, ADD d text", "add t.c int placed; add t.d text"),
    ("ALTER TABLE s.t ADD (c int, d varchar(3))", "add s.t.c int; add s.t.d varchar(3)"),
    ("ALTER TABLE t ADD INDEX i (c), ALGORITHM=INPLACE, LOCK=NONE", "index i t alter; algorithm INPLACE; lock NONE"),
    ("ALTER TABLE t ALGORITHM INSTANT, ADD KEY (c)", "index - t alter; algorithm INSTANT"),
    ("ALTER ONLINE TABLE t ADD CONSTRAINT u UNIQUE INDEX (c)", "index u t unique alter"),
    ("ALTER TABLE t ADD FULLTEXT INDEX f (c) WITH PARSER ngram", "index f t special alter"),
    ("ALTER TABLE t ADD PRIMARY KEY (a, b)", "add t PrimaryKey -(a,b)"),
    ("ALTER TABLE t ADD CONSTRAINT `f` FOREIGN KEY (a) REFERENCES s.u (b)", "add t ForeignKey->s.u f(a)"),
    ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > (1))", "add t Check c()"),
    ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b)", "drop t pk; add t PrimaryKey -(b)"),
    ("ALTER TABLE t DROP COLUMN a, DROP b", "drop t.a; drop t.b"),
    ("ALTER TABLE t DROP FOREIGN KEY f, DROP KEY k", "drop t f; drop index k t"),
    ("ALTER TABLE t MODIFY COLUMN c VARCHAR(99) NOT NULL", "type t.c varchar(99) !null"),
    ("ALTER TABLE t CHANGE `key` akey TEXT", "rename t.key akey; type t.akey text"),
    ("ALTER TABLE t CHANGE c c bigint", "type t.c bigint"),
    ("ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j", "rename t.a b; t: RENAME INDEX=i TO j"),
    ("ALTER TABLE t RENAME TO s.u", "rename t s.u"),
    ("ALTER TABLE t RENAME u", "rename t u"),
    ("ALTER TABLE t ALTER COLUMN c SET DEFAULT (1 + 1), ALTER d DROP DEFAULT", "default t.c; drop default t.d"),
    ("ALTER TABLE t ALTER INDEX i INVISIBLE", "t: ALTER INDEX=i INVISIBLE"),
    (
        "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "t: CONVERT TO CHARACTER SET=utf8mb4 COLLATE utf8mb4_bin",
    ),
    ("ALTER TABLE t ENGINE = MyISAM ROW_FORMAT=COMPRESSED", "t: ENGINE=MyISAM; t: ROW_FORMAT=COMPRESSED"),
    ("ALTER TABLE t AUTO_INCREMENT = 5, COMMENT 'x'", "t: AUTO_INCREMENT=5; t: COMMENT=x"),
    ("ALTER TABLE t FORCE", "t: FORCE="),
    ("ALTER TABLE t PARTITION BY HASH (a) PARTITIONS 4", "t: PARTITION BY=HASH (a) PARTITIONS 4"),
    (
        "ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (9))",
        "t: ADD PARTITION=(PARTITION p VALUES LESS THAN (9))",
    ),
    ("ALTER TABLE t DROP PARTITION p, q", "drop partition t"),
    ("ALTER TABLE t TRUNCATE PARTITION p", "truncate t"),
    ("ALTER TABLE t REMOVE PARTITIONING", "t: REMOVE PARTITIONING="),
    ("ALTER TABLE t FROBNICATE x, ADD c int", "add t.c int; Partly"),
    ("ALTER DATABASE d CHARACTER SET utf8mb4", "Other(\"ALTER DATABASE\")"),
    // Indexes, names, tables
    (
        "CREATE UNIQUE INDEX i USING BTREE ON t (a, b DESC) ALGORITHM=INPLACE LOCK=NONE",
        "index i t unique; algorithm INPLACE; lock NONE",
    ),
    ("CREATE SPATIAL INDEX i ON t (g)", "index i t special"),
    ("DROP INDEX i ON t LOCK = NONE", "drop index i t; lock NONE"),
    ("RENAME TABLE a TO b, s.c TO s.d", "rename a b; rename s.c s.d"),
    ("DROP TABLE IF EXISTS a, `b` CASCADE", "drop a if cascade; drop b if cascade"),
    ("DROP TEMPORARY TABLE a", "drop Other a"),
    ("TRUNCATE t", "truncate t"),
    // Objects
    (
        "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY INVOKER VIEW v AS SELECT 1",
        "create View v; definer `a`@`%`",
    ),
    (
        "CREATE DEFINER=CURRENT_USER() TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
        "create Trigger g on t; definer CURRENT_USER()",
    ),
    ("CREATE PROCEDURE p(a int) BEGIN DROP TABLE x; END", "create Procedure p"),
    ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", "create Event e"),
    ("CREATE USER IF NOT EXISTS 'a'@'%' IDENTIFIED BY 'x'", "create Role 'a'@'%'"),
    ("DROP FUNCTION IF EXISTS s.f", "drop Function s.f"),
    ("DROP VIEW v, w", "drop View v; drop View w"),
    // Rows
    ("INSERT INTO t VALUES (1)", "insert t"),
    ("INSERT IGNORE t (a, b) SELECT a, b FROM u", "insert t query"),
    ("INSERT INTO t (a) VALUES ((SELECT 1))", "insert t"),
    ("REPLACE INTO t SET a = 1", "insert t"),
    ("UPDATE t SET a = 1", "update t"),
    ("UPDATE t SET a = (SELECT 1 FROM u WHERE u.b = t.b)", "update t"),
    ("UPDATE t JOIN u ON t.a = u.a SET t.b = 1 WHERE u.c = 2", "update t where"),
    ("UPDATE t SET a = 1 WHERE id >= 1 AND id < 100", "update t where bounded"),
    ("UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 100", "update t where bounded"),
    ("UPDATE t SET a = 1 WHERE a <> 1 OR a > 5", "update t where"),
    ("DELETE FROM t WHERE a = 1 LIMIT 1000", "delete t where bounded"),
    ("DELETE x FROM t AS x JOIN u ON x.a = u.a WHERE u.b = 1", "delete t where"),
    ("DELETE FROM t USING t JOIN u ON t.a = u.a", "delete t"),
    ("WITH c AS (SELECT 1) DELETE FROM t WHERE a IN (SELECT * FROM c)", "delete t where"),
    ("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "copy t"),
    ("SELECT 1", "Read"),
    ("(SELECT 1) UNION (SELECT 2)", "Read"),
    // Sessions and privileges
    ("SET @a := 1, SESSION sql_mode = 'ANSI'", "set @a=1; set sql_mode='ANSI'"),
    ("SET GLOBAL max_connections = 5", "set global.max_connections=5"),
    ("SET @@GLOBAL.x = 1, PERSIST y = CONCAT('a', 'b')", "set global.x=1; set persist.y=CONCAT('a', 'b')"),
    ("SET NAMES utf8mb4", "set names=utf8mb4"),
    ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "set transaction=ISOLATION LEVEL READ COMMITTED"),
    ("SET STATEMENT max_statement_time=1 FOR ALTER TABLE t ADD c int", "add t.c int"),
    ("SET STATEMENT x=1 FOR SET STATEMENT y=1 FOR SELECT 1", "Partly"),
    ("LOCK TABLES a WRITE, b AS x READ", "lock a, b"),
    ("UNLOCK TABLES", "Other(\"UNLOCK TABLES\")"),
    ("GRANT ALL PRIVILEGES ON *.* TO 'a'@'%' IDENTIFIED BY 'x' WITH GRANT OPTION", "grant all grantable"),
    ("GRANT SELECT (a, b), INSERT ON s.t TO PUBLIC", "grant public"),
    ("GRANT ALL ON app.* TO app@localhost", "grant"),
    ("REVOKE ALL ON *.* FROM a", "Revoke"),
    ("OPTIMIZE TABLE a, b", "maintain a full; maintain b full"),
    ("ANALYZE LOCAL TABLE a", "maintain a"),
    ("CALL p(1)", "Other(\"CALL\"); Partly"),
    ("/*!40101 SET NAMES utf8 */", "set names=utf8"),
    ("FROBNICATE t", "Tokens"),
    ("", "Tokens"),
];

#[test]
fn every_form_is_told() {
    for (statement, expected) in FORMS {
        assert_eq!(said(statement), *expected, "{statement}");
    }
}

#[test]
fn a_clause_is_found_where_it_stands() {
    let statement = "ALTER TABLE t ADD COLUMN a int, DROP COLUMN b, ALGORITHM=COPY";
    let places: Vec<&str> = facts(statement).changes.iter().map(|change| &statement[change.span.clone()]).collect();
    assert_eq!(places, ["ADD COLUMN a int", "DROP COLUMN b"]);
}

fn check(text: &str) {
    for change in facts(text).changes {
        assert!(text.get(change.span.clone()).is_some(), "{:?} of {text:?}", change.span);
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "\\PC*") {
        check(&text);
    }

    /// Valid statements with parts taken out, doubled, and put elsewhere.
    #[test]
    fn no_mutation_is_too_strange(form in 0..FORMS.len(), other in 0..FORMS.len(), cuts in prop::collection::vec((any::<u16>(), any::<u16>(), any::<bool>()), 1..6)) {
        let mut words: Vec<String> = FORMS[form].0.split_inclusive([' ', ',', '(', ')', '\'', '`', '.', '=']).map(String::from).collect();
        let foreign: Vec<&str> = FORMS[other].0.split_inclusive(' ').collect();
        for (at, from, remove) in cuts {
            let at = usize::from(at) % (words.len() + 1);
            if remove && at < words.len() {
                words.remove(at);
            } else if let Some(word) = foreign.get(usize::from(from) % foreign.len().max(1)) {
                words.insert(at, (*word).to_owned());
            }
            check(&words.concat());
        }
    }
}
