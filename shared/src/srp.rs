//! SRP-6a (RFC 5054, RFC 2945), profile `srp6a-sha256`: both sides, and the values they exchange.
//!
//! `H` is SHA-256, `|` is concatenation, `PAD` pads with zeros on the left to the length of `N`. The formulas are in
//! `docs/protocol.md`; each is repeated where it is computed.

mod element;
mod formulas;
mod group;
mod identity;
mod proof;
mod trimmed;

pub mod client;
pub mod engine;
pub mod server;

pub use element::{PublicValue, Verifier};
pub use group::Group;
pub use identity::{Identity, Salt};
pub use proof::{Proof, SessionKey};

use crate::{FieldCode, FieldError, encoding::EncodingError};

/// The profile's name, part of every `info`.
pub const PROFILE: &str = "srp6a-sha256";

/// Why a value cannot take part in the protocol. It never repeats the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SrpError {
    /// Not the documented encoding.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// Of the right form, outside the allowed values.
    #[error("the value is outside the allowed range")]
    OutOfRange,
    /// Values of two different groups.
    #[error("the values belong to different groups")]
    GroupMismatch,
    /// `u = 0`: the other side's value would cancel the password.
    #[error("the scrambler is zero")]
    ZeroScrambler,
}

impl SrpError {
    /// The same as a refused member of a message.
    #[must_use]
    pub fn in_field(self, name: &str) -> FieldError {
        let code = match self {
            Self::Encoding(EncodingError::TooShort) => FieldCode::TooShort,
            Self::Encoding(EncodingError::TooLong | EncodingError::Item) => FieldCode::TooLong,
            Self::Encoding(EncodingError::Character) => FieldCode::Malformed,
            Self::OutOfRange | Self::GroupMismatch | Self::ZeroScrambler => FieldCode::OutOfRange,
        };
        FieldError::new(name, code)
    }
}

#[cfg(test)]
pub(crate) mod tests;
