//! The folder that many files are read from, kept open: each is looked for where it is, not from the root on.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Most migration files fit into it, and are read at once.
const BUFFER: usize = 16 * 1024;

/// An open folder.
pub(super) struct Folder {
    #[cfg(unix)]
    open: std::os::fd::OwnedFd,
    #[cfg(not(unix))]
    path: std::path::PathBuf,
}

#[cfg(unix)]
impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Folder { open: open(path, flags, Mode::empty())? })
    }

    fn file(&self, name: &OsStr) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, openat};
        let open = || openat(&self.open, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        Ok(File::from(rustix::io::retry_on_intr(open)?))
    }
}

#[cfg(not(unix))]
impl Folder {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Folder { path: path.to_path_buf() })
    }

    fn file(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.path.join(name))
    }
}

/// Reads one file of a folder after the other.
pub(super) struct Reader<'f> {
    folder: &'f Folder,
    buffer: Vec<u8>,
}

impl<'f> Reader<'f> {
    pub fn new(folder: &'f Folder) -> Self {
        Reader { folder, buffer: vec![0; BUFFER] }
    }

    /// The whole file. Its size is not asked for: of a small one, the end says it.
    pub fn read(&mut self, name: &OsStr) -> io::Result<Vec<u8>> {
        let mut file = self.folder.file(name)?;
        let mut filled = 0;
        while filled < self.buffer.len() {
            match file.read(&mut self.buffer[filled..]) {
                Ok(0) => return Ok(self.buffer[..filled].to_vec()),
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let size = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default().max(filled));
        bytes.extend_from_slice(&self.buffer);
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_any_size_are_read_whole() {
        let directory = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(directory.path()).expect("the folder");
        let mut reader = Reader::new(&folder);
        // A short one behind a long one shows what is left in the buffer.
        for size in [0, 1, BUFFER * 3 + 7, BUFFER - 1, BUFFER, BUFFER + 1, 2] {
            let content: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
            std::fs::write(directory.path().join("file"), &content).expect("a file");
            assert!(reader.read(OsStr::new("file")).expect("the file") == content, "{size} bytes");
        }
        assert_eq!(reader.read(OsStr::new("none")).expect_err("no file").kind(), io::ErrorKind::NotFound);
    }
}
