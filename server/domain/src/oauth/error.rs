//! Why a sign-in with a provider does not go on.

use std::time::Duration;

use tacit_shared::FieldError;
use tacit_shared::codes::Code;
use tacit_store::StoreError;

use crate::client_limits::TooManyRequests;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::providers::ProviderError;
use crate::seal::Refused;

/// Why a sign-in with a provider does not go on.
#[derive(Debug, thiserror::Error)]
pub enum OauthError {
    /// A field does not parse.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// No provider has this name.
    #[error("no such provider")]
    UnknownProvider,
    /// The browser did not begin this sign-in.
    #[error("the browser brings no cookie of this sign-in")]
    Mismatch,
    /// The state is none of ours, or over, or was used.
    #[error("the state is not valid")]
    State,
    /// The provider answered with an error of its own; cleaned.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The provider's word does not count.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The one-time code is none, or over, or was used, or is another client's.
    #[error("the code is not valid")]
    Code,
    /// Another sign-in or change was faster; the next one finds what it made.
    #[error("somebody was faster")]
    Taken,
    /// The provider does not vouch for the address.
    #[error("the provider does not vouch for the address")]
    EmailUnverified,
    /// The address has an account that must be proved first.
    #[error("there is an account with this address")]
    LinkRequired,
    /// The account is shut.
    #[error("the account is disabled")]
    Disabled,
    /// This server takes no new accounts.
    #[error("new accounts are not accepted")]
    Closed,
    /// One client asks too often.
    #[error("too many requests from one client")]
    TooMany(Duration),
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for OauthError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<TooManyRequests> for OauthError {
    fn from(TooManyRequests(wait): TooManyRequests) -> Self {
        Self::TooMany(wait)
    }
}

impl From<Refused> for OauthError {
    fn from(_: Refused) -> Self {
        Self::State
    }
}

impl Fault for OauthError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(error) => error.code(),
            Self::UnknownProvider => Code::ProviderUnknown,
            Self::Mismatch => Code::OauthStateMismatch,
            Self::State => Code::OauthStateInvalid,
            Self::Refused(_) => Code::OauthRefused,
            Self::Provider(error) => error.code(),
            Self::Code => Code::OauthCodeInvalid,
            Self::Taken => Code::IdentityTaken,
            Self::EmailUnverified => Code::EmailUnverified,
            Self::LinkRequired => Code::LinkRequired,
            Self::Disabled => Code::AccountDisabled,
            Self::Closed => Code::RegistrationDisabled,
            Self::TooMany(_) => Code::TooManyRequests,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) => Some(*wait),
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

    fn said(&self) -> Option<String> {
        match self {
            Self::Refused(words) => Some(words.clone()),
            _ => None,
        }
    }
}
