//! Migration files on disk: the only place that reads and writes them.
#![allow(clippy::disallowed_methods, reason = "this is the room the ban on std::fs names")]

use std::ffi::OsString;
use std::fs::FileType;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

mod folder;
mod threads;

use crate::dialect::Engine;
use crate::model::{Catalog, CatalogError, Migration};
use crate::parse::{self, ParseError};
use folder::{Folder, Reader};

/// Migration files that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder does not exist.
    #[error("there is no folder {}", .0.display())]
    MissingFolder(PathBuf),
    /// There is something else in the folder's place.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// A folder whose name ends in `.sql`.
    #[error("{} is a folder, where a migration file is expected", .0.display())]
    FolderNamedAsFile(PathBuf),
    /// A symbolic link that leads back to itself.
    #[error("{} is a symbolic link that leads back to itself", .0.display())]
    LinkLoop(PathBuf),
    /// A symbolic link to nothing.
    #[error("{} is a symbolic link to a file that does not exist", .0.display())]
    BrokenLink(PathBuf),
    /// A socket, a pipe or a device: reading one might never end.
    #[error("{} is neither a file nor a link to one", .0.display())]
    NotAFile(PathBuf),
    /// The operating system refuses to read a file or a folder.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The operating system refuses to write a file or a folder.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file to write is there already.
    #[error("{} exists already", .0.display())]
    AlreadyExists(PathBuf),
    /// Files that cannot be parsed: every problem of every file.
    #[error("{}", joined(.0))]
    Parse(Vec<ParseError>),
    /// Files that cannot be used together.
    #[error("{}", joined(.0))]
    Catalog(Vec<CatalogError>),
}

fn joined<E: ToString>(errors: &[E]) -> String {
    errors.iter().map(E::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads all migration files of `database` in `dir`. Not recursive; other files, and files whose name has the prefix
/// of another database, are ignored. `display_dir` stands for `dir` in everything shown to people.
///
/// # Errors
/// The first file that cannot be read, else all problems of all files, else how they contradict each other.
pub fn read_catalog(engine: Engine, database: &str, dir: &Path, display_dir: &Path) -> Result<Catalog, SourceError> {
    let files = list(database, dir, display_dir)?;
    let folder = Folder::open(dir).map_err(|source| unreadable(display_dir, source))?;
    let next = AtomicUsize::new(0);
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = threads::count(files.len(), files.iter().map(|file| file.bytes).sum(), processors);
    let work = || -> Vec<(usize, Parsed)> {
        threads::make_room(files.len() / workers);
        let mut reader = Reader::new(&folder);
        let mut take = || {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let file = files.get(index)?;
            let display_path = display_dir.join(&file.name);
            let bytes = reader.read(&file.name).map_err(|source| unreadable(&display_path, source));
            // Where it is made it stays: only the pointer goes from hand to hand.
            let parse = |bytes| parse::migration(engine, &display_path, bytes).map(Arc::new);
            Some((index, bytes.map(parse)))
        };
        std::iter::from_fn(&mut take).collect()
    };
    // This thread is one of them.
    let mut parsed: Vec<(usize, Parsed)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut parsed = work();
        for other in others {
            match other.join() {
                Ok(more) => parsed.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parsed
    });
    parsed.sort_unstable_by_key(|(index, _)| *index);

    let (mut migrations, mut errors) = (Vec::with_capacity(parsed.len()), Vec::new());
    for (_, parsed) in parsed {
        match parsed? {
            Ok(migration) => migrations.push(migration),
            Err(problems) => errors.extend(problems),
        }
    }
    if !errors.is_empty() {
        return Err(SourceError::Parse(errors));
    }
    Catalog::of_shared(migrations).map_err(SourceError::Catalog)
}

/// A file that cannot be read ends it all; one that cannot be parsed is reported with the others.
type Parsed = Result<Result<Arc<Migration>, Vec<ParseError>>, SourceError>;

struct Entry {
    name: OsString,
    /// 0 where it decides nothing.
    bytes: u64,
}

/// The names of the `.sql` files in `dir` that may be this database's, in order. `display_dir` stands for `dir` in
/// errors.
pub fn file_names(database: &str, dir: &Path, display_dir: &Path) -> Result<Vec<OsString>, SourceError> {
    Ok(names_and_types(database, dir, display_dir)?.into_iter().map(|(name, _)| name).collect())
}

/// The same, each with what the folder itself says it is, where it does.
fn names_and_types(
    database: &str,
    dir: &Path,
    display_dir: &Path,
) -> Result<Vec<(OsString, Option<FileType>)>, SourceError> {
    let of_folder = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => SourceError::MissingFolder(display_dir.to_path_buf()),
        io::ErrorKind::NotADirectory => SourceError::NotAFolder(display_dir.to_path_buf()),
        _ => unreadable(display_dir, source),
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(of_folder)? {
        let entry = entry.map_err(of_folder)?;
        let name = entry.file_name();
        let is_sql = Path::new(&name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
        let others = |name: &str| {
            // Only this parts a database's name from the rest.
            let may_have_prefix = name.as_bytes().windows(2).any(|pair| pair == b"__");
            let prefix = may_have_prefix.then(|| parse::file_name(name).ok()?.database).flatten();
            prefix.is_some_and(|prefix| prefix != database)
        };
        if (is_sql || name == ".sql") && !name.to_str().is_some_and(others) {
            names.push((name, entry.file_type().ok()));
        }
    }
    names.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(names)
}

/// The files of [`file_names`], each of which must be one.
fn list(database: &str, dir: &Path, display_dir: &Path) -> Result<Vec<Entry>, SourceError> {
    let names = names_and_types(database, dir, display_dir)?;
    let sizes_matter = names.len() < threads::PARALLEL_FILES;
    names
        .into_iter()
        .map(|(name, file_type)| {
            // Of many files the folder's word is enough: to ask for each costs as much as to read it.
            let is_file = file_type.is_some_and(|file_type| file_type.is_file());
            let bytes =
                if is_file && !sizes_matter { 0 } else { regular_file(&dir.join(&name), &display_dir.join(&name))? };
            Ok(Entry { name, bytes })
        })
        .collect()
}

/// The size of the file that `path` is or leads to.
fn regular_file(path: &Path, display_path: &Path) -> Result<u64, SourceError> {
    let shown = || display_path.to_path_buf();
    let metadata = std::fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SourceError::BrokenLink(shown()),
        _ => unreadable(display_path, source),
    })?;
    if metadata.is_dir() {
        Err(SourceError::FolderNamedAsFile(shown()))
    } else if metadata.is_file() {
        Ok(metadata.len())
    } else {
        Err(SourceError::NotAFile(shown()))
    }
}

fn unreadable(path: &Path, source: io::Error) -> SourceError {
    // io::ErrorKind has no stable name for it.
    if source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return SourceError::LinkLoop(path.to_path_buf());
    }
    SourceError::Unreadable { path: path.to_path_buf(), source }
}

/// Reads single files, whatever folder they are in, in the order given.
///
/// # Errors
/// As [`read_catalog`].
pub fn read_files(engine: Engine, paths: &[&PathBuf]) -> Result<Vec<Migration>, SourceError> {
    let (mut migrations, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        // What a name typed wrong leads to is no broken link.
        std::fs::symlink_metadata(path).map_err(|source| unreadable(path, source))?;
        regular_file(path, path)?;
        let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
        match parse::migration(engine, path, bytes) {
            Ok(migration) => migrations.push(migration),
            Err(problems) => errors.extend(problems),
        }
    }
    if errors.is_empty() { Ok(migrations) } else { Err(SourceError::Parse(errors)) }
}

/// Whether `file` is directly in `folder`, however either is written.
pub fn is_in(file: &Path, folder: &Path) -> bool {
    let parent = match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return false,
    };
    matches!((parent.canonicalize(), folder.canonicalize()), (Ok(parent), Ok(folder)) if parent == folder)
}

/// Writes a file that does not exist yet and returns its path.
///
/// # Errors
/// [`SourceError::AlreadyExists`] where it does: what is there is never touched.
pub fn write_new(dir: &Path, file_name: &str, content: &str) -> Result<PathBuf, SourceError> {
    let path = dir.join(file_name);
    let unwritable = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => SourceError::AlreadyExists(path.clone()),
        io::ErrorKind::NotFound => SourceError::MissingFolder(dir.to_path_buf()),
        io::ErrorKind::NotADirectory => SourceError::NotAFolder(dir.to_path_buf()),
        _ => SourceError::Unwritable { path: path.clone(), source },
    };
    let mut file = std::fs::File::create_new(&path).map_err(unwritable)?;
    io::Write::write_all(&mut file, content.as_bytes()).map_err(unwritable)?;
    Ok(path)
}

/// Makes a folder and those above it; one that is there already is fine.
pub fn create_dir(dir: &Path) -> Result<(), SourceError> {
    std::fs::create_dir_all(dir).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => SourceError::NotAFolder(dir.to_path_buf()),
        _ => SourceError::Unwritable { path: dir.to_path_buf(), source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-- upgrade\nselect 1;\n-- rollback\nselect 2;\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in files {
            write_new(folder.path(), name, content).expect(name);
        }
        folder
    }

    fn read_all(folder: &tempfile::TempDir) -> Result<Catalog, SourceError> {
        read_catalog(Engine::Sqlite, "primary", folder.path(), Path::new("migrations"))
    }

    fn names(catalog: &Catalog) -> Vec<&str> {
        catalog.iter().map(|migration| migration.file_name.as_str()).collect()
    }

    #[test]
    fn reads_its_own_files_and_no_others() {
        let names_in_folder = ["2_b.sql", "primary__10_c.sql", "1_a.sql", "other__3_x.sql", "README.md", "ROC__v.sql"];
        let folder = folder(&names_in_folder.map(|name| (name, FILE)));
        create_dir(&folder.path().join("4_nested/deeper")).expect("a folder");
        let catalog = read_all(&folder).expect("a catalog");
        assert_eq!(names(&catalog), ["1_a.sql", "2_b.sql", "primary__10_c.sql", "ROC__v.sql"]);
        assert_eq!(catalog.versioned()[0].path, Path::new("migrations/1_a.sql"));
    }

    #[test]
    fn many_files_are_read_in_parallel_and_stay_in_order() {
        let folder = folder(&[]);
        for version in (1..=500).rev() {
            write_new(folder.path(), &format!("{version}_x.sql"), FILE).expect("a file");
        }
        let catalog = read_all(&folder).expect("a catalog");
        assert_eq!(catalog.versioned().len(), 500);
        assert_eq!(catalog.versioned()[499].file_name, "500_x.sql");
    }

    #[cfg(unix)]
    #[test]
    fn problems_are_told_in_the_order_of_the_names_whoever_found_them() {
        let folder = folder(&[]);
        for version in 1000..1300 {
            let content = if version % 7 == 0 { "select 1" } else { FILE };
            write_new(folder.path(), &format!("{version}_x.sql"), content).expect("a file");
        }
        let Err(SourceError::Parse(errors)) = read_all(&folder) else { panic!("some are wrong") };
        let files: Vec<_> = errors.iter().map(|error| error.path.clone()).collect();
        assert!(files.is_sorted() && errors.len() >= 43, "{files:?}");

        for version in [1250, 1130] {
            let path = folder.path().join(format!("{version}_x.sql"));
            std::fs::remove_file(&path).expect("the file");
            std::os::unix::fs::symlink("nothing", path).expect("a link");
        }
        assert!(matches!(read_all(&folder), Err(SourceError::BrokenLink(path)) if path.ends_with("1130_x.sql")));
    }

    #[test]
    fn every_problem_of_every_file_is_told() {
        let folder = folder(&[("1_a.sql", "select 1"), ("V2__b.sql", FILE), ("3_c.sql", "-- upgrade\nselect '\n")]);
        let Err(SourceError::Parse(errors)) = read_all(&folder) else { panic!("three files are wrong") };
        let mut files: Vec<_> = errors.iter().map(|error| error.path.display().to_string()).collect();
        files.dedup();
        assert_eq!(files, ["migrations/1_a.sql", "migrations/3_c.sql", "migrations/V2__b.sql"]);
    }

    #[test]
    fn equal_versions_are_told() {
        let folder = folder(&[("1_a.sql", FILE), ("01_b.sql", FILE)]);
        assert!(matches!(read_all(&folder), Err(SourceError::Catalog(_))));
    }

    #[test]
    fn what_is_no_file_has_its_own_error() {
        let missing = Path::new("no/such/folder");
        assert!(matches!(
            read_catalog(Engine::Sqlite, "primary", missing, missing),
            Err(SourceError::MissingFolder(path)) if path == missing
        ));
        let file = folder(&[("plain", "")]);
        let path = file.path().join("plain");
        assert!(matches!(read_catalog(Engine::Sqlite, "p", &path, &path), Err(SourceError::NotAFolder(_))));

        let directory = folder(&[]);
        create_dir(&directory.path().join("1_x.sql")).expect("a folder");
        assert!(matches!(read_all(&directory), Err(SourceError::FolderNamedAsFile(_))));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_for_ever() {
        use std::os::unix::fs::symlink;
        let target = folder(&[("elsewhere", FILE)]);
        let links = folder(&[]);
        symlink(target.path().join("elsewhere"), links.path().join("1_a.sql")).expect("a link");
        assert_eq!(names(&read_all(&links).expect("a catalog")), ["1_a.sql"]);

        symlink("2_b.sql", links.path().join("2_b.sql")).expect("a link");
        assert!(matches!(read_all(&links), Err(SourceError::LinkLoop(path)) if path.ends_with("2_b.sql")));

        let broken = folder(&[]);
        symlink("nothing", broken.path().join("1_a.sql")).expect("a link");
        assert!(matches!(read_all(&broken), Err(SourceError::BrokenLink(_))));
    }

    #[test]
    fn never_overwrites() {
        let folder = folder(&[("1_a.sql", FILE)]);
        assert!(matches!(write_new(folder.path(), "1_a.sql", "other"), Err(SourceError::AlreadyExists(_))));
        assert_eq!(std::fs::read_to_string(folder.path().join("1_a.sql")).expect("the file"), FILE);
    }
}
