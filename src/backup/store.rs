//! The folder that holds the backups of one database: the only place that writes, lists and removes them.
#![allow(clippy::disallowed_methods, reason = "backups are files; the ban on std::fs is about migration files")]

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::error::BackupError;
use super::manifest::{FileDigest, MANIFEST_FORMAT, Manifest};
use super::name::{MANIFEST, PARTIAL};
use super::pipe::aside;
use super::retention::{self, Keep};
use super::sink;
use crate::fail_point;

/// What the name of the lock of a file being written adds to its name.
const LOCK: &str = ".lock";
/// What the name of what is written before an archive adds to its name.
const SCRATCH: &str = ".plain";
/// What the name of the manifest of a backup that is being removed adds to the archive's name.
const REMOVING: &str = ".removing";

/// The folder `DIR/<database>`.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// A backup with its manifest.
#[derive(Debug, Clone)]
pub struct Archive {
    /// The archive: a file, or a directory.
    pub path: PathBuf,
    /// What it is.
    pub manifest: Manifest,
}

/// What the folder holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The backups, the newest first.
    pub archives: Vec<Archive>,
    /// Manifests that cannot be used, each with the reason.
    pub broken: Vec<BackupError>,
}

/// A backup being written: under a name that nobody takes for a backup. Dropped, it removes what was written.
pub struct Pending {
    path: PathBuf,
    /// Held locked while this process writes, so that what a killed run left is told from what is being written.
    guard: Option<File>,
    kept: bool,
}

impl Store {
    /// The backups of the database called `database` in the configuration, below `dir`.
    pub fn new(dir: &Path, database: &str) -> Store {
        Store { folder: dir.join(database) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder where it is missing, for its owner alone.
    ///
    /// # Errors
    /// [`BackupError::NotAFolder`] and [`BackupError::Io`].
    pub(super) fn create(&self) -> Result<(), BackupError> {
        if self.folder.exists() && !self.folder.is_dir() {
            return Err(BackupError::NotAFolder(self.folder.clone()));
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(BackupError::io("create", &self.folder))
    }

    /// Bytes an ordinary user may still write there; None where the file system does not tell.
    pub(super) fn free(&self) -> Option<u64> {
        let found = rustix::fs::statvfs(&self.folder).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Begins a backup called `name`: an empty file, or an empty directory.
    pub(super) fn begin(&self, name: &str, directory: bool) -> Result<Pending, BackupError> {
        let path = self.folder.join(format!("{name}{PARTIAL}"));
        let lock = with_suffix(&path, LOCK);
        let guard = new_file(&lock).map_err(BackupError::io("create", &lock))?;
        guard.try_lock().map_err(|error| BackupError::io("lock", &lock)(error.into()))?;
        let pending = Pending { path: path.clone(), guard: Some(guard), kept: false };
        if directory {
            DirBuilder::new().mode(0o700).create(&path).map_err(BackupError::io("create", &path))?;
        } else {
            new_file(&path).map_err(BackupError::io("create", &path))?;
        }
        Ok(pending)
    }

    /// A name that no backup has yet: `stem` with `extension`, or with a number behind the stem.
    pub(super) fn free_name(&self, stem: &str, extension: &str) -> String {
        let name = |number: usize| match number {
            1 => format!("{stem}.{extension}"),
            number => format!("{stem}-{number}.{extension}"),
        };
        let taken = |name: &String| {
            ["", MANIFEST, PARTIAL].iter().any(|suffix| self.folder.join(format!("{name}{suffix}")).exists())
        };
        (1..).map(name).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Puts right what killed runs left: what is half written or half removed goes, and an archive that is whole and
    /// lacks only its manifest's name gets it.
    pub(super) fn sweep(&self) -> Result<(), BackupError> {
        for path in self.entries()? {
            if let Some(archive) = path.to_str().and_then(|path| path.strip_suffix(REMOVING)) {
                remove(Path::new(archive))?;
                remove(&path)?;
            }
            let Some(partial) = path.to_str().and_then(|path| path.strip_suffix(LOCK)) else { continue };
            if !partial.ends_with(PARTIAL) {
                continue;
            }
            let abandoned = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
            if abandoned {
                let archive = partial.strip_suffix(PARTIAL).map(PathBuf::from).unwrap_or_default();
                let partial = Path::new(partial);
                if archive.exists() && manifest_path(partial).exists() {
                    let manifest = manifest_path(partial);
                    fs::rename(&manifest, manifest_path(&archive)).map_err(BackupError::io("rename", manifest))?;
                }
                for left in [partial.to_path_buf(), manifest_path(partial), with_suffix(partial, SCRATCH), path] {
                    remove(&left)?;
                }
            }
        }
        Ok(())
    }

    /// Every backup with a manifest. A folder that is not there holds none.
    ///
    /// # Errors
    /// [`BackupError::Io`] where the folder cannot be read.
    pub fn list(&self) -> Result<Listing, BackupError> {
        let mut listing = Listing::default();
        for path in self.entries()? {
            let unfinished = format!("{PARTIAL}{MANIFEST}");
            let is_manifest =
                path.to_str().is_some_and(|path| path.ends_with(MANIFEST) && !path.ends_with(&unfinished));
            if !is_manifest {
                continue;
            }
            match read_manifest(&path) {
                Ok(archive) => listing.archives.push(archive),
                Err(error) => listing.broken.push(error),
            }
        }
        let age = |archive: &Archive| (archive.manifest.started_at.clone(), archive.path.clone());
        listing.archives.sort_by_key(|archive| std::cmp::Reverse(age(archive)));
        Ok(listing)
    }

    /// Removes the backups that `keep` does not keep, and returns them.
    pub(super) fn prune(&self, keep: Keep, now: DateTime<Utc>) -> Result<Vec<Archive>, BackupError> {
        let archives = self.list()?.archives;
        let time = |archive: &Archive| {
            let parsed = DateTime::parse_from_rfc3339(&archive.manifest.started_at);
            parsed.map_or(now, |time| time.with_timezone(&Utc))
        };
        let taken_at: Vec<_> = archives.iter().map(time).collect();
        let mut removed = Vec::new();
        for index in retention::to_remove(&taken_at, keep, now) {
            let archive = &archives[index];
            // What is left of a removal that is interrupted no longer looks like a backup, and is known for what it is.
            let (manifest, removing) = (manifest_path(&archive.path), with_suffix(&archive.path, REMOVING));
            fs::rename(&manifest, &removing).map_err(BackupError::io("rename", manifest))?;
            fail_point::pass("backup to be removed");
            remove(&archive.path)?;
            fail_point::pass("backup removed");
            remove(&removing)?;
            removed.push(archive.clone());
        }
        Ok(removed)
    }

    fn entries(&self) -> Result<Vec<PathBuf>, BackupError> {
        match fs::read_dir(&self.folder) {
            Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(BackupError::io("read", &self.folder)(error)),
        }
    }
}

impl Archive {
    /// The backup at `path`, which names the archive or its manifest.
    ///
    /// # Errors
    /// [`BackupError::NotFound`], [`BackupError::NoManifest`] and [`BackupError::BadManifest`].
    pub fn open(path: &Path) -> Result<Archive, BackupError> {
        if path.extension().is_some_and(|extension| extension == "json") && path.is_file() {
            return read_manifest(path);
        }
        if !path.exists() {
            return Err(BackupError::NotFound(format!("at {}", path.display())));
        }
        let manifest = manifest_path(path);
        if manifest.exists() { read_manifest(&manifest) } else { Err(BackupError::NoManifest(path.to_path_buf())) }
    }

    /// Compares size and digest of every byte with the manifest.
    ///
    /// # Errors
    /// [`BackupError::Damaged`].
    pub async fn check_digest(&self) -> Result<(), BackupError> {
        let archive = self.clone();
        aside(&self.path, move || archive.compare_digests()).await
    }

    fn compare_digests(&self) -> Result<(), BackupError> {
        let damaged = |path: &Path, problem: String| BackupError::Damaged { path: path.to_path_buf(), problem };
        if self.manifest.files.is_empty() {
            let (bytes, sha256) = digest_of(&self.path)?;
            return compare(&self.path, (bytes, &sha256), (self.manifest.bytes, &self.manifest.sha256));
        }
        let listed = lines_digest(&self.manifest.files);
        if listed != self.manifest.sha256 {
            return Err(damaged(&manifest_path(&self.path), "its list of files was changed".to_owned()));
        }
        for file in &self.manifest.files {
            let path = self.path.join(&file.name);
            if !path.is_file() {
                return Err(damaged(&path, "it is missing".to_owned()));
            }
            let (bytes, sha256) = digest_of(&path)?;
            compare(&path, (bytes, &sha256), (file.bytes, &file.sha256))?;
        }
        Ok(())
    }
}

fn compare(path: &Path, found: (u64, &str), expected: (u64, &str)) -> Result<(), BackupError> {
    let damaged = |problem: String| Err(BackupError::Damaged { path: path.to_path_buf(), problem });
    if found.0 != expected.0 {
        return damaged(format!("it has {} bytes, {} were written", found.0, expected.0));
    }
    if found.1 != expected.1 {
        return damaged("its SHA-256 is not that of what was written".to_owned());
    }
    Ok(())
}

impl Pending {
    /// Where to write.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A second name for what is written before the archive itself; goes with it.
    pub(super) fn scratch(&self) -> PathBuf {
        with_suffix(&self.path, SCRATCH)
    }

    /// The empty file, for writing.
    pub(super) fn file(&self) -> Result<File, BackupError> {
        OpenOptions::new().write(true).open(&self.path).map_err(BackupError::io("open", &self.path))
    }

    /// Size and digests of the files of a finished directory, flushed to the disk.
    pub(super) async fn files(&self) -> Result<Vec<FileDigest>, BackupError> {
        let folder = self.path.clone();
        aside(&self.path, move || Self::files_in(&folder)).await
    }

    fn files_in(folder: &Path) -> Result<Vec<FileDigest>, BackupError> {
        let entries = fs::read_dir(folder).map_err(BackupError::io("read", folder))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let digest = |path: &PathBuf| {
            let own = fs::Permissions::from_mode(0o600);
            let flushed = File::open(path).and_then(|file| file.set_permissions(own).and_then(|()| file.sync_all()));
            flushed.map_err(BackupError::io("flush", path))?;
            let (bytes, sha256) = digest_of(path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(FileDigest { name, bytes, sha256 })
        };
        paths.iter().map(digest).collect()
    }

    /// Gives the flushed archive and its manifest their names, the archive first: what has a manifest is whole.
    pub(super) fn keep(mut self, manifest: Manifest) -> Result<Archive, BackupError> {
        let folder = self.path.parent().unwrap_or(Path::new(".")).to_path_buf();
        let path = folder.join(&manifest.archive);
        let named = manifest_path(&path);
        let partial = manifest_path(&self.path);
        let text = serde_json::to_string_pretty(&manifest)
            .map_err(|error| BackupError::BadManifest { path: named.clone(), problem: error.to_string() })?;
        let written = new_file(&partial).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        let result = written
            .map_err(BackupError::io("write", &partial))
            .inspect(|()| fail_point::pass("manifest written"))
            .and_then(|()| fs::rename(&self.path, &path).map_err(BackupError::io("rename", &self.path)))
            .inspect(|()| fail_point::pass("archive named"))
            .and_then(|()| fs::rename(&partial, &named).map_err(BackupError::io("rename", &partial)))
            .inspect(|()| fail_point::pass("manifest named"))
            // Names are on the disk once their folder is.
            .and_then(|()| {
                File::open(&folder).and_then(|dir| dir.sync_all()).map_err(BackupError::io("flush", &folder))
            });
        if result.is_err() {
            let _ = fs::remove_file(&partial);
        }
        result?;
        self.kept = true;
        Ok(Archive { path, manifest })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.kept {
            let _ = remove(&self.path);
        }
        let _ = remove(&self.scratch());
        self.guard = None;
        let _ = remove(&with_suffix(&self.path, LOCK));
    }
}

/// The digest of a directory: SHA-256 of the lines `<sha256>  <name>`, as `sha256sum` writes them.
pub(super) fn lines_digest(files: &[FileDigest]) -> String {
    let lines: String = files.iter().map(|file| format!("{}  {}\n", file.sha256, file.name)).collect();
    hex::encode(Sha256::digest(lines.as_bytes()))
}

fn manifest_path(archive: &Path) -> PathBuf {
    with_suffix(archive, MANIFEST)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn read_manifest(path: &Path) -> Result<Archive, BackupError> {
    let bad = |problem: String| BackupError::BadManifest { path: path.to_path_buf(), problem };
    let text = fs::read_to_string(path).map_err(BackupError::io("read", path))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    if manifest.format > MANIFEST_FORMAT {
        return Err(bad(format!("it was written by a newer dbwarden (format {})", manifest.format)));
    }
    // A name and nothing else: a manifest must not lead out of its folder.
    let plain = |name: &str| Path::new(name).file_name().is_some_and(|file| file == name);
    if !plain(&manifest.archive) || !manifest.files.iter().all(|file| plain(&file.name)) {
        return Err(bad("it names a file in another folder".to_owned()));
    }
    let archive = path.with_file_name(&manifest.archive);
    if !archive.exists() {
        return Err(bad(format!("its archive {} is missing", archive.display())));
    }
    Ok(Archive { path: archive, manifest })
}

fn digest_of(path: &Path) -> Result<(u64, String), BackupError> {
    let digest = File::open(path).and_then(|mut file| sink::digest(&mut file));
    digest.map(|written| (written.bytes, written.sha256)).map_err(BackupError::io("read", path))
}

/// A file that did not exist, for its owner alone.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn remove(path: &Path) -> Result<(), BackupError> {
    let removed = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BackupError::io("remove", path)(error)),
        _ => Ok(()),
    }
}
