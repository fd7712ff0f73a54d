//! What `@tacit/client` does with a password, for JavaScript.
//!
//! The protocol and its rules live in `tacit-shared`; here they are only given a shape that crosses into JavaScript. The
//! password comes in as UTF-8 that the platform brought to NFKC, goes no further than [`tacit_shared::kdf`], and is
//! erased before the call returns. Nothing here does I/O.

mod attempt;
mod credential;
mod entropy;
mod error;
mod password;
mod stack;

pub use attempt::Attempt;
pub use credential::NewCredential;
pub use error::Error;
pub use stack::wipe_stack;

/// A quarter of the size of the standard library's allocator.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
