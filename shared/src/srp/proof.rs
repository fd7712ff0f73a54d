//! What the two sides show each other, and the key they come to share.

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::SrpError;
use crate::{
    encoding::{parse_hex_exact, to_hex},
    limits::PROOF_BYTES,
};

/// `M1` or `M2`: 32 bytes, compared in constant time.
#[derive(Clone)]
pub struct Proof([u8; PROOF_BYTES]);

impl Proof {
    /// Reads exactly 64 hex digits.
    ///
    /// # Errors
    /// [`SrpError::Encoding`] for another form.
    pub fn parse(text: &str) -> Result<Self, SrpError> {
        Ok(Self(parse_hex_exact(text)?))
    }

    /// Takes the raw bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; PROOF_BYTES]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; PROOF_BYTES] {
        &self.0
    }

    /// As it stands on the wire.
    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }

    /// Whether both are the same, in constant time.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

/// `K`, the key both sides share after the handshake: secret, wiped when dropped.
pub struct SessionKey(Zeroizing<[u8; 32]>);

impl SessionKey {
    pub(crate) const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Whether both are the same, compared in constant time; that shows.
    pub(super) fn ct_eq(&self, other: &Self) -> bool {
        crate::public::verdict(self.0.ct_eq(&*other.0))
    }

    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
