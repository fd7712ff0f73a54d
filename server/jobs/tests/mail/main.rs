//! Mails against a real SMTP server

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod delivery;
mod support;
mod transport;
