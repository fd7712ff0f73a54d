//! The IFMA kernel, instruction by instruction: whatever the secret is, the same ones must be executed in the same order.
//!
//! Valgrind, which checks the other kernels (shared/ct), does not know AVX-512. Here a process computes with each of
//! several secrets and is stepped through; the addresses of its instructions are compared. That finds branches, not
//! addresses of data: table look-ups are for the reader of `ifma/vectors.rs`. Faults that were put in must be found.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod cases;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trace;

use std::process::ExitCode;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() -> ExitCode {
    if tacit_engine::ifma::is_available() {
        return if cases::all() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    println!("The IFMA kernel is not traced: this processor has no AVX-512 IFMA");
    ExitCode::SUCCESS
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() -> ExitCode {
    println!("The IFMA kernel is not traced: it is one of Linux on x86-64");
    ExitCode::SUCCESS
}
