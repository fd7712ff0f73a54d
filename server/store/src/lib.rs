//! Where rows are kept: the only crate with SQL.
//!
//! One file a resource: its record, its SQL in constants, and one function a statement. Every function takes a
//! [`Tx`] from [`Store::begin`] (to write), [`Store::read`] or [`Store::snapshot`]; nothing outside `backend.rs` and `tx.rs` knows that there are
//! two engines underneath. No rule, no clock and no randomness lives here: they are arguments.

mod backend;
mod backup;
mod batch;
mod condition;
mod connect;
mod error;
mod ids;
mod in_place;
mod migrate;
mod pool;
mod statements;
mod text;
mod thread;
mod timestamp;
mod tray;
mod tx;

pub mod accounts;
pub mod audit_events;
pub mod candidates;
pub mod credentials;
pub mod demo_mails;
pub mod email_changes;
pub mod epoch_keys;
pub mod identities;
pub mod instance;
pub mod invitations;
pub mod logins;
pub mod outbox;
pub mod password_resets;
pub mod pending_credentials;
pub mod proof_failures;
pub mod refresh_tokens;
pub mod sessions;
pub mod signing_keys;
pub mod spent_handshakes;
pub mod throttles;

#[cfg(test)]
mod testing;

pub use backend::{Engine, Store, Tx};
pub use connect::{Access, DatabaseSettings, sqlite_file};
pub use error::{StoreError, StoreErrorKind};
pub use ids::{
    AccountId, AuditEventId, CredentialId, EmailChangeId, IdentityId, MailId, OutboxId, PasswordResetId, PendingId,
    SecretHash, SessionId,
};
pub use migrate::SchemaState;
pub use statements::{Statement, statements};
pub use timestamp::Timestamp;
