//! The server's side of a login, timed: each kernel, and each peer that computes the same.
//!
//! `scripts/bench.sh` builds and runs the program; `docs/performance.md` tells what its figures mean. The library is for
//! the tests, which hold what can be held without a quiet machine: that all compute the same, and the ratios.

pub mod contender;
pub mod counts;
mod foreign;
pub mod handshake;
pub mod kernels;
pub mod machine;
pub mod peers;
pub mod timing;
