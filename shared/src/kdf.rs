//! From the password to the secrets that stand for it: Argon2id, then HKDF.
//!
//! Everything that gives a secret its meaning goes into `info`, so a changed parameter makes a login fail instead of
//! weakening it, and a proof made for one realm is of no use in another.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use crate::{
    encoding::{EncodingError, fields, to_hex},
    hash::expand,
    password::{self, PasswordError},
    preset::Preset,
    srp::{Identity, PROFILE, Salt},
};

/// The first item of every `info`.
pub const VERSION: &str = "tacit/v1";

/// Why nothing could be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KdfError {
    /// The text cannot be a password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The realm is too long for its length prefix.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// Parameters outside what Argon2 takes, or no memory for them.
    #[error("Argon2 could not run with these parameters")]
    Argon2,
}

/// What a password becomes.
pub struct PasswordSecrets {
    /// `P`: 64 lower-case hex digits that take the password's place in `x`.
    pub login: Zeroizing<String>,
    /// `W`: never leaves the client; the key for the user's own data key.
    pub wrap: Zeroizing<[u8; 32]>,
}

/// The memory that stretching takes, wiped when dropped: the last block gives `master` away.
///
/// To have and to touch it takes as long as a part of the stretching, so it can be made while something else is waited for.
#[derive(Default)]
pub struct Memory(Zeroizing<Vec<Block>>);

impl Memory {
    /// As much as a preset needs.
    ///
    /// # Errors
    /// [`KdfError::Argon2`] where it is not to be had.
    pub fn new(preset: &Preset) -> Result<Self, KdfError> {
        let mut memory = Self::default();
        memory.blocks(&params(preset)?)?;
        Ok(memory)
    }

    /// The blocks, made where they are missing.
    fn blocks(&mut self, params: &Params) -> Result<&mut [Block], KdfError> {
        let missing = params.block_count().saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).map_err(|_| KdfError::Argon2)?;
        if missing > 0 {
            self.0.resize(params.block_count(), Block::default());
        }
        self.0.get_mut(..params.block_count()).ok_or(KdfError::Argon2)
    }
}

/// Derives `P` and `W` from a password in normal form NFKC.
///
/// # Errors
/// [`KdfError`] where the text cannot be a password, or the memory is not to be had.
pub fn derive(
    memory: &mut Memory,
    password_nfkc: &str,
    salt: &Salt,
    preset: &Preset,
    realm: &str,
    identity: &Identity,
) -> Result<PasswordSecrets, KdfError> {
    password::check(password_nfkc)?;
    let login_info = info("login", realm, preset, identity)?;
    let wrap_info = info("wrap", realm, preset, identity)?;

    let master = stretch(memory, password_nfkc, salt, preset)?;
    let login = expand(master.as_slice(), &login_info);
    let wrap = expand(master.as_slice(), &wrap_info);
    Ok(PasswordSecrets { login: Zeroizing::new(to_hex(login.as_slice())), wrap })
}

/// `info = F("tacit/v1", label, realm, profile, group, KDF parameters, identity)`.
fn info(label: &str, realm: &str, preset: &Preset, identity: &Identity) -> Result<Vec<u8>, EncodingError> {
    fields(&[
        VERSION.as_bytes(),
        label.as_bytes(),
        realm.as_bytes(),
        PROFILE.as_bytes(),
        preset.group.id().as_bytes(),
        preset.kdf_text().as_bytes(),
        identity.as_str().as_bytes(),
    ])
}

/// `master = Argon2id v0x13 (password, salt = s, m, t, p = 1)`, 32 bytes (RFC 9106).
fn stretch(memory: &mut Memory, password: &str, salt: &Salt, preset: &Preset) -> Result<Zeroizing<[u8; 32]>, KdfError> {
    let params = params(preset)?;
    let blocks = memory.blocks(&params)?;
    let mut master = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt.as_bytes(), master.as_mut_slice(), blocks)
        .map_err(|_| KdfError::Argon2)?;
    Ok(master)
}

fn params(preset: &Preset) -> Result<Params, KdfError> {
    Params::new(preset.memory_kib, preset.passes, 1, Some(32)).map_err(|_| KdfError::Argon2)
}

#[cfg(test)]
mod tests;
