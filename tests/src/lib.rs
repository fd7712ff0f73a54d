//! The harness of the end-to-end tests: the real server, driven over a real socket.
//!
//! A test is a sentence. [`both_engines!`](crate::both_engines) writes it once and runs it on SQLite and on PostgreSQL, each time on a database of
//! its own that is thrown away afterwards:
//!
//! ```ignore
//! both_engines!(a_handshake_can_be_finished_only_once, async |app| {
//!     let person = app.registered("person@example.com").await;
//!     let handshake = person.begin_login().await;
//!     person.prove(&handshake).await.expect_status(200);
//!     person.prove(&handshake).await.expect_problem(401, "handshake_spent");
//! });
//! ```
//!
//! PostgreSQL and the SMTP server come from `scripts/with-services.sh`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a harness stops at the first surprise"
)]
#![expect(clippy::missing_panics_doc, reason = "every function of a harness may panic: that is how a test fails")]

mod answer;
mod app;
mod client;
mod cluster;
mod database;
mod flood;
pub mod issuer;
mod launch;
mod mail;
mod person;
mod port;
mod post_office;
mod process;
mod proxy;
mod seams;
mod services;
mod setup;
pub mod statistics;
mod traces;
pub mod wire;

pub use answer::Answer;
pub use app::{App, run};
pub use client::{Client, Transcript};
pub use cluster::{Cluster, succeed, tool};
pub use database::{Database, Engine, Hold, Outage};
pub use flood::{Flood, Outcome, Outcomes};
pub use issuer::Issuer;
pub use launch::{Launch, give_to_nobody, is_root};
pub use mail::{Mail, Post};
pub use person::{Derived, Handshake, NewCredential, Person, User};
pub use port::Port;
pub use post_office::{Mood, PostOffice, Stage, Taken};
pub use process::Process;
pub use proxy::Proxy;
pub use seams::{OsEntropy, TestClock, random};
pub use services::{MailPort, mail_authority};
pub use setup::Setup;
pub use traces::{Search, Trace, Traces};
pub use wire::Wire;

/// A sentence about the server that holds on both engines, with the settings given or the usual ones.
#[macro_export]
macro_rules! both_engines {
    ($name:ident, async |$app:ident| $body:block) => {
        $crate::both_engines!($name, $crate::Setup::default(), async |$app| $body);
    };
    ($name:ident, $setup:expr, async |$app:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn sentence($app: &$crate::App) $body

            #[tokio::test]
            async fn sqlite() {
                $crate::run($crate::Engine::Sqlite, $setup, sentence).await;
            }

            #[tokio::test]
            async fn postgres() {
                $crate::run($crate::Engine::Postgres, $setup, sentence).await;
            }
        }
    };
}
