//! A password file for a child process that is never on a disk.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, Mode, fchmod, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};

/// A file with mode 0600 that exists only in memory, for as long as this value and the children that inherited it:
/// nothing is left behind, whatever kills this process.
///
/// Programs open it by [`SecretFile::path`], which means the file only inside a child started while this value lives.
pub(super) struct SecretFile {
    path: PathBuf,
    _file: File,
}

impl SecretFile {
    /// A file with `content`.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn new(content: &str) -> io::Result<SecretFile> {
        use std::os::fd::AsRawFd;
        let memory = memfd_create("dbwarden", MemfdFlags::CLOEXEC)?;
        fchmod(&memory, Mode::RUSR | Mode::WUSR)?;
        let mut file = File::from(memory);
        file.write_all(content.as_bytes())?;
        // Without close-on-exec: the children that are to read it inherit it.
        fcntl_setfd(file.as_fd(), FdFlags::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        Ok(SecretFile { path, _file: file })
    }

    /// Its name for the child.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_can_read_it_and_it_has_no_name_on_disk() {
        let secret = SecretFile::new("host:5432:*:app:pa ss").unwrap();
        let seen = std::process::Command::new("sh")
            .args(["-c", "cat \"$0\"; stat -L -c ' %a %F' \"$0\"; readlink \"$0\""])
            .arg(secret.path())
            .output()
            .unwrap();
        let seen = String::from_utf8(seen.stdout).unwrap();
        assert_eq!(seen, "host:5432:*:app:pa ss 600 regular file\n/memfd:dbwarden (deleted)\n");
    }
}
