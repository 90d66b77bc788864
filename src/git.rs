//! What git knows of the migrations folder. Read only: the program `git`, without a shell, bounded in time.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// No question asked here takes longer in any repository that works.
const LIMIT: Duration = Duration::from_secs(60);

/// Git could not tell.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no program `git`, or it cannot be started.
    #[error("the program `git` could not be started: {0}")]
    NoProgram(std::io::Error),
    /// The folder is in no repository that git would look at.
    #[error("{} is in no git repository: {said}", .folder.display())]
    NoRepository {
        /// The folder, as shown to people.
        folder: PathBuf,
        /// What git said.
        said: String,
    },
    /// There is no such revision.
    #[error("there is no revision `{0}`")]
    UnknownRevision(String),
    /// Git did not answer in time.
    #[error("`git {command}` did not end within {} s", LIMIT.as_secs())]
    Timeout {
        /// What it was asked.
        command: &'static str,
    },
    /// Git failed.
    #[error("`git {command}` failed: {said}")]
    Failed {
        /// What it was asked.
        command: &'static str,
        /// What it said.
        said: String,
    },
}

/// How a file differs from a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It is not in the revision.
    Added,
    /// Its content is another.
    Changed,
    /// It is in the revision and not here.
    Deleted,
}

/// A folder in a repository. Names are those of files directly in it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

/// The name of a commit, resolved.
#[derive(Debug, Clone)]
pub struct Commit(String);

impl Folder {
    /// The folder `path`, which messages call `display`.
    pub async fn open(path: &Path, display: &Path) -> Result<Self, GitError> {
        let folder = Folder { path: path.to_path_buf() };
        let output = folder.ask("rev-parse", &["--is-inside-work-tree"]).await?;
        if output.status.success() && output.stdout.starts_with(b"true") {
            return Ok(folder);
        }
        Err(GitError::NoRepository { folder: display.to_path_buf(), said: said(&output) })
    }

    /// The commit that `revision` names.
    pub async fn commit(&self, revision: &str) -> Result<Commit, GitError> {
        let unknown = || GitError::UnknownRevision(revision.to_string());
        // It must not be taken for an option.
        if revision.starts_with('-') || revision.is_empty() {
            return Err(unknown());
        }
        let output = self.ask("rev-parse", &["--verify", "--quiet", &format!("{revision}^{{commit}}")]).await?;
        match output.status.success() {
            true => Ok(Commit(String::from_utf8_lossy(&output.stdout).trim().to_string())),
            false => Err(unknown()),
        }
    }

    /// Where this branch left `other`; `other` itself where they have nothing in common, or git has no history.
    pub async fn fork_point(&self, other: &Commit) -> Result<Commit, GitError> {
        let output = self.ask("merge-base", &["HEAD", &other.0]).await?;
        let base = String::from_utf8_lossy(&output.stdout).trim().to_string();
        Ok(if output.status.success() && !base.is_empty() { Commit(base) } else { other.clone() })
    }

    /// What differs here, in the working tree, from a commit. Files that git does not track are added ones.
    pub async fn differences(&self, from: &Commit) -> Result<Vec<(Difference, String)>, GitError> {
        let flags = ["--name-status", "--no-renames", "--no-ext-diff", "--relative", "-z", &from.0, "--", "."];
        let output = self.must("diff", &flags).await?;
        let fields = names(&output);
        let mut differences: Vec<(Difference, String)> = fields
            .chunks_exact(2)
            .map(|pair| {
                let difference = match pair[0].as_str() {
                    "A" => Difference::Added,
                    "D" => Difference::Deleted,
                    _ => Difference::Changed,
                };
                (difference, pair[1].clone())
            })
            .collect();
        let untracked = self.must("ls-files", &["--others", "--exclude-standard", "-z", "--", "."]).await?;
        differences.extend(names(&untracked).into_iter().map(|name| (Difference::Added, name)));
        differences.retain(|(_, name)| !name.contains('/'));
        Ok(differences)
    }

    /// The names of the files in a commit.
    pub async fn files(&self, commit: &Commit) -> Result<Vec<String>, GitError> {
        let output = self.must("ls-tree", &["--name-only", "-z", &commit.0]).await?;
        Ok(names(&output).into_iter().filter(|name| !name.contains('/')).collect())
    }

    /// The content of a file in a commit.
    pub async fn content(&self, commit: &Commit, name: &str) -> Result<Vec<u8>, GitError> {
        self.must("cat-file", &["blob", &format!("{}:./{name}", commit.0)]).await
    }

    async fn must(&self, command: &'static str, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self.ask(command, arguments).await?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(GitError::Failed { command, said: said(&output) }),
        }
    }

    async fn ask(&self, command: &'static str, arguments: &[&str]) -> Result<Output, GitError> {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.path).args(["--no-pager", "-c", "core.fsmonitor=false", command]).args(arguments);
        // A hook sets these for the folder it runs in, which is another.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            git.env_remove(OsStr::new(variable));
        }
        git.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        match tokio::time::timeout(LIMIT, git.output()).await {
            Ok(output) => output.map_err(GitError::NoProgram),
            Err(_) => Err(GitError::Timeout { command }),
        }
    }
}

/// What stands between NUL bytes. A name that is not UTF-8 is no migration's.
fn names(output: &[u8]) -> Vec<String> {
    let texts = output.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    texts.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.trim_start_matches("fatal: ").to_string()
}
