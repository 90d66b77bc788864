//! Runs of `dbwarden` as a user who is not allowed everything: root's rights hide what a missing right does.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Project;
use super::process::Invocation;

/// A user without any right but those of everybody.
const NOBODY: &str = "65534";

/// A run of a shell script in the project's folder by a user whom rights mean something to: oneself, or where the tests
/// run as root, somebody who owns nothing.
pub fn unprivileged(project: &Project, script: &str) -> Invocation {
    if !rustix::process::getuid().is_root() {
        return project.shell(script);
    }
    // The temporary folder is its owner's alone, and the binary may be in a place that others cannot reach.
    let open = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let folder = project.path(".");
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    open(&folder, (mode | 0o055) & 0o777);
    let binary = project.path("bin");
    if !binary.exists() {
        std::fs::create_dir(&binary).unwrap();
        open(&binary, 0o755);
        std::fs::copy(env!("CARGO_BIN_EXE_dbwarden"), binary.join("dbwarden")).unwrap();
    }
    project.shell(&format!(
        "export PATH=\"$PWD/bin:$PATH\"; exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups sh -euc '{script}'"
    ))
}

/// Sets the rights of a file or folder of the project.
pub fn chmod(project: &Project, relative: &str, mode: u32) {
    std::fs::set_permissions(project.path(relative), std::fs::Permissions::from_mode(mode)).unwrap();
}
