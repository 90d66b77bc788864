use super::{Error, ErrorKind};
use crate::git::GitError;

impl From<GitError> for Error {
    fn from(error: GitError) -> Self {
        let failure = Error::new(ErrorKind::Usage, error.to_string());
        match error {
            GitError::NoProgram(_) => failure.hint("install git, or name the files to check"),
            GitError::NoRepository { .. } => failure.hint("run it in a checkout, or name the files to check"),
            GitError::UnknownRevision(_) => {
                failure.hint("fetch it first: a checkout of a CI system often holds one commit only (`fetch-depth: 0`)")
            }
            GitError::Timeout { .. } | GitError::Failed { .. } => failure,
        }
    }
}
