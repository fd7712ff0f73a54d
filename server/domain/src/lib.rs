//! The rules: what may happen, and in which order. No HTTP, no SQL.
//!
//! A surface calls one method of one service; the method opens and commits its own transactions. Services hold no
//! services: what they share is in `core`.

pub mod access_tokens;
pub mod accounts;
pub mod address;
pub mod audit;
pub mod caller;
pub mod client_limits;
mod combs;
pub mod commits;
pub mod email_changes;
pub mod fault;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod health;
pub mod housekeeping;
pub mod identities;
pub mod keyring;
pub mod login;
pub mod mailbox;
pub mod oauth;
pub mod outbox;
pub mod passwords;
pub mod proofs;
pub mod providers;
pub mod refresh;
pub mod resets;
pub mod seams;
pub mod sessions;
pub mod settings;
pub mod sign_ups;
pub mod signing_keys;
pub mod srp_pool;
pub mod step_ups;
pub mod tokens;

mod aead;
mod core;
mod decoys;
mod grid;
mod handshake;
mod known_devices;
mod open;
mod proof_failures;
mod seal;
mod secrets;
mod text;
mod throttle;
mod verifiers;

/// Rows as an export shows them.
pub mod records {
    pub use tacit_store::accounts::AccountRecord;
    pub use tacit_store::credentials::CredentialRecord;
    pub use tacit_store::email_changes::EmailChangeRecord;
    pub use tacit_store::identities::IdentityRecord;
    pub use tacit_store::password_resets::PasswordResetRecord;
    pub use tacit_store::sessions::SessionRecord;
}

pub use open::{Domain, OpenError, check_master_key};
pub use tacit_store::accounts::{AccountStatus, Role};
pub use tacit_store::sessions::RefreshDelivery;
pub use tacit_store::{AccountId, Engine, IdentityId, MailId, OutboxId, SessionId, Store, StoreError, Timestamp};

#[cfg(test)]
mod tests;
