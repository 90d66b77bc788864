//! The arguments of each command.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::{BackupFirstArgs, OnFailure};
use crate::model::{Version, parse_duration};

/// `init`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden init\n  dbwarden init services/billing")]
pub struct InitArgs {
    /// The folder to write to
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,
}

/// `new`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden new add_users                   the next version: 0042_add_users.sql
  dbwarden new \"add users\" --version 0050  this version
  dbwarden new refresh_views --type roc    runs again whenever its content changes")]
pub struct NewArgs {
    /// What the migration does, in a few words
    pub name: String,
    /// Use this version instead of the next one
    #[arg(long, value_name = "VERSION")]
    pub version: Option<Version>,
    /// When the migration runs
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t)]
    pub kind: NewKind,
}

/// When a new migration runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum NewKind {
    /// Once, in the order of versions.
    #[default]
    Versioned,
    /// At the end of every migrate.
    Ra,
    /// At the end of migrate, when its content changed.
    Roc,
}

/// `migrate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden migrate                       apply everything that is pending
  dbwarden migrate --dry-run             show the exact statements, run none
  dbwarden migrate -t 0042               stop after version 0042
  dbwarden migrate --with-backup         a backup first; nothing is changed when it fails
  dbwarden migrate --all --keep-going    every database, also after a failure
  dbwarden migrate --check               first look for what would hurt, as `check` does
  dbwarden migrate --baseline -t 0042    record up to 0042 as applied, execute nothing")]
pub struct MigrateArgs {
    /// Apply at most this many
    #[arg(short, long, value_name = "N", conflicts_with = "to_version")]
    pub count: Option<NonZeroUsize>,
    /// Apply up to and including this version
    #[arg(short, long, value_name = "VERSION")]
    pub to_version: Option<Version>,
    /// Record as applied up to --to-version, without executing anything
    #[arg(long, requires = "to_version")]
    pub baseline: bool,
    /// Show the plan, statement by statement, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Apply nothing when the rules of `check` find an error in what would be applied
    #[arg(long, conflicts_with = "baseline")]
    pub check: bool,
    /// Wait for a server that is starting [without a value: 60s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, num_args = 0..=1, default_missing_value = "60s")]
    pub wait_for_db: Option<Duration>,
    /// Go on with the next database after a failure
    #[arg(long)]
    pub keep_going: bool,
    /// A backup first.
    #[command(flatten)]
    pub backup: BackupFirstArgs,
    /// What to do when a migration fails and leaves something behind
    #[arg(long, value_name = "ACTION", value_enum, default_value_t, requires = "with_backup")]
    pub on_failure: OnFailure,
    /// Limits on waiting.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Limits on waiting, for the commands that change a database. Each overrides the configuration.
#[derive(Debug, Clone, Default, Args)]
pub struct LimitArgs {
    /// How long to wait for the migration lock
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub lock_wait: Option<Duration>,
    /// How long a statement may wait for the locks of tables and rows
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub lock_timeout: Option<Duration>,
    /// How long a statement may run; 0 for no limit
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub statement_timeout: Option<Duration>,
}

/// `rollback`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden rollback                      undo the latest migration
  dbwarden rollback -c 3 --dry-run       show what undoing three would run
  dbwarden rollback -t 0042              undo until 0042 is the newest (same result when run twice)
  dbwarden rollback -t 0                 undo everything")]
pub struct RollbackArgs {
    /// Undo this many [default: 1]
    #[arg(short, long, value_name = "N", conflicts_with = "to_version")]
    pub count: Option<NonZeroUsize>,
    /// Undo until this version is the newest one left; 0 undoes everything
    #[arg(short, long, value_name = "VERSION")]
    pub to_version: Option<Version>,
    /// Show the plan, statement by statement, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// A backup first.
    #[command(flatten)]
    pub backup: BackupFirstArgs,
    /// Limits on waiting.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// `downgrade`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden downgrade --to 0042\n  dbwarden downgrade --to 0042 --dry-run")]
pub struct DowngradeArgs {
    /// Undo until this version is the newest one left; 0 undoes everything
    #[arg(long, value_name = "VERSION")]
    pub to: Version,
    /// Show the plan, statement by statement, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// A backup first.
    #[command(flatten)]
    pub backup: BackupFirstArgs,
    /// Limits on waiting.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// `status`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden status
  dbwarden status --exit-code            exit with 3 when something is pending, for scripts
  dbwarden status --all --json")]
pub struct StatusArgs {
    /// Exit with 3 when something is pending
    #[arg(long)]
    pub exit_code: bool,
}

/// `history`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden history                       what is applied, in order of application
  dbwarden history --limit 10
  dbwarden history --events              who did what: also failures, interruptions, rollbacks, repairs
  dbwarden history --events --run 01998f what one run did")]
pub struct HistoryArgs {
    /// Show everything that runs recorded, not only what is applied now
    #[arg(long)]
    pub events: bool,
    /// Show only the latest N [default: all; 50 with --events]
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroUsize>,
    /// Show only what this run did; the beginning of its id is enough
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
}

/// `repair`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden repair                        show what differs from the history
  dbwarden repair 0042 --yes             accept the edited 0042 as it is now
  dbwarden repair ROC__views.sql --yes")]
pub struct RepairArgs {
    /// Versions or file names; all that differ when none is given
    #[arg(value_name = "VERSION|FILE")]
    pub migrations: Vec<String>,
    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Only show the differences
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
}

/// `resolve`
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("outcome").required(true).args(["done", "retry", "undone"])))]
#[command(after_help = "\
Examples:
  dbwarden resolve 0042 --statement 3 --done    it took effect: the next run goes on after it
  dbwarden resolve 0042 --statement 3 --retry   it did not: the next run executes it again
  dbwarden resolve 0042 --undone                what had been done of it was taken back by hand: it counts as never begun

The first two are needed only after a run died in the middle of a statement that no transaction protects, when nobody
can tell from outside whether it took effect: `dbwarden migrate` says so with exit code 8 and names the statement. The
third is for whoever would rather go back than finish a migration that stopped half-way.")]
pub struct ResolveArgs {
    /// The interrupted migration
    #[arg(value_name = "VERSION|FILE")]
    pub migration: String,
    /// The statement meant, as a precaution: refused when another one is open. Of a block under LOCK TABLES, the last
    /// one that took effect
    #[arg(long, value_name = "N")]
    pub statement: Option<NonZeroUsize>,
    /// The statement took effect
    #[arg(long)]
    pub done: bool,
    /// The statement did not take effect
    #[arg(long)]
    pub retry: bool,
    /// Nothing of what was done stands any more: the migration counts as it did before it was begun
    #[arg(long, conflicts_with = "statement")]
    pub undone: bool,
}

/// `lock-status`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden lock-status\n  dbwarden lock-status --all --json")]
pub struct LockStatusArgs {}

/// `unlock`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden unlock                        show the holder, and ask
  dbwarden unlock --yes                  end the holder's session without asking

A lock that belongs to no living session does not exist: the server releases it with the session.")]
pub struct UnlockArgs {
    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// `config`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden config\n  dbwarden config --all --json\n\nPasswords are never shown.")]
pub struct ConfigArgs {}

/// `database`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden database list")]
pub struct DatabaseArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DatabaseCommand,
}

/// What to do with the configured databases.
#[derive(Debug, Subcommand)]
pub enum DatabaseCommand {
    /// List the configured databases
    List(DatabaseListArgs),
}

/// `database list`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden database list\n  dbwarden database list --json")]
pub struct DatabaseListArgs {}

/// `completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden completions bash > /etc/bash_completion.d/dbwarden
  dbwarden completions zsh > ~/.zfunc/_dbwarden
  dbwarden completions fish > ~/.config/fish/completions/dbwarden.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// `version`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden version\n  dbwarden version --json")]
pub struct VersionArgs {}
