//! Which kernel computes.

use std::fmt;
use std::str::FromStr;

use tacit_shared::srp::Group;
use tacit_shared::srp::engine::{self, Engine, Engines, InUse, Kernel, Powers};

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::aws_lc::AwsLc;
#[cfg(target_arch = "x86_64")]
use crate::ifma;

/// A kernel, by the name it has in settings, logs and tables of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// AVX-512 IFMA, on the x86-64 processors that have it.
    Ifma,
    /// AWS-LC's assembly.
    AwsLc,
    /// Fixed-width arithmetic in Rust; runs everywhere.
    CryptoBigint,
}

impl Choice {
    /// Every kernel, the fastest first.
    pub const ALL: [Self; 3] = [Self::Ifma, Self::AwsLc, Self::CryptoBigint];

    /// The fastest this machine can run.
    #[must_use]
    pub fn fastest() -> Self {
        Self::ALL.into_iter().find(|choice| choice.is_available()).unwrap_or(Self::CryptoBigint)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ifma => "ifma",
            Self::AwsLc => "aws-lc",
            Self::CryptoBigint => "crypto-bigint",
        }
    }

    /// Whether this machine can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Ifma => ifma::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Ifma => false,
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
            #[cfg(target_arch = "x86_64")]
            Self::Ifma => over_ifma().ok_or(Unavailable(self)),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Ifma => Err(Unavailable(self)),
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            Self::AwsLc => Ok(over_aws_lc()),
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

#[cfg(target_arch = "x86_64")]
fn over_ifma() -> Option<Engines> {
    Some(Engines {
        g2048: over(Group::G2048, ifma::Ifma2048::new(Group::G2048.modulus())?),
        g3072: over(Group::G3072, ifma::Ifma3072::new(Group::G3072.modulus())?),
        g4096: over(Group::G4096, ifma::Ifma4096::new(Group::G4096.modulus())?),
    })
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn over_aws_lc() -> Engines {
    let engine = |group: Group| over(group, AwsLc::new(group.modulus()));
    Engines { g2048: engine(Group::G2048), g3072: engine(Group::G3072), g4096: engine(Group::G4096) }
}

/// An engine over a kernel of this group.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn over(group: Group, kernel: impl Kernel) -> Box<dyn Engine> {
    Box::new(Powers::with_table(kernel, group.generator()))
}

#[cfg(test)]
mod tests;
