//! The command line, declared: doc comments are the help text, and nothing is decided here.

mod arguments;
mod backup;
mod check;
mod global;

pub use arguments::*;
pub use backup::*;
pub use check::{CheckArgs, CheckFormat, FailOn};
pub use global::{ColorChoice, GlobalArgs, LogFormat};

use std::path::Path;

use clap::{Parser, Subcommand};

/// Migrates SQL databases: PostgreSQL, MySQL/MariaDB and SQLite, exactly once, from plain SQL files.
///
/// Without a dbwarden.toml, DATABASE_URL alone is enough.
#[derive(Debug, Parser)]
#[command(name = "dbwarden", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  dbwarden init             write a dbwarden.toml and a migrations folder
  dbwarden new add_users    write the next migration file
  dbwarden migrate          apply what is pending
  dbwarden status           show what is applied and what is not
  DATABASE_URL=sqlite://app.db dbwarden migrate

Exit codes: 0 done, 1 SQL failed, 2 usage or files, 3 pending, 4 locked,
5 blocked, 6 history differs, 7 refused, 8 partly applied, 9 connection,
10 backup, 70 bug, 130 and 143 stopped by a signal")]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a dbwarden.toml and a folder for migrations
    Init(InitArgs),
    /// Write the next migration file from a template
    New(NewArgs),
    /// Apply pending migrations
    Migrate(MigrateArgs),
    /// Undo the latest migrations
    Rollback(RollbackArgs),
    /// Undo every migration above a version
    Downgrade(DowngradeArgs),
    /// Show which migrations are applied and which are pending
    Status(StatusArgs),
    /// Show what was applied, when and by whom
    History(HistoryArgs),
    /// Take a backup, list backups, or verify one
    Backup(BackupArgs),
    /// Put a backup in the place of the database
    Restore(RestoreArgs),
    /// Find what is pending and what would hurt, without changing anything
    Check(CheckArgs),
    /// Accept edited files into the history, after showing the difference
    Repair(RepairArgs),
    /// Say how the statement ended that a run died in
    Resolve(ResolveArgs),
    /// Show who holds the migration lock
    LockStatus(LockStatusArgs),
    /// End the session that holds the migration lock
    Unlock(UnlockArgs),
    /// Show the effective settings and where each comes from
    Config(ConfigArgs),
    /// Look at the configured databases
    Database(DatabaseArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Print the version of dbwarden and the engines it knows
    Version(VersionArgs),
}

impl Cli {
    /// Whether stdout is to be the one JSON document, however that was said.
    pub fn wants_json(&self) -> bool {
        self.global.json || matches!(&self.command, Command::Check(args) if args.format == CheckFormat::Json)
    }
}

impl Command {
    /// The command's name as typed, and in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Init(_) => "init",
            Command::New(_) => "new",
            Command::Migrate(_) => "migrate",
            Command::Rollback(_) => "rollback",
            Command::Downgrade(_) => "downgrade",
            Command::Status(_) => "status",
            Command::History(_) => "history",
            Command::Backup(BackupArgs { command: None, .. }) => "backup",
            Command::Backup(BackupArgs { command: Some(BackupCommand::List(_)), .. }) => "backup list",
            Command::Backup(BackupArgs { command: Some(BackupCommand::Verify(_)), .. }) => "backup verify",
            Command::Restore(_) => "restore",
            Command::Check(_) => "check",
            Command::Repair(_) => "repair",
            Command::Resolve(_) => "resolve",
            Command::LockStatus(_) => "lock-status",
            Command::Unlock(_) => "unlock",
            Command::Config(_) => "config",
            Command::Database(DatabaseArgs { command: DatabaseCommand::List(_) }) => "database list",
            Command::Completions(_) => "completions",
            Command::Version(_) => "version",
        }
    }

    /// `--backup-dir`, wherever it was given.
    pub fn backup_dir(&self) -> Option<&Path> {
        let dir = match self {
            Command::Migrate(args) => &args.backup.backup_dir,
            Command::Rollback(args) => &args.backup.backup_dir,
            Command::Downgrade(args) => &args.backup.backup_dir,
            Command::Restore(args) => &args.backup_dir,
            Command::Backup(args) => match &args.command {
                None => &args.backup_dir,
                Some(BackupCommand::List(args)) => &args.backup_dir,
                Some(BackupCommand::Verify(args)) => &args.backup_dir,
            },
            _ => &None,
        };
        dir.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, error::ErrorKind};

    use super::*;

    #[test]
    fn the_declaration_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_explains_itself_with_an_example() {
        fn visit(path: &[String], command: &clap::Command) {
            let mut arguments = path.to_vec();
            arguments.push("-h".to_string());
            let help = Cli::try_parse_from(&arguments).expect_err("help is not a command");
            assert_eq!(help.kind(), ErrorKind::DisplayHelp, "{arguments:?}");
            let help = help.to_string();
            assert!(
                help.contains("Examples:\n") && help.contains(&path.join(" ")),
                "no example in {arguments:?}:\n{help}"
            );
            for sub in command.get_subcommands() {
                visit(&[path, &[sub.get_name().to_string()]].concat(), sub);
            }
        }
        visit(&["dbwarden".to_string()], &Cli::command());
    }

    #[test]
    fn flags_of_the_python_tool_keep_their_short_forms() {
        let parsed =
            Cli::try_parse_from(["dbwarden", "migrate", "-d", "a", "-d", "b", "-t", "0042", "--baseline", "-v"]);
        let parsed = parsed.expect("valid");
        assert_eq!(parsed.global.database, ["a", "b"]);
        let Command::Migrate(migrate) = parsed.command else { panic!("not migrate") };
        assert_eq!(migrate.to_version.expect("a version").as_str(), "0042");
    }

    #[test]
    fn waiting_has_a_default() {
        for (arguments, seconds) in [(&["--wait-for-db"][..], 60), (&["--wait-for-db", "5min"][..], 300)] {
            let parsed = Cli::try_parse_from([&["dbwarden", "migrate"], arguments].concat()).expect("valid");
            let Command::Migrate(migrate) = parsed.command else { panic!("not migrate") };
            assert_eq!(migrate.wait_for_db.expect("a duration").as_secs(), seconds);
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for arguments in [
            &["migrate", "-c", "1", "-t", "2"][..],
            &["migrate", "--baseline"],
            &["migrate", "-t", "1a"],
            &["migrate", "--wait-for-db", "5"],
            &["migrate", "-c", "0"],
            &["migrate", "-q", "-v"],
            &["migrate", "-d", "a", "--all"],
            &["rollback", "-c", "1", "-t", "2"],
            &["downgrade"],
            &["new"],
        ] {
            let error = Cli::try_parse_from([&["dbwarden"], arguments].concat());
            assert!(error.is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn version_letters_do_not_collide() {
        let parsed = Cli::try_parse_from(["dbwarden", "new", "x", "--version", "7"]).expect("valid");
        assert!(matches!(parsed.command, Command::New(NewArgs { version: Some(_), .. })));
        let error = Cli::try_parse_from(["dbwarden", "-V"]).expect_err("prints the version");
        assert_eq!(error.kind(), ErrorKind::DisplayVersion);
    }
}
