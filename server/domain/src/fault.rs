//! What every domain error can tell a surface.

use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_shared::{FieldCode, FieldError};
use tacit_store::{StoreError, StoreErrorKind};

/// A failure with a stable code; surfaces translate the code, never the text.
pub trait Fault: std::error::Error {
    /// The stable code, from the one table.
    fn code(&self) -> Code;

    /// How long to wait before the same request can succeed.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// What somebody else said about it, cleaned, in the place of our own words.
    fn said(&self) -> Option<String> {
        None
    }

    /// The fields that were wrong, if the code is about fields.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// A request whose fields do not parse.
#[derive(Debug, thiserror::Error)]
#[error("the request has {} wrong field(s)", .0.len())]
pub struct InvalidInput(pub Vec<FieldError>);

impl InvalidInput {
    /// One wrong field.
    #[must_use]
    pub fn field(name: &str, code: FieldCode) -> Self {
        Self(vec![FieldError::new(name, code)])
    }
}

impl From<FieldError> for InvalidInput {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl Fault for InvalidInput {
    fn code(&self) -> Code {
        Code::InvalidRequest
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.clone()
    }
}

/// Something broke that the caller cannot mend; the text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Internal {
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored secret does not open with the keys at hand.
    #[error("a stored {0} does not open with this master key")]
    Sealed(&'static str),
    /// A row says what no version of this program writes.
    #[error("a stored {0} is malformed")]
    Malformed(&'static str),
    /// A token could not be signed.
    #[error("a token could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
    /// A worker thread died under a computation.
    #[error("an SRP computation was lost")]
    Lost,
}

impl Fault for Internal {
    fn code(&self) -> Code {
        match self {
            Self::Store(error) if unavailable(error) => Code::Unavailable,
            _ => Code::Internal,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self.code(), Code::Unavailable).then_some(Duration::from_secs(1))
    }
}

/// Whether the database is away or overloaded, rather than wrong.
fn unavailable(error: &StoreError) -> bool {
    matches!(error.kind(), StoreErrorKind::Unavailable | StoreErrorKind::Busy)
}
