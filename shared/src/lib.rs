//! What server and client must agree on, to the byte.
//!
//! The protocol is written down in `docs/protocol.md`. This crate does no I/O, reads no clock and draws no
//! randomness of its own: whatever is random comes in through [`Entropy`].

pub mod codes;
pub mod confirm;
pub mod encoding;
pub mod entropy;
pub mod kdf;
pub mod limits;
pub mod messages;
pub mod password;
pub mod preset;
pub mod realm;
pub mod sealed;
pub mod srp;

mod field;
mod hash;
#[cfg(not(constant_time_check))]
mod public;
#[cfg(constant_time_check)]
pub mod public;

pub use entropy::Entropy;
pub use field::{FieldCode, FieldError};
