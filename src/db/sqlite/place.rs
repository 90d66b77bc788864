//! Where a database file is: what of that place makes a lock, or SQLite itself, unsafe.

use std::io;
use std::path::Path;

/// What is to be known of a database file before it is written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The file system, where its locks may not reach other machines.
    pub doubtful: Option<&'static str>,
    /// How many names the file has. SQLite's journal, and the migration lock, belong to one of them.
    pub names: u64,
}

impl Place {
    /// Looks at the file, or at its folder while there is no file. What cannot be looked at is not held against it.
    /// The file itself is never opened: closing it would drop the locks that SQLite holds on it in this process.
    #[cfg(unix)]
    pub fn of(database: &Path) -> Place {
        use std::os::unix::fs::MetadataExt;
        let names = std::fs::metadata(database).map_or(1, |file| file.nlink());
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let found = rustix::fs::statfs(database).or_else(|_| rustix::fs::statfs(folder));
        #[cfg(target_os = "linux")]
        let doubtful = found.ok().and_then(|found| doubtful(found.f_type as u32));
        #[cfg(not(target_os = "linux"))]
        let doubtful = found.ok().and(None);
        Place { doubtful, names }
    }

    /// Elsewhere nothing is known.
    #[cfg(not(unix))]
    pub fn of(_database: &Path) -> Place {
        Place { doubtful: None, names: 1 }
    }
}

/// The file system of that number (`statfs(2)`, `linux/magic.h`), where its locks depend on how it was mounted, on a
/// daemon, or on a server that has to pass them on.
#[cfg(any(target_os = "linux", test))]
fn doubtful(number: u32) -> Option<&'static str> {
    Some(match number {
        0x6969 => "NFS",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB (CIFS)",
        0x0102_1997 => "9P, the file system of virtual machines and of WSL",
        0x6573_5546 => "FUSE (sshfs, a cloud bucket, Docker Desktop)",
        0x786f_4256 => "a shared folder of VirtualBox",
        0xbacb_acbc => "a shared folder of VMware",
        0x00c3_6400 => "CephFS",
        0x0bd0_0bd0 => "Lustre",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x564c => "NCP",
        _ => return None,
    })
}

/// Whether the operating system says that the file system has no locks at all, as against a lock that is held.
pub fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let none = [Errno::NOLCK, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP];
        error.raw_os_error().is_some_and(|code| none.iter().any(|errno| errno.raw_os_error() == code))
    }
    #[cfg(not(unix))]
    {
        error.kind() == io::ErrorKind::Unsupported
    }
}

/// What this user may not do with the file and its folder, in words, for SQLite's "unable to open database file".
#[cfg(unix)]
pub(super) fn missing_right(database: &Path) -> Option<String> {
    use rustix::fs::{Access, access};
    use rustix::io::Errno;
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let check = |path: &Path, right: Access, what: &str| match access(path, right) {
        Err(Errno::ROFS) => Some(format!("{} is on a read-only file system", path.display())),
        Err(Errno::ACCESS) => Some(format!("this user may not {what} {}", path.display())),
        _ => None,
    };
    check(folder, Access::EXEC_OK, "enter the folder")
        .or_else(|| check(database, Access::READ_OK, "read"))
        .or_else(|| check(database, Access::WRITE_OK, "write"))
        .or_else(|| check(folder, Access::WRITE_OK, "create files in the folder"))
}

/// Elsewhere SQLite's words are all there is.
#[cfg(not(unix))]
pub(super) fn missing_right(_database: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_named_and_local_ones_are_not() {
        for (number, name) in [
            (0x6969, Some("NFS")),
            (0xfe53_4d42, Some("SMB (CIFS)")),
            (0x0102_1997, Some("9P, the file system of virtual machines and of WSL")),
            (0x6573_5546, Some("FUSE (sshfs, a cloud bucket, Docker Desktop)")),
            // ext4, btrfs, xfs, tmpfs, overlayfs, zfs
            (0xef53, None),
            (0x9123_683e, None),
            (0x5846_5342, None),
            (0x0102_1994, None),
            (0x794c_7630, None),
            (0x2fc1_2fc1, None),
        ] {
            assert_eq!(doubtful(number), name, "{number:#x}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_a_file_system_without_locks_is_refused() {
        use rustix::io::Errno;
        for (errno, refused) in [
            (Errno::NOLCK, true),
            (Errno::NOSYS, true),
            (Errno::NOTSUP, true),
            (Errno::ACCESS, false),
            (Errno::NOSPC, false),
            (Errno::WOULDBLOCK, false),
            (Errno::INTR, false),
        ] {
            assert_eq!(has_no_locks(&io::Error::from_raw_os_error(errno.raw_os_error())), refused, "{errno}");
        }
        assert!(!has_no_locks(&io::Error::other("words")));
    }

    #[cfg(unix)]
    #[test]
    fn a_second_name_of_the_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("app.db");
        assert_eq!(Place::of(&database).names, 1, "a file that is not there yet has the one it will get");
        std::fs::File::create(&database).unwrap();
        assert_eq!(Place::of(&database).names, 1);
        std::fs::hard_link(&database, folder.path().join("other.db")).unwrap();
        assert_eq!(Place::of(&database).names, 2);
    }
}
