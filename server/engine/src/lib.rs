//! Faster kernels than the portable one, and the choice among them.
//!
//! `tacit-shared` has the boundary and the algorithms, and neither `unsafe` nor C; what needs one of them is here, each
//! kernel in a module of its own.

use std::fmt;

use tacit_shared::srp::engine::{self, Engines, InUse};

/// A kernel, by the name it has in settings, logs and tables of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Fixed-width arithmetic in Rust; runs everywhere.
    CryptoBigint,
}

impl Choice {
    /// Every kernel, the fastest first.
    pub const ALL: [Self; 1] = [Self::CryptoBigint];

    /// The fastest this machine can run.
    #[must_use]
    pub fn fastest() -> Self {
        Self::ALL.into_iter().find(|choice| choice.is_available()).unwrap_or(Self::CryptoBigint)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CryptoBigint => "crypto-bigint",
        }
    }

    /// Whether this machine can run it.
    #[must_use]
    pub const fn is_available(self) -> bool {
        match self {
            Self::CryptoBigint => true,
        }
    }

    /// The engines over it, one a group.
    ///
    /// # Errors
    /// [`Unavailable`] where this machine cannot run it.
    pub fn engines(self) -> Result<Engines, Unavailable> {
        match self {
            Self::CryptoBigint => Ok(engine::portable()),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// This machine cannot run the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this machine cannot run the kernel `{0}`")]
pub struct Unavailable(pub Choice);

/// Why a kernel is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// The machine lacks what it needs.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It comes too late.
    #[error(transparent)]
    InUse(#[from] InUse),
}

/// Lets this kernel compute everything from now on; to be called once, at start.
///
/// # Errors
/// [`InstallError`], and nothing has changed.
pub fn install(choice: Choice) -> Result<(), InstallError> {
    Ok(engine::install(choice.engines()?)?)
}
