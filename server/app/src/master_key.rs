//! Where the master key is read, and made when there is none yet

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use tacit_domain::keyring::MasterKey;
use tacit_shared::Entropy;
use tacit_shared::encoding;
use zeroize::Zeroizing;

use crate::config::{Config, MasterKeySource};

/// Why there is no usable master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Several nodes share one database, so none may make up a key of its own.
    #[error(
        "a master key must be configured on PostgreSQL. Make one with `(umask 077; tacit keys new-master > master.key)`, keep a copy \
         in a safe place, and set master_key.file (TACIT_MASTER_KEY__FILE) to it on every node"
    )]
    NotConfigured,
    /// The database was used with a key, and it is gone.
    #[error(
        "{0} is missing, and the database was made with it. Put it back from your backup: without it no stored password \
         can be checked"
    )]
    Missing(PathBuf),
    /// Reading failed.
    #[error("the master key file {0} cannot be read: {1}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// Others on the machine can read it.
    #[error("the master key file {0} can be read by others (mode {1:03o}): run `chmod 600 {0}`")]
    Exposed(PathBuf, u32),
    /// The file holds something else.
    #[error("the master key file {0} must hold 64 hex characters, as `tacit keys new-master` prints them")]
    Malformed(PathBuf),
    /// `master_key.value` is something else.
    #[error("master_key.value must be 64 hex characters, as `tacit keys new-master` prints them")]
    MalformedValue,
    /// Writing failed.
    #[error("the master key file {0} cannot be made: {1}")]
    Unwritable(PathBuf, #[source] io::Error),
}

/// The key that is there before anything else is: the one the configuration names, or the one beside the database.
pub(crate) fn existing(config: &Config) -> Result<Option<MasterKey>, MasterKeyError> {
    match &config.master_key {
        Some(source) => named(source).map(Some),
        None => beside_database(config).filter(|path| path.exists()).map(|path| read(&path)).transpose(),
    }
}

fn named(source: &MasterKeySource) -> Result<MasterKey, MasterKeyError> {
    match source {
        MasterKeySource::Value(value) => MasterKey::parse(value.expose_secret()).ok_or(MasterKeyError::MalformedValue),
        MasterKeySource::File(path) => read(path),
    }
}

/// The key the configuration names; on SQLite otherwise the file beside the database, made if the database is new.
pub(crate) fn obtain(config: &Config, pinned: bool, entropy: &dyn Entropy) -> Result<MasterKey, MasterKeyError> {
    if let Some(source) = &config.master_key {
        return named(source);
    }
    let path = beside_database(config).ok_or(MasterKeyError::NotConfigured)?;
    if !path.exists() {
        if pinned {
            return Err(MasterKeyError::Missing(path));
        }
        create(&path, entropy).map_err(|error| MasterKeyError::Unwritable(path.clone(), error))?;
        tracing::warn!(file = %path.display(), "made a new master key; back it up: losing it loses all passwords");
    }
    read(&path)
}

/// A fresh key in its written form.
pub(crate) fn generate(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    entropy.fill(&mut *bytes);
    Zeroizing::new(encoding::to_hex(&*bytes))
}

/// `tacit.db` has `tacit.key`.
fn beside_database(config: &Config) -> Option<PathBuf> {
    config.database.url.sqlite_file().map(|file| file.with_extension("key"))
}

/// The key in a file that only its owner can read.
pub(crate) fn read(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let unreadable = |error| MasterKeyError::Unreadable(path.to_owned(), error);
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed(path.to_owned(), mode));
    }
    let text = Zeroizing::new(io::read_to_string(file).map_err(unreadable)?);
    MasterKey::parse(&text).ok_or_else(|| MasterKeyError::Malformed(path.to_owned()))
}

/// Written beside and then linked into place, so that of two processes starting at once one wins and no half is read.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut suffix = [0u8; 8];
    entropy.fill(&mut suffix);
    let draft = path.with_extension(format!("{}.new", encoding::to_hex(&suffix)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = writeln!(file, "{}", *generate(entropy)).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }?;
    File::open(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests;
