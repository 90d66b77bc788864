use super::status::load;
use super::targets::for_each;
use super::{Context, Outcome};
use crate::cli::HistoryArgs;
use crate::config::Settings;
use crate::output::report::{DatabaseHistory, HistoryReport, HistoryRow, Report};

/// `history`: what was applied, when and by whom. Needs no files.
pub(super) async fn history(context: &Context<'_>, settings: &Settings, args: &HistoryArgs) -> Outcome {
    let collected = for_each(settings, false, async |target| {
        let found = load(context, target).await.map(|(bookkeeping, location)| {
            let rows = bookkeeping.history.rows();
            let skipped = args.limit.map_or(0, |limit| rows.len().saturating_sub(limit.get()));
            DatabaseHistory {
                database: target.name.clone(),
                engine: target.engine,
                location,
                rows: rows[skipped..].iter().map(HistoryRow::from).collect(),
            }
        });
        found.into()
    })
    .await;
    Outcome { report: Some(Report::History(HistoryReport { databases: collected.reports })), ..collected.outcome }
}
