//! The arguments of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `check`
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  dbwarden check                         what is pending and what would hurt; exit 3 for either
  dbwarden check --offline               every file, for a pull request without a database
  dbwarden check migrations/0042_x.sql   these files only, for a hook of an editor or of git
  dbwarden check --against origin/main   what a merge would break: a version taken twice, ...
  dbwarden check --since origin/main --format github
  dbwarden check --explain empty-rollback

Without --offline, FILE, --since and --against, the database is asked what is pending, how big
tables are and which version it has. `-- dbwarden: allow RULE because REASON` silences a finding:
in the header for the file, at the top of a section for the section, directly above a statement
for the statement.")]
pub struct CheckArgs {
    /// Look at these files only, connect to nothing
    #[arg(value_name = "FILE", conflicts_with_all = ["since", "against", "all_migrations"])]
    pub files: Vec<PathBuf>,
    /// Look at the files only, connect to nothing
    #[arg(long)]
    pub offline: bool,
    /// Look at the files added or changed since a revision of git, connect to nothing
    #[arg(long, value_name = "REV", conflicts_with = "all_migrations")]
    pub since: Option<String>,
    /// Also look at what a merge into this branch would break, connect to nothing
    #[arg(long, value_name = "BRANCH", conflicts_with = "since")]
    pub against: Option<String>,
    /// Look at the applied files too
    #[arg(long)]
    pub all_migrations: bool,
    /// How to write what is found
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: CheckFormat,
    /// Exit with 3 from this severity on
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t)]
    pub fail_on: FailOn,
    /// Do not exit with 3 only because something is pending
    #[arg(long)]
    pub allow_pending: bool,
    /// List the rules
    #[arg(long, conflicts_with_all = ["files", "since", "against", "explain"])]
    pub rules: bool,
    /// Explain a rule
    #[arg(long, value_name = "RULE", conflicts_with_all = ["files", "since", "against"])]
    pub explain: Option<String>,
}

/// How to write what is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    #[default]
    Text,
    /// The document of --json.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// For a comment on a pull request.
    Markdown,
}

/// What makes `check` fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Warnings and errors.
    Warning,
    /// Nothing that is found.
    Never,
}
