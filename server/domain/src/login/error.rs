//! Why a login does not go on.

use std::time::Duration;

use tacit_shared::FieldError;
use tacit_shared::codes::Code;
use tacit_store::StoreError;

use crate::client_limits::TooManyRequests;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::seal::Refused;
use crate::srp_pool::Busy;

/// Why a login does not go on.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// A field does not parse.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// The proof does not verify, for whatever reason.
    #[error("the proof does not verify")]
    Rejected,
    /// The handshake is over, or its key is gone.
    #[error("the handshake has expired")]
    HandshakeExpired,
    /// The handshake was answered before.
    #[error("the handshake has been used")]
    HandshakeSpent,
    /// The handshake is none of ours.
    #[error("the handshake is not valid")]
    HandshakeInvalid,
    /// There is no such account; said only with `reveal_accounts`.
    #[error("no such account")]
    UnknownAccount,
    /// The account waits for its activation; said after a valid proof, or with `reveal_accounts`.
    #[error("the account is not activated")]
    NotActivated,
    /// The account is disabled; said after a valid proof.
    #[error("the account is disabled")]
    Disabled,
    /// Too many failed proofs for this address.
    #[error("too many attempts")]
    Throttled(Duration),
    /// A hundred failed proofs in a row for this address.
    #[error("the login is locked")]
    Locked,
    /// One client asks too often.
    #[error("too many requests from one client")]
    TooMany(Duration),
    /// No place in the SRP pool.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for LoginError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<TooManyRequests> for LoginError {
    fn from(TooManyRequests(wait): TooManyRequests) -> Self {
        Self::TooMany(wait)
    }
}

impl From<Refused> for LoginError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Expired => Self::HandshakeExpired,
            Refused::Invalid => Self::HandshakeInvalid,
        }
    }
}

impl Fault for LoginError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(error) => error.code(),
            Self::Rejected => Code::ProofRejected,
            Self::HandshakeExpired => Code::HandshakeExpired,
            Self::HandshakeSpent => Code::HandshakeSpent,
            Self::HandshakeInvalid => Code::HandshakeInvalid,
            Self::UnknownAccount => Code::LoginUnknown,
            Self::NotActivated => Code::AccountNotActivated,
            Self::Disabled => Code::AccountDisabled,
            Self::Throttled(_) => Code::TooManyAttempts,
            Self::Locked => Code::LoginLocked,
            Self::TooMany(_) => Code::TooManyRequests,
            Self::Busy(_) => Code::SrpBusy,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(wait) | Self::TooMany(wait) => Some(*wait),
            Self::Busy(_) => Some(Duration::from_secs(1)),
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
