//! Faster kernels than the portable one, and the choice among them.
//!
//! `tacit-shared` has the boundary and the algorithms, and neither `unsafe` nor C; what needs one of them is here, each
//! kernel in a module of its own.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub mod aws_lc;

#[cfg(target_arch = "x86_64")]
pub mod ifma;

mod choice;

pub use choice::{Choice, InstallError, Unavailable, install};

#[cfg(test)]
mod tests;
