//! Why a reset does not go on.

use std::time::Duration;

use tacit_shared::FieldError;
use tacit_shared::codes::Code;
use tacit_store::StoreError;

use crate::fault::{Fault, Internal, InvalidInput};

/// Why a reset does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// A field does not parse.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// A mail for the address was asked for a moment ago.
    #[error("a mail was asked for a moment ago")]
    TooSoon(Duration),
    /// One client asks too often.
    #[error("too many requests for mails")]
    TooMany(Duration),
    /// Too many wrong codes for this address.
    #[error("too many attempts")]
    Throttled(Duration),
    /// The secret is wrong, expired, used or void; nothing tells which.
    #[error("the secret is not good")]
    NotValid,
    /// The same where the reset was to be completed.
    #[error("the secret is not good, so nothing was reset")]
    Refused,
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for ResetError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for ResetError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(error) => error.code(),
            Self::TooSoon(_) => Code::ResendTooSoon,
            Self::TooMany(_) => Code::TooManyRequests,
            Self::Throttled(_) => Code::TooManyAttempts,
            Self::NotValid => Code::ResetInvalid,
            Self::Refused => Code::ResetRefused,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooSoon(wait) | Self::TooMany(wait) | Self::Throttled(wait) => Some(*wait),
            Self::Internal(error) => error.retry_after(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(error) => error.fields(),
            _ => Vec::new(),
        }
    }
}
