//! What SQLite's grammar does not have, recognised from tokens: mostly other engines' SQL.

use super::of_changes;
use super::reader::Reader;
use crate::lint::change::{
    Action, Change, ColumnDefinition, Constraint, ConstraintKind, Facts, Index, Name, TableOption, Understood,
};

pub(super) fn facts(mut reader: Reader<'_>) -> Facts {
    let whole = reader.whole();
    let verb = reader.word();
    let mut changes = Vec::new();
    match verb.as_deref() {
        Some("ALTER") if reader.take("TABLE") => alter(&mut reader, &mut changes),
        Some("CREATE") => {
            changes.extend(create(&mut reader).map(|action| Change { span: whole, action }));
        }
        Some("DROP") if reader.take("TABLE") => {
            let if_exists = reader.take("IF EXISTS");
            loop {
                let start = reader.position();
                let Some(table) = reader.name() else { break };
                let action = Action::DropTable { table, if_exists, cascade: false };
                changes.push(Change { span: start..reader.end(), action });
                if !reader.take_symbol(",") {
                    break;
                }
            }
            let cascades = reader.take("CASCADE");
            for change in &mut changes {
                if let Action::DropTable { cascade, .. } = &mut change.action {
                    *cascade = cascades;
                }
            }
        }
        Some("TRUNCATE") => {
            reader.take("TABLE");
            let table = reader.name().map(|table| Action::Truncate { table, cascade: false });
            changes.extend(table.map(|action| Change { span: whole, action }));
        }
        _ => {}
    }
    let understood = if changes.is_empty() { Understood::Tokens } else { Understood::Partly };
    of_changes(changes, understood)
}

fn create(reader: &mut Reader<'_>) -> Option<Action> {
    let temporary = reader.take_any(&["TEMP", "TEMPORARY"]);
    let unique = reader.take("UNIQUE");
    if reader.take("TABLE") {
        let if_not_exists = reader.take("IF NOT EXISTS");
        return Some(Action::CreateTable {
            table: reader.name()?,
            columns: Vec::new(),
            constraints: Vec::new(),
            temporary,
            if_not_exists,
            from_elsewhere: true,
            options: Vec::new(),
        });
    }
    reader.take("INDEX").then_some(())?;
    let concurrently = reader.take("CONCURRENTLY");
    let if_not_exists = reader.take("IF NOT EXISTS");
    let name = (!reader.take("ON")).then(|| reader.name()).flatten();
    if name.is_some() {
        reader.take("ON").then_some(())?;
    }
    Some(Action::CreateIndex(Index {
        name,
        table: reader.name()?,
        unique,
        concurrently,
        if_not_exists,
        special: false,
        in_alter: false,
        only: false,
        columns: Vec::new(),
    }))
}

fn alter(reader: &mut Reader<'_>, changes: &mut Vec<Change>) {
    let start = reader.position();
    let if_exists = reader.take("IF EXISTS");
    let if_exists_ends = reader.end();
    reader.take("ONLY");
    let Some(table) = reader.name() else { return };
    let option = |name: &str| Action::SetTableOption {
        table: table.clone(),
        option: TableOption { name: name.into(), value: String::new() },
    };
    if if_exists {
        changes.push(Change { span: start..if_exists_ends, action: option("IF EXISTS") });
    }
    loop {
        let start = reader.position();
        let mut clause = *reader;
        reader.skip_element();
        let mut words = clause;
        let leading: Vec<String> = std::iter::from_fn(|| words.word()).take(2).collect();
        let action = action(&table, &mut clause).unwrap_or_else(|| option(&leading.join(" ")));
        if reader.end() > start {
            changes.push(Change { span: start..reader.end(), action });
        }
        if !reader.take_symbol(",") {
            break;
        }
    }
}

/// None where it has no action of its own.
fn action(table: &Name, clause: &mut Reader<'_>) -> Option<Action> {
    let table = table.clone();
    match clause.word()?.as_str() {
        "ADD" => {
            if let Some(constraint) = constraint(clause) {
                return Some(Action::AddConstraint { table, constraint });
            }
            if clause.take_any(&["INDEX", "KEY", "PARTITION"]) {
                return None;
            }
            clause.take("COLUMN");
            let if_not_exists = clause.take("IF NOT EXISTS");
            let column = ColumnDefinition {
                name: clause.plain_name()?,
                data_type: clause.word().unwrap_or_default().to_lowercase(),
                ..ColumnDefinition::default()
            };
            Some(Action::AddColumn { table, column, if_not_exists, positioned: false })
        }
        "DROP" => {
            if clause.take("CONSTRAINT") {
                clause.take("IF EXISTS");
                return Some(Action::DropConstraint { table, name: clause.plain_name() });
            }
            if clause.take_any(&["PRIMARY KEY", "FOREIGN KEY"]) {
                return Some(Action::DropConstraint { table, name: clause.plain_name() });
            }
            if clause.take_any(&["INDEX", "KEY", "PARTITION"]) {
                return None;
            }
            clause.take("COLUMN");
            clause.take("IF EXISTS");
            Some(Action::DropColumn { table, column: clause.plain_name()? })
        }
        "ALTER" => {
            clause.take("COLUMN");
            let column = clause.plain_name()?;
            if clause.take("SET NOT NULL") {
                Some(Action::SetNotNull { table, column })
            } else if clause.take("DROP NOT NULL") {
                Some(Action::DropNotNull { table, column })
            } else if clause.take("SET DEFAULT") {
                Some(Action::SetDefault { table, column })
            } else if clause.take("DROP DEFAULT") {
                Some(Action::DropDefault { table, column })
            } else {
                clause.take("SET DATA");
                clause.take("TYPE");
                Some(change_type(table, column, clause))
            }
        }
        verb @ ("MODIFY" | "CHANGE") => {
            clause.take("COLUMN");
            let column = clause.plain_name()?;
            let to = if verb == "CHANGE" { clause.plain_name()? } else { column.clone() };
            match column.eq_ignore_ascii_case(&to) {
                true => Some(change_type(table, column, clause)),
                false => Some(Action::RenameColumn { table, column, to }),
            }
        }
        _ => None,
    }
}

fn change_type(table: Name, name: String, clause: &mut Reader<'_>) -> Action {
    let data_type = clause.word().unwrap_or_default().to_lowercase();
    let column = ColumnDefinition { name, data_type, ..ColumnDefinition::default() };
    Action::ChangeType { table, column, using: false }
}

fn constraint(clause: &mut Reader<'_>) -> Option<Constraint> {
    let mut ahead = *clause;
    let name = ahead.take("CONSTRAINT").then(|| ahead.plain_name()).flatten();
    let kind = match ahead.word()?.as_str() {
        "PRIMARY" => ConstraintKind::PrimaryKey,
        "UNIQUE" => ConstraintKind::Unique,
        "CHECK" => ConstraintKind::Check,
        "FOREIGN" => {
            let mut behind = ahead;
            while behind.peek().is_some() && !behind.take("REFERENCES") {
                behind.token();
            }
            ConstraintKind::ForeignKey { references: behind.name()? }
        }
        _ => return None,
    };
    *clause = ahead;
    Some(Constraint { name, kind, columns: Vec::new(), not_valid: false, using_index: false })
}
