//! SQL as remedies quote it: statements on one line, names in quotes where they need them.

use super::change::Name;
use super::subject::Subject;
use super::{locks, rebuild};
use crate::dialect::Engine;
use crate::parse::{Lexer, TokenKind};

/// A statement without its comments, on one line.
pub(super) fn one_line(subject: &Subject<'_>, statement: usize) -> String {
    tidy(subject, subject.text(statement))
}

/// A part of a statement in the same way.
pub(super) fn tidy(subject: &Subject<'_>, text: &str) -> String {
    let comment = |kind| matches!(kind, TokenKind::LineComment | TokenKind::BlockComment);
    let tokens = Lexer::new(subject.engine.lex_rules(), text).filter(|token| !comment(token.kind));
    let parts = tokens.map(|token| match token.kind {
        TokenKind::Blank => " ",
        _ => &text[token.span],
    });
    let line = parts.fold(String::new(), |line, part| match part {
        " " if line.ends_with(' ') => line,
        part => line + part,
    });
    line.trim().to_owned()
}

/// A name as the engine's SQL has it.
pub(super) fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Postgres => locks::quoted(name),
        Engine::Sqlite => rebuild::quoted(name),
        Engine::MySql if needs_backquotes(name) => format!("`{}`", name.replace('`', "``")),
        Engine::MySql => name.to_owned(),
    }
}

/// The same with the schema.
pub(super) fn quoted_name(engine: Engine, name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(engine, schema), quoted(engine, &name.name)),
        None => quoted(engine, &name.name),
    }
}

/// The reserved words of MySQL up to 9.7 (`information_schema.KEYWORDS`) and of MariaDB 11: one that only the other
/// reserves may be in quotes too.
const RESERVED: &str = "\
    accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade \
    case change char character check collate column condition constraint continue convert create cross cube \
    cume_dist current_date current_time current_timestamp current_user cursor database databases day_hour \
    day_microsecond day_minute day_second dec decimal declare default delayed delete delete_domain_id dense_rank \
    desc describe deterministic distinct distinctrow div do_domain_ids double drop dual each else elseif empty \
    enclosed escaped except exists exit explain external false fetch first_value float float4 float8 for force \
    foreign from fulltext function general generated get grant group grouping groups having high_priority \
    hour_microsecond hour_minute hour_second if ignore ignore_domain_ids in index infile inner inout insensitive \
    insert int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids io_before_gtids is iterate \
    join json_table key keys kill lag last_value lateral lead leading leave left library like limit linear lines \
    load localtime localtimestamp lock long longblob longtext loop low_priority manual master_bind \
    master_heartbeat_period master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint \
    minute_microsecond minute_second mod modifies natural no_write_to_binlog not nth_value ntile null numeric of \
    offset on optimize optimizer_costs option optionally or order out outer outfile over page_checksum parallel \
    partition percent_rank precision primary procedure purge qualify range rank read read_write reads real recursive \
    ref_system_id references regexp release rename repeat replace require resignal restrict return returning revoke \
    right rlike row row_number rows schema schemas second_microsecond select sensitive separator set show signal \
    slow smallint spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception sqlstate \
    sqlwarning ssl starting stats_auto_recalc stats_persistent stats_sample_pages stored straight_join system table \
    tablesample terminated then tinyblob tinyint tinytext to trailing trigger true undo union unique unlock unsigned \
    update usage use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying vector \
    virtual when where while window with write xor year_month zerofill";

fn needs_backquotes(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    // `1e5` is a number.
    let begins = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    !begins || !name.bytes().all(plain) || RESERVED.split(' ').any(|word| name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_the_engine_needs_it() {
        for (name, postgres, mysql, sqlite) in [
            ("users", "users", "users", "users"),
            ("order", "\"order\"", "`order`", "\"order\""),
            ("my table", "\"my table\"", "`my table`", "\"my table\""),
            ("Users", "\"Users\"", "Users", "Users"),
            ("values", "values", "`values`", "\"values\""),
            ("where", "\"where\"", "`where`", "\"where\""),
            ("tab\"le", "\"tab\"\"le\"", "`tab\"le`", "\"tab\"\"le\""),
            ("ta`ble", "\"ta`ble\"", "`ta``ble`", "\"ta`ble\""),
            ("1e5", "\"1e5\"", "`1e5`", "\"1e5\""),
        ] {
            assert_eq!(quoted(Engine::Postgres, name), postgres);
            assert_eq!(quoted(Engine::MySql, name), mysql);
            assert_eq!(quoted(Engine::Sqlite, name), sqlite);
        }
        let name = Name { schema: Some("s".into()), name: "group".into() };
        assert_eq!(quoted_name(Engine::MySql, &name), "s.`group`");
    }
}
