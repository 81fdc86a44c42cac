//! Logs in files of a day each, deleted when they are older than the law lets them be kept (CNIL 2021-122: six to twelve
//! months). Without a folder, the log goes to the standard error output, and whoever runs the program keeps it.

pub mod events;
pub mod line;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use chrono::{Months, NaiveDate};
use tracing_appender::rolling::{RollingFileAppender, Rotation};

const PREFIX: &str = "psypre";
const SUFFIX: &str = "log";
/// The fewest and the most months that logs are kept.
const MONTHS: std::ops::RangeInclusive<u32> = 6..=12;

/// Where logs are kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logs {
    /// `PSYPRE_LOG_FOLDER`.
    pub folder: PathBuf,
    /// `PSYPRE_LOG_MONTHS`.
    pub months: u32,
}

impl Logs {
    /// Reads the settings; `None` when no folder is named.
    ///
    /// # Errors
    /// Says which number of months is not one that logs may be kept.
    pub fn from_vars(var: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>, String> {
        let text = var("PSYPRE_LOG_MONTHS").unwrap_or_else(|| MONTHS.end().to_string());
        let months = text.trim().parse().ok().filter(|months| MONTHS.contains(months)).ok_or_else(|| {
            format!("PSYPRE_LOG_MONTHS must be from {} to {} months, not {text:?}", MONTHS.start(), MONTHS.end())
        })?;
        Ok(var("PSYPRE_LOG_FOLDER").map(|folder| Self { folder: folder.into(), months }))
    }

    /// What writes to the file of the day; makes the folder, which only the account that runs the program may read.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn writer(&self) -> Result<RollingFileAppender, String> {
        let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", self.folder.display());
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(|e| failed(&e))?;
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(PREFIX)
            .filename_suffix(SUFFIX)
            .build(&self.folder)
            .map_err(|e| failed(&e))
    }

    /// Deletes the files of days that are too old; tells how many.
    ///
    /// # Errors
    /// When the folder cannot be read, or a file not deleted.
    pub fn purge(&self, today: NaiveDate) -> std::io::Result<usize> {
        let Some(oldest) = today.checked_sub_months(Months::new(self.months)) else { return Ok(0) };
        let mut deleted = 0;
        for file in std::fs::read_dir(&self.folder)? {
            let path = file?.path();
            if day_of(&path).is_some_and(|day| day < oldest) {
                std::fs::remove_file(path)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}

/// The day of one of our files: `psypre.2026-11-20.log`.
fn day_of(path: &Path) -> Option<NaiveDate> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix(PREFIX)?.strip_prefix('.')?.strip_suffix(SUFFIX)?.strip_suffix('.')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Option<Logs>, String> {
        Logs::from_vars(&|name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn logs_are_kept_from_six_months_to_a_year() {
        assert_eq!(read(&[]), Ok(None));
        let folder = ("PSYPRE_LOG_FOLDER", "/var/log/psypre");
        assert_eq!(read(&[folder]).unwrap().unwrap().months, 12);
        assert_eq!(read(&[folder, ("PSYPRE_LOG_MONTHS", "6")]).unwrap().unwrap().months, 6);
        for wrong in ["5", "13", "x"] {
            assert!(read(&[folder, ("PSYPRE_LOG_MONTHS", wrong)]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_has_its_file_and_old_ones_go_away() {
        use std::io::Write;
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let logs = Logs { folder: parent.path().join("logs"), months: 6 };
        logs.writer().unwrap().write_all(b"a line\n").unwrap();
        assert_eq!(std::fs::metadata(&logs.folder).unwrap().permissions().mode() & 0o777, 0o700);
        let names = || {
            let mut names: Vec<_> = std::fs::read_dir(&logs.folder)
                .unwrap()
                .map(|e| e.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let [written] = names().try_into().unwrap();
        let day = day_of(Path::new(&written)).expect("the file of a day is known by its name");
        for name in
            ["psypre.2025-05-19.log", "psypre.2025-05-20.log", "psypre.2025-05-19.log.gz", "other.2020-01-01.log"]
        {
            std::fs::write(logs.folder.join(name), "x").unwrap();
        }
        assert_eq!(logs.purge("2025-11-20".parse().unwrap()).unwrap(), 1);
        let mut left =
            vec!["other.2020-01-01.log", "psypre.2025-05-19.log.gz", "psypre.2025-05-20.log", written.as_str()];
        left.sort_unstable();
        assert_eq!(names(), left);
        assert_eq!(logs.purge(day.checked_add_months(Months::new(7)).unwrap()).unwrap(), 2);
    }
}
