//! Why a sign-up or activation does not go on.

use std::time::Duration;

use tacit_shared::FieldError;
use tacit_shared::codes::Code;
use tacit_store::StoreError;

use crate::fault::{Fault, Internal, InvalidInput};

/// Why a sign-up or activation does not go on.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// A field does not parse.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// The operator takes no sign-ups.
    #[error("registration is closed")]
    Closed,
    /// The address has an account; said only with `reveal_accounts`.
    #[error("the account exists")]
    Exists,
    /// The address has no sign-up; said only with `reveal_accounts`.
    #[error("no such account")]
    Unknown,
    /// The account is already activated; said only with `reveal_accounts`.
    #[error("the account is activated")]
    Activated,
    /// A mail went out a moment ago.
    #[error("a mail was sent a moment ago")]
    TooSoon(Duration),
    /// Too many wrong codes for this address.
    #[error("too many attempts")]
    Throttled(Duration),
    /// One client, or all for one address, sign up too often.
    #[error("too many sign-ups")]
    TooMany(Duration),
    /// The secret is wrong, expired or used; nothing tells which.
    #[error("the activation secret is not valid")]
    ActivationInvalid,
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for SignUpError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for SignUpError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(error) => error.code(),
            Self::Closed => Code::RegistrationDisabled,
            Self::Exists => Code::AccountExists,
            Self::Unknown => Code::AccountUnknown,
            Self::Activated => Code::AccountAlreadyActivated,
            Self::TooSoon(_) => Code::ResendTooSoon,
            Self::Throttled(_) => Code::TooManyAttempts,
            Self::TooMany(_) => Code::TooManyRequests,
            Self::ActivationInvalid => Code::ActivationInvalid,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooSoon(wait) | Self::Throttled(wait) | Self::TooMany(wait) => Some(*wait),
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
