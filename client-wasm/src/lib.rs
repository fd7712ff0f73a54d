//! What `@tacit/client` does with a password, for JavaScript.
//!
//! The protocol and its rules live in `tacit-shared`; here they are only given a shape that crosses into JavaScript. The
//! password comes in as UTF-8 that the platform brought to NFKC, goes no further than [`tacit_shared::kdf`], and is
//! erased before the call returns. Nothing here does I/O.

mod attempt;
mod authorisation;
mod credential;
mod entropy;
mod error;
mod login;
mod password;

pub use authorisation::Authorisation;
pub use credential::NewCredential;
pub use error::Error;
pub use login::LoginAttempt;
