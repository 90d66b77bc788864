//! The arguments of what has to do with backups.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// A backup before the first statement, for the commands that change a database.
#[derive(Debug, Clone, Default, Args)]
pub struct BackupFirstArgs {
    /// Take a backup first; when it fails, nothing is changed
    #[arg(short = 'b', long)]
    pub with_backup: bool,
    /// The folder of backups [default: backup_dir of the configuration]
    #[arg(long, value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
    /// Take the backup also when there is nothing to do
    #[arg(long, requires = "with_backup")]
    pub always: bool,
    /// Load the backup into a scratch database and compare, before the first statement
    #[arg(long, requires = "with_backup")]
    pub verify_backup: bool,
}

/// What follows a failure that left something behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OnFailure {
    /// Leave it as it is, and say what it is.
    #[default]
    Stop,
    /// Put the database back from the backup of this run.
    Restore,
}

/// `backup`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  dbwarden backup                        take one now
  dbwarden backup list                   what there is, the newest first
  dbwarden backup verify --latest        is the newest one whole, and can it be restored?
  dbwarden backup --all --backup-dir /mnt/backups")]
pub struct BackupArgs {
    /// What to do; without it, take a backup.
    #[command(subcommand)]
    pub command: Option<BackupCommand>,
    /// The folder of backups [default: backup_dir of the configuration]
    #[arg(long, value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
    /// Load it into a scratch database and compare, once it is taken
    #[arg(long)]
    pub verify: bool,
}

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Show the backups that there are, the newest first
    List(BackupListArgs),
    /// Compare a backup with its manifest: every byte, then every table in a scratch database
    Verify(BackupVerifyArgs),
}

/// `backup list`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dbwarden backup list\n  dbwarden backup list --all --json")]
pub struct BackupListArgs {
    /// The folder of backups [default: backup_dir of the configuration]
    #[arg(long, value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
}

/// `backup verify`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden backup verify --latest
  dbwarden backup verify backups/primary/20261122T090507Z-0042.dump")]
pub struct BackupVerifyArgs {
    /// Which backup.
    #[command(flatten)]
    pub which: WhichBackup,
    /// The folder of backups [default: backup_dir of the configuration]
    #[arg(long, value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
}

/// Names one backup.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct WhichBackup {
    /// The archive, or its manifest
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The newest one
    #[arg(long)]
    pub latest: bool,
    /// The one that this run took
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
}

/// `restore`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dbwarden restore --latest              show what will be replaced, ask, restore the newest backup
  dbwarden restore --latest --yes        without asking, for scripts
  dbwarden restore backups/primary/20261122T090507Z-0042.dump
  dbwarden restore --latest --to-database app_copy    into a new database; the real one stays as it is

The backup is loaded beside the data that is there and compared with its manifest before it takes its place: a
restore that fails leaves the old data.")]
pub struct RestoreArgs {
    /// Which backup.
    #[command(flatten)]
    pub which: WhichBackup,
    /// Restore into a new database of this name (SQLite: file), and leave the real one alone
    #[arg(long, value_name = "NAME")]
    pub to_database: Option<String>,
    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
    /// End the sessions of others that use the database
    #[arg(long, conflicts_with = "to_database")]
    pub force: bool,
    /// The folder of backups [default: backup_dir of the configuration]
    #[arg(long, value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
}
