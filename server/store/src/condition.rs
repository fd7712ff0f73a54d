//! What is known about the database beyond the answer to the last statement.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::error::{StoreError, StoreErrorKind};

/// How long a look at the file's name is good for, where nothing is acknowledged by it.
const LOOK_GOOD_FOR_MS: u64 = 10;

/// Shared by all connections of one [`Store`](crate::Store).
pub(crate) struct Condition {
    file: Option<OpenedFile>,
    writes_fail: AtomicBool,
    damaged: AtomicBool,
}

/// The file that was opened. SQLite goes on with it under whatever name it has by then, or none: what is written
/// would be lost with the process, and a file put in its place would never be looked at.
struct OpenedFile {
    path: PathBuf,
    identity: (u64, u64),
    opened: Instant,
    /// Until when it is believed to be in its place, in milliseconds since it was opened.
    good_until: AtomicU64,
}

impl Condition {
    /// Of a server's database.
    pub(crate) fn of_server() -> Arc<Self> {
        Arc::new(Self { file: None, writes_fail: AtomicBool::new(false), damaged: AtomicBool::new(false) })
    }

    /// Of a file that exists.
    pub(crate) fn of_file(path: &Path) -> Result<Arc<Self>, StoreError> {
        let identity = identity(path).map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, format!("the database file {}: {error}", path.display()))
        })?;
        let (opened, good_until) = (Instant::now(), AtomicU64::new(0));
        let file = Some(OpenedFile { path: path.to_owned(), identity, opened, good_until });
        Ok(Arc::new(Self { file, writes_fail: AtomicBool::new(false), damaged: AtomicBool::new(false) }))
    }

    /// Refuses a file that is no longer where it was opened.
    pub(crate) fn check_file(&self) -> Result<(), StoreError> {
        let Some(file) = &self.file else { return Ok(()) };
        let good_until = file.millis() + LOOK_GOOD_FOR_MS;
        if identity(&file.path).is_ok_and(|found| found == file.identity) {
            file.good_until.store(good_until, Ordering::Relaxed);
            return Ok(());
        }
        // Whoever comes next looks for themselves.
        file.good_until.store(0, Ordering::Relaxed);
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            format!(
                "the database file {} is not the one this server opened: it was moved, removed or replaced; put it back, \
                 or restart the server to use what is there now",
                file.path.display()
            ),
        ))
    }

    /// The same now and then: for what reads, or is yet to be committed. A look costs a system call, and a login
    /// would take five.
    pub(crate) fn check_file_lately(&self) -> Result<(), StoreError> {
        match &self.file {
            Some(file) if file.millis() < file.good_until.load(Ordering::Relaxed) => Ok(()),
            _ => self.check_file(),
        }
    }

    /// Takes note of a failure.
    pub(crate) fn note(&self, error: &StoreError, of_a_writer: bool) {
        match error.kind() {
            StoreErrorKind::Damaged => self.damaged.store(true, Ordering::Relaxed),
            StoreErrorKind::Unavailable | StoreErrorKind::Busy if of_a_writer => {
                self.writes_fail.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// Whether a write failed for reasons of the database's own, and none has been seen to work since.
    pub(crate) fn writes_fail(&self) -> bool {
        self.writes_fail.load(Ordering::Relaxed)
    }

    /// A write worked that really changed something.
    pub(crate) fn writes_again(&self) {
        self.writes_fail.store(false, Ordering::Relaxed);
    }

    /// Refuses a database in which damage was found: that does not go away by itself.
    pub(crate) fn check_damage(&self) -> Result<(), StoreError> {
        if self.damaged.load(Ordering::Relaxed) {
            return Err(StoreError::new(StoreErrorKind::Damaged, "damage was found in the database: restore a backup"));
        }
        Ok(())
    }
}

impl OpenedFile {
    fn millis(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Device and number: what stays the same under another name and differs from any other file.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = path.metadata()?;
    Ok((found.dev(), found.ino()))
}
