//! Why a login does not go on.

use std::time::Duration;

use tacit_shared::FieldError;
use tacit_shared::codes::Code;
use tacit_store::StoreError;

use crate::client_limits::TooManyRequests;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::proofs::ProofError;
use crate::srp_pool::Busy;

/// Why a login does not go on.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The proof does not go on.
    #[error(transparent)]
    Proof(ProofError),
    /// There is no such account; said only with `reveal_accounts`.
    #[error("no such account")]
    UnknownAccount,
    /// The account waits for its activation; said after a valid proof, or with `reveal_accounts`.
    #[error("the account is not activated")]
    NotActivated,
    /// The account is disabled; said after a valid proof.
    #[error("the account is disabled")]
    Disabled,
}

impl LoginError {
    /// The proof does not verify; nothing tells the cases apart.
    pub(super) const REJECTED: Self = Self::Proof(ProofError::Rejected);
}

/// Whatever ends a proof ends a login.
macro_rules! from {
    ($($error:ty),+) => {
        $(impl From<$error> for LoginError {
            fn from(error: $error) -> Self {
                Self::Proof(error.into())
            }
        })+
    };
}
from!(ProofError, InvalidInput, TooManyRequests, Busy, StoreError, Internal);

impl Fault for LoginError {
    fn code(&self) -> Code {
        match self {
            Self::Proof(error) => error.code(),
            Self::UnknownAccount => Code::LoginUnknown,
            Self::NotActivated => Code::AccountNotActivated,
            Self::Disabled => Code::AccountDisabled,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Proof(error) => error.retry_after(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Proof(error) => error.fields(),
            _ => Vec::new(),
        }
    }
}
