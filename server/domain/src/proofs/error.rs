//! Why a proof does not go on.

use std::time::Duration;

use tacit_shared::FieldError;
use tacit_shared::codes::Code;
use tacit_store::StoreError;

use crate::client_limits::TooManyRequests;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::seal::Refused;
use crate::srp_pool::Busy;

/// Why a proof does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
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
    /// The handshake is none of ours, or is for another purpose or session.
    #[error("the handshake is not valid")]
    HandshakeInvalid,
    /// What the proof authorises does not open.
    #[error("the sealed body does not open")]
    SealedInvalid,
    /// The credential that was proved is not the account's any more.
    #[error("the credential was replaced meanwhile")]
    CredentialReplaced,
    /// The account has no password.
    #[error("the account has no password")]
    NoPassword,
    /// The session ended, or the account was shut, while the proof was looked at.
    #[error("not signed in any more")]
    SignedOut,
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

impl From<StoreError> for ProofError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<TooManyRequests> for ProofError {
    fn from(TooManyRequests(wait): TooManyRequests) -> Self {
        Self::TooMany(wait)
    }
}

impl From<Refused> for ProofError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Expired => Self::HandshakeExpired,
            Refused::Invalid => Self::HandshakeInvalid,
        }
    }
}

impl Fault for ProofError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(error) => error.code(),
            Self::Rejected => Code::ProofRejected,
            Self::HandshakeExpired => Code::HandshakeExpired,
            Self::HandshakeSpent => Code::HandshakeSpent,
            Self::HandshakeInvalid => Code::HandshakeInvalid,
            Self::SealedInvalid => Code::SealedInvalid,
            Self::CredentialReplaced => Code::CredentialReplaced,
            Self::NoPassword => Code::PasswordMissing,
            Self::SignedOut => Code::Unauthenticated,
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
