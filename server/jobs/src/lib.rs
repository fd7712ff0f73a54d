//! What happens later: mails, clean-up, the rotation of keys
//!
//! The domain writes what must happen into the outbox, in the transaction that makes it necessary. A [`Worker`] claims
//! rows with a lease, does them, and has their secrets erased; a [`Cleaner`] has deleted what has had its time.

mod backoff;
mod cleaner;
mod fetch;
mod mail;
mod worker;

pub use cleaner::Cleaner;
pub use fetch::Fetcher;
pub use mail::message::check_sender;
pub use mail::smtp::{Security, SetupError, Smtp, SmtpSettings};
pub use mail::templates::{TemplateError, Templates};
pub use mail::{Links, Mailer, SendError, Transport};
pub use worker::{Done, Worker};
