//! From what JavaScript hands over to what the protocol makes of a password.

use tacit_shared::kdf::{self, KdfError, Memory, PasswordSecrets};
use tacit_shared::password::{self, PasswordError};
use tacit_shared::preset::Preset;
use tacit_shared::realm;
use tacit_shared::srp::{Identity, Salt};
use zeroize::Zeroizing;

use crate::Error;

/// A password in UTF-8, as it was typed and as the platform brought it to NFKC; wiped when dropped.
pub(crate) struct Password {
    typed: Zeroizing<Vec<u8>>,
    normalised: Zeroizing<Vec<u8>>,
}

/// Where a password is used: the realm it is bound to, and the host it is about to be used at.
pub(crate) struct Place<'a> {
    pub(crate) realm: &'a str,
    pub(crate) host: &'a str,
}

impl Password {
    pub(crate) fn new(typed: Vec<u8>, normalised: Vec<u8>) -> Self {
        Self { typed: Zeroizing::new(typed), normalised: Zeroizing::new(normalised) }
    }

    /// Stretches the password; nothing is derived for a host that is not the realm's, or from what cannot be one.
    pub(crate) fn derive(
        self,
        memory: &mut Memory,
        place: &Place<'_>,
        identity: &Identity,
        salt: &Salt,
        preset: &'static Preset,
    ) -> Result<PasswordSecrets, Error> {
        if !realm::check(place.realm, place.host) {
            return Err(Error::RealmMismatch);
        }
        let typed = std::str::from_utf8(&self.typed).map_err(|_| Error::PasswordUnassigned)?;
        let normalised = std::str::from_utf8(&self.normalised).map_err(|_| Error::PasswordUnassigned)?;
        password::check_both(typed, normalised)?;
        Ok(kdf::derive(memory, normalised, salt, preset, place.realm, identity)?)
    }
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Empty => Self::PasswordEmpty,
            PasswordError::TooLong => Self::PasswordTooLong,
            PasswordError::Unassigned => Self::PasswordUnassigned,
        }
    }
}

impl From<KdfError> for Error {
    fn from(error: KdfError) -> Self {
        match error {
            KdfError::Password(error) => error.into(),
            KdfError::Argon2 => Self::OutOfMemory,
            // A realm that fits a host is far shorter than its length prefix allows.
            KdfError::Encoding(_) => Self::Internal,
        }
    }
}
