//! A copy of a SQLite database in use.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection as _, query};

use crate::backend::{Pools, Store};
use crate::error::{StoreError, StoreErrorKind};

const COPY: &str = "VACUUM INTO $1";

impl Store {
    /// Writes a consistent copy of the database to a new file, readable by its owner only, while others go on.
    ///
    /// The copy is made under another name beside it and takes `path` once it is complete and on disk; a copy
    /// that fails leaves nothing behind.
    ///
    /// # Errors
    /// [`StoreErrorKind::FileExists`] when there is a file at `path`; [`StoreErrorKind::Unsupported`] on PostgreSQL
    /// (it has tools of its own) and of a database that was never set up; [`StoreErrorKind::Unavailable`] when the file cannot be written; any failure of
    /// the database.
    pub async fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        let Pools::Sqlite { writer, .. } = &self.pools else {
            return Err(StoreError::new(
                StoreErrorKind::Unsupported,
                "PostgreSQL is backed up with its own tools, such as pg_dump",
            ));
        };
        // Told before the long part; the name itself is taken at the end, so that whoever is killed leaves no empty file there.
        if path.symlink_metadata().is_ok() {
            return Err(file_error(path, &io::ErrorKind::AlreadyExists.into()));
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".partial");
        let partial = NewFile::create(Path::new(&beside))?;
        let target = partial
            .path
            .to_str()
            .ok_or_else(|| StoreError::new(StoreErrorKind::Unsupported, "the path of the copy is not valid UTF-8"))?;

        if matches!(self.found().await, Ok(found) if found.is_blank()) {
            return Err(StoreError::new(
                StoreErrorKind::Unsupported,
                "the database was never set up: there is nothing to copy",
            ));
        }

        // A connection of its own: the pool's writer stays free for others.
        let mut connection = writer.options().connect().await?;
        query(COPY).bind(target).execute(&mut connection).await?;
        connection.close().await?;

        let path = path.to_owned();
        tokio::task::spawn_blocking(move || complete(partial, &path))
            .await
            .map_err(|error| StoreError::new(StoreErrorKind::Other, error.to_string()))?
    }
}

/// A file created for its owner only, removed again unless it is kept.
struct NewFile {
    path: PathBuf,
    kept: bool,
}

impl NewFile {
    fn create(path: &Path) -> Result<Self, StoreError> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(_) => Ok(Self { path: path.to_owned(), kept: false }),
            Err(error) => Err(file_error(path, &error)),
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing more can be done about a file that cannot be removed; the failure itself is reported.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Gives the finished copy its name, after its bytes and before the directory entry are on disk.
fn complete(mut partial: NewFile, path: &Path) -> Result<(), StoreError> {
    File::open(&partial.path).and_then(|file| file.sync_all()).map_err(|error| file_error(&partial.path, &error))?;
    // A file that somebody made meanwhile is not written over.
    let mut reserved = NewFile::create(path)?;
    if let Err(error) = std::fs::rename(&partial.path, path) {
        return Err(file_error(path, &error));
    }
    partial.kept = true;
    reserved.kept = true;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| file_error(path, &error))
}

fn file_error(path: &Path, error: &io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::AlreadyExists => StoreErrorKind::FileExists,
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::new(kind, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
