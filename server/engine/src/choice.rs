//! Which kernel computes.

use std::fmt;
use std::str::FromStr;

use tacit_shared::srp::Group;
use tacit_shared::srp::engine::{self, Engine, Engines, InUse, Kernel, Powers};

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::aws_lc::AwsLc;

/// A kernel, by the name it has in settings, logs and tables of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// AWS-LC's assembly.
    AwsLc,
    /// Fixed-width arithmetic in Rust; runs everywhere.
    CryptoBigint,
}

impl Choice {
    /// Every kernel, the fastest first.
    pub const ALL: [Self; 2] = [Self::AwsLc, Self::CryptoBigint];

    /// The fastest this machine can run.
    #[must_use]
    pub fn fastest() -> Self {
        Self::ALL.into_iter().find(|choice| choice.is_available()).unwrap_or(Self::CryptoBigint)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsLc => "aws-lc",
            Self::CryptoBigint => "crypto-bigint",
        }
    }

    /// Whether this machine can run it.
    #[must_use]
    pub const fn is_available(self) -> bool {
        match self {
            Self::AwsLc => cfg!(any(target_arch = "x86_64", target_arch = "aarch64")),
            Self::CryptoBigint => true,
        }
    }

    /// The engines over it, one a group.
    ///
    /// # Errors
    /// [`Unavailable`] where this machine cannot run it.
    pub fn engines(self) -> Result<Engines, Unavailable> {
        match self {
            _ if !self.is_available() => Err(Unavailable(self)),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::AwsLc => Ok(over(AwsLc::new)),
            #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
            Self::AwsLc => Err(Unavailable(self)),
            Self::CryptoBigint => Ok(engine::portable()),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Choice {
    type Err = Unknown;

    fn from_str(name: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|choice| choice.name() == name).ok_or(Unknown)
    }
}

/// No kernel has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no kernel has this name")]
pub struct Unknown;

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

/// Lets this kernel compute everything from now on. To be called at start; where it is in use already, that is well.
///
/// # Errors
/// [`InstallError`], and nothing has changed.
pub fn install(choice: Choice) -> Result<(), InstallError> {
    match engine::install(choice.engines()?) {
        Err(InUse) if engine::of(Group::G2048).name() != choice.name() => Err(InUse.into()),
        Ok(()) | Err(InUse) => Ok(()),
    }
}

/// Engines over the kernels that `kernel` makes of a modulus.
fn over<K: Kernel>(kernel: impl Fn(&[u8]) -> K) -> Engines {
    let engine =
        |group: Group| -> Box<dyn Engine> { Box::new(Powers::with_table(kernel(group.modulus()), group.generator())) };
    Engines { g2048: engine(Group::G2048), g3072: engine(Group::G3072), g4096: engine(Group::G4096) }
}

#[cfg(test)]
mod tests;
