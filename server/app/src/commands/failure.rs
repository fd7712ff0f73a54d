//! How a command says that it failed

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use tacit_domain::accounts::AccountError;
use tacit_domain::fault::{Internal, InvalidInput};
use tacit_jobs::SendError;
use tacit_store::StoreError;

use crate::assemble::AssembleError;
use crate::config::Problems;
use crate::start::StartError;

const FAILED: u8 = 1;
/// Also clap's, for a command line that makes no sense.
const WRONG: u8 = 2;
/// The audit log is not what the server wrote.
const UNTRUE: u8 = 3;

/// What went wrong, in words for an operator, and the exit status that says it to a script.
pub(super) struct Failure {
    message: String,
    status: u8,
}

impl Failure {
    pub(super) fn new(error: impl Display) -> Self {
        Self { message: error.to_string(), status: FAILED }
    }

    pub(super) fn wrong(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: WRONG }
    }

    pub(super) fn untrue(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: UNTRUE }
    }

    /// Writes it to standard error.
    pub(super) fn report(self) -> ExitCode {
        // When standard error is gone there is nobody to tell.
        drop(writeln!(io::stderr(), "tacit: {}", self.message));
        ExitCode::from(self.status)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::wrong(problems.to_string())
    }
}

impl From<InvalidInput> for Failure {
    fn from(input: InvalidInput) -> Self {
        let details: Vec<&str> = input.0.iter().map(|field| field.detail.as_str()).collect();
        Self::wrong(details.join(" "))
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invalid(input) => input.into(),
            other => Self::new(other),
        }
    }
}

macro_rules! plainly {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error)
            }
        })+
    };
}

plainly!(StartError, AssembleError, Internal, SendError, StoreError, io::Error);
