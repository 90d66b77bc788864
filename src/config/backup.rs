use std::path::{Path, PathBuf};

use super::build::Builder;
use super::describe::SettingDescription;
use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use crate::backup::{DumpFormat, Keep, Settings};

/// The levels zstd compresses at without asking for more memory (<https://facebook.github.io/zstd/>).
const ZSTD_LEVELS: std::ops::RangeInclusive<i32> = 1..=19;

/// More processes than this help no server.
const MOST_JOBS: usize = 64;

impl Builder<'_> {
    /// How backups are made and kept, and what `dbwarden config` shows of it.
    pub(super) fn backup(&self) -> Result<(Settings, Vec<SettingDescription>), ConfigError> {
        let mut shown = Vec::new();
        let mut show = |key: &str, value: String, origin: &Origin| {
            shown.push(SettingDescription::new(key, value, origin));
        };
        let dir = match &self.flags.backup_dir {
            Some(path) => Sourced { value: self.cwd.join(path), origin: Origin::Flag("--backup-dir") },
            None => match self.path("backup_dir")? {
                Some(dir) => dir,
                None => Sourced { value: self.base.join("backups"), origin: Origin::Default },
            },
        };
        show("backup_dir", dir.value.display().to_string(), &dir.origin);
        let keep = self.number("backup_keep", "1 or more", |count: usize| count >= 1)?;
        let days = self.number("backup_keep_days", "1 or more", |days: u32| days >= 1)?;
        let compression =
            self.number("backup_compression", "a zstd level, 1 to 19", |level| ZSTD_LEVELS.contains(&level))?;
        let jobs = self.number("backup_jobs", "1 to 64", |jobs| (1..=MOST_JOBS).contains(&jobs))?;
        let format =
            self.choice("backup_format", [("custom", DumpFormat::Custom), ("directory", DumpFormat::Directory)])?;
        let (dump_program, restore_program) = (self.program("dump_program")?, self.program("restore_program")?);
        for (key, number) in [
            ("backup_keep", keep.as_ref().map(|keep| (keep.value.to_string(), &keep.origin))),
            ("backup_keep_days", days.as_ref().map(|days| (days.value.to_string(), &days.origin))),
            ("backup_compression", compression.as_ref().map(|level| (level.value.to_string(), &level.origin))),
            ("backup_jobs", jobs.as_ref().map(|jobs| (jobs.value.to_string(), &jobs.origin))),
            ("dump_program", dump_program.as_ref().map(|path| (path.value.display().to_string(), &path.origin))),
            ("restore_program", restore_program.as_ref().map(|path| (path.value.display().to_string(), &path.origin))),
        ] {
            if let Some((value, origin)) = number {
                show(key, value, origin);
            }
        }
        let settings = Settings {
            dir: dir.value,
            keep: Keep { count: keep.map(|keep| keep.value), days: days.map(|days| days.value) },
            compression: compression.map(|level| level.value),
            format: format.value,
            jobs: jobs.map_or(1, |jobs| jobs.value),
            dump_program: dump_program.map(|path| path.value),
            restore_program: restore_program.map(|path| path.value),
            search_path: self
                .environment
                .get("PATH")
                .map_or_else(Vec::new, |path| std::env::split_paths(path).collect()),
        };
        Ok((settings, shown))
    }

    /// A path: what a variable says is meant where the command was started, what the file says beside the file.
    fn path(&self, key: &str) -> Result<Option<Sourced<PathBuf>>, ConfigError> {
        Ok(self.text(key)?.map(|Sourced { value, origin }| {
            let base = if matches!(origin, Origin::File { .. }) { self.base } else { self.cwd };
            Sourced { value: base.join(value).components().collect(), origin }
        }))
    }

    /// A program: a mere name is looked for on the PATH.
    fn program(&self, key: &str) -> Result<Option<Sourced<PathBuf>>, ConfigError> {
        match self.text(key)? {
            Some(Sourced { value, origin }) if Path::new(&value).components().count() == 1 => {
                Ok(Some(Sourced { value: PathBuf::from(value), origin }))
            }
            _ => self.path(key),
        }
    }

    fn number<T: std::str::FromStr + Copy>(
        &self,
        key: &str,
        expected: &str,
        fits: impl Fn(T) -> bool,
    ) -> Result<Option<Sourced<T>>, ConfigError> {
        let Some(Sourced { value, origin }) = self.text(key)? else { return Ok(None) };
        match value.trim().parse() {
            Ok(number) if fits(number) => Ok(Some(Sourced { value: number, origin })),
            _ => Err(ConfigError::InvalidValue { origin, key: key.to_string(), expected: expected.to_string() }),
        }
    }
}
