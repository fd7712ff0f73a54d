//! The public half of a credential: who, and with which salt.

use sha2::{Digest, Sha256};

use super::SrpError;
use crate::{
    Entropy,
    encoding::{EncodingError, parse_hex_exact, to_hex},
    limits::SALT_BYTES,
};

/// `I`, the SRP identity: 16 random bytes in lower-case hex, drawn with the credential.
///
/// It has nothing to do with an address. `H(I)` never begins with a zero byte, so that libraries which hash trimmed
/// integers compute the same. Stand-ins for unknown accounts are made by [`Identity::random`] too, from a keyed
/// generator as [`Entropy`]: then nothing about them is different.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity(String);

impl Identity {
    /// Reads 32 lower-case hex digits; nothing else is an identity.
    ///
    /// # Errors
    /// [`SrpError::Encoding`] for another form, [`SrpError::OutOfRange`] where `H(I)` begins with a zero byte.
    pub fn parse(text: &str) -> Result<Self, SrpError> {
        let bytes = parse_hex_exact::<16>(text)?;
        let identity = Self(to_hex(&bytes));
        if identity.0 != text {
            return Err(EncodingError::Character.into());
        }
        if identity.is_hashed_to_leading_zero() { Err(SrpError::OutOfRange) } else { Ok(identity) }
    }

    /// Draws a new one.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        loop {
            let mut bytes = [0; 16];
            entropy.fill(&mut bytes);
            let identity = Self(to_hex(&bytes));
            if !identity.is_hashed_to_leading_zero() {
                return identity;
            }
        }
    }

    /// The 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_hashed_to_leading_zero(&self) -> bool {
        Sha256::digest(self.0.as_bytes()).first() == Some(&0)
    }
}

/// `s`, the salt: 32 random bytes, hashed raw, the first one never zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Salt([u8; SALT_BYTES]);

impl Salt {
    /// Reads exactly 64 hex digits.
    ///
    /// # Errors
    /// [`SrpError::Encoding`] for another form, [`SrpError::OutOfRange`] where the first byte is zero.
    pub fn parse(text: &str) -> Result<Self, SrpError> {
        Self::from_bytes(parse_hex_exact(text)?)
    }

    /// Takes the raw bytes.
    ///
    /// # Errors
    /// [`SrpError::OutOfRange`] where the first byte is zero.
    pub const fn from_bytes(bytes: [u8; SALT_BYTES]) -> Result<Self, SrpError> {
        let [first, ..] = bytes;
        if first == 0 { Err(SrpError::OutOfRange) } else { Ok(Self(bytes)) }
    }

    /// Draws a new one.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        loop {
            let mut bytes = [0; SALT_BYTES];
            entropy.fill(&mut bytes);
            if let Ok(salt) = Self::from_bytes(bytes) {
                return salt;
            }
        }
    }

    /// The raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; SALT_BYTES] {
        &self.0
    }

    /// As it stands on the wire.
    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }
}
