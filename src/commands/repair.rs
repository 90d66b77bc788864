use std::time::Duration;

use super::session::{self, Opened};
use super::targets::for_each;
use super::{Context, Outcome};
use crate::cli::RepairArgs;
use crate::config::{Purpose, Settings, Target};
use crate::db::history_table;
use crate::db::lock::MigrationLock;
use crate::dialect::{EventKind, NewEvent};
use crate::error::{Error, ErrorKind};
use crate::model::{Catalog, RowKind, Version};
use crate::output::report::{DatabaseRepair, EntryState, RepairEntry, RepairReport, Report};
use crate::plan::{self, MigrationState, SurveyEntry};

/// `repair`: accepts edited and missing files into the history, after showing what differs.
pub(super) async fn repair(context: &Context<'_>, settings: &Settings, args: &RepairArgs) -> Outcome {
    let collected = for_each(settings, false, async |target| of_target(context, target, args).await.into()).await;
    Outcome { report: Some(Report::Repair(RepairReport { databases: collected.reports })), ..collected.outcome }
}

async fn of_target(context: &Context<'_>, target: &Target, args: &RepairArgs) -> Result<DatabaseRepair, Error> {
    let catalog = session::read_catalog(target)?;
    let mut opened = session::open(context, target, Purpose::Inspect, Duration::ZERO).await?;
    let differing = differing(&mut opened, &catalog, args).await?;
    let mut entries = Vec::new();
    for entry in &differing {
        entries.push(describe(&mut opened, entry, false).await?);
    }
    let mut report = DatabaseRepair { database: target.name.clone(), entries };
    if differing.is_empty() || args.dry_run {
        opened.session.close().await;
        return Ok(report);
    }
    if !args.yes {
        for entry in &report.entries {
            context.printer.message(&format!("{}: {}", entry.file, entry.difference.as_deref().unwrap_or_default()));
        }
    }
    let question = format!("{}: take the history of {} over from the files?", target.name, labels(&differing));
    if !args.yes && !context.printer.confirm(&question) {
        return Err(Error::new(ErrorKind::Refused, format!("files and history differ: {}", labels(&differing)))
            .note("nothing was changed")
            .hint("`dbwarden repair --yes` accepts them as they are now"));
    }

    let mut on_wait = context.tell_holder();
    let lock =
        MigrationLock::acquire(opened.session.as_mut(), &opened.lock_key, target.lock_wait, &mut on_wait).await?;
    let result = accept(context, &mut opened, &catalog, args).await;
    let _ = lock.release(opened.session.as_mut()).await;
    opened.session.close().await;
    report.entries = result?;
    Ok(report)
}

async fn differing(opened: &mut Opened, catalog: &Catalog, args: &RepairArgs) -> Result<Vec<SurveyEntry>, Error> {
    let bookkeeping = opened.load().await?;
    let survey = plan::survey(catalog, bookkeeping.history, &bookkeeping.journal);
    let states = [MigrationState::Modified, MigrationState::CosmeticallyEdited, MigrationState::Missing];
    let differs = |entry: &&SurveyEntry| states.contains(&entry.state) || has_other_rollback(entry);
    let is_versioned = |entry: &&SurveyEntry| entry.row.as_ref().is_some_and(|row| row.version.is_some());
    let mut found: Vec<SurveyEntry> = survey.entries.iter().filter(differs).filter(is_versioned).cloned().collect();
    for name in &args.migrations {
        if !survey.entries.iter().any(|entry| is_called(entry, name)) {
            return Err(Error::new(ErrorKind::Usage, format!("there is no migration `{name}`"))
                .hint("name it by its version or its file name; `dbwarden status` lists them"));
        }
    }
    if !args.migrations.is_empty() {
        found.retain(|entry| args.migrations.iter().any(|name| is_called(entry, name)));
    }
    Ok(found)
}

/// Under the lock, on what is read under it.
async fn accept(
    context: &Context<'_>,
    opened: &mut Opened,
    catalog: &Catalog,
    args: &RepairArgs,
) -> Result<Vec<RepairEntry>, Error> {
    let identity = opened.identity(&context.run_id);
    let mut accepted = Vec::new();
    for entry in differing(opened, catalog, args).await? {
        let Some(row) = &entry.row else { continue };
        let change = match &entry.file {
            Some(file) => {
                let rollback = file.rollback.script().map(plan::stored_rollback);
                let rollback = rollback.as_ref().map(|(text, digest)| (text.as_str(), digest.as_str()));
                opened.tables.update_checksum(row.sequence, &file.checksum(), rollback)
            }
            None => opened.tables.update_kind(row.sequence, RowKind::Detached),
        };
        let described = describe(opened, &entry, true).await?;
        let event = opened.tables.insert_event(&NewEvent {
            kind: EventKind::Repaired,
            version: row.version.as_ref(),
            file_name: Some(&row.file_name),
            actor: &identity.actor,
            run_id: &identity.run_id,
            took: None,
            // What changed in words; the lines are in the file and were shown.
            detail: described.difference.as_deref().and_then(|difference| difference.lines().next()),
        });
        let begin = opened.tables.engine.begin();
        opened
            .session
            .run(&[begin, &change, &event, "COMMIT"], &mut |_, _| {})
            .await
            .map_err(|failed| Error::from(&failed.error).note(format!("{} was not changed", row.file_name)))?;
        accepted.push(described);
    }
    Ok(accepted)
}

fn has_other_rollback(entry: &SurveyEntry) -> bool {
    matches!((&entry.file, &entry.row), (Some(file), Some(row)) if plan::rollback_edited(file, row))
}

fn is_called(entry: &SurveyEntry, name: &str) -> bool {
    let by_version = name.parse::<Version>().is_ok_and(|version| entry.version() == Some(&version));
    let by_file = entry.file.as_ref().is_some_and(|file| file.file_name == name)
        || entry.row.as_ref().is_some_and(|row| row.file_name == name);
    by_version || by_file
}

fn labels(entries: &[SurveyEntry]) -> String {
    entries.iter().map(SurveyEntry::label).collect::<Vec<_>>().join(", ")
}

/// How the file's rollback section differs from the text that would undo the migration now.
async fn rollback_difference(opened: &mut Opened, entry: &SurveyEntry) -> Result<Option<String>, Error> {
    let (Some(file), Some(row)) = (&entry.file, entry.row.as_ref().filter(|_| has_other_rollback(entry))) else {
        return Ok(None);
    };
    let stored = history_table::rollback_text(opened.session.as_mut(), &opened.tables, row.sequence).await?;
    Ok(match (stored, file.rollback.script()) {
        (Some(stored), Some(script)) => plan::difference_of_section(&stored, script).map(|difference| difference.text),
        (Some(stored), None) => plan::difference(&stored, "", 1, None).map(|difference| difference.text),
        (None, _) => None,
    })
}

async fn describe(opened: &mut Opened, entry: &SurveyEntry, repaired: bool) -> Result<RepairEntry, Error> {
    let recorded = entry.row.as_ref().and_then(|row| row.checksum.as_ref()).map(|checksum| checksum.digest.clone());
    let file = entry.file.as_ref().map(|file| file.digest.clone());
    let difference = match entry.state {
        MigrationState::CosmeticallyEdited => "only comments and blanks differ from what was applied",
        MigrationState::Applied | MigrationState::Interrupted => {
            "the rollback section differs from what was recorded when it was applied"
        }
        MigrationState::Missing => "the file is gone; accepting it keeps the row and expects no file any more",
        _ => "the SQL of the upgrade section differs from what was applied",
    };
    let lines = rollback_difference(opened, entry).await?;
    let also = match (&lines, entry.state) {
        (Some(_), MigrationState::Applied | MigrationState::Interrupted) | (None, _) => "",
        (Some(_), _) => "; so does the rollback section",
    };
    let lines = lines.map(|lines| format!("\n{lines}")).unwrap_or_default();
    Ok(RepairEntry {
        version: entry.version().cloned(),
        file: entry.file.as_ref().map_or_else(
            || entry.row.as_ref().map(|row| row.file_name.clone()).unwrap_or_default(),
            |file| file.file_name.clone(),
        ),
        state: EntryState::of(entry),
        recorded_checksum: recorded,
        file_checksum: file,
        difference: Some(format!("{difference}{also}{lines}")),
        repaired,
    })
}
