//! Every SQL text of the nouns, in one list that a test prepares on both engines.

use crate::backend::Engine;
use crate::{
    accounts, audit_events, candidates, credentials, demo_mails, email_changes, epoch_keys, identities, instance,
    invitations, logins, outbox, password_resets, pending_credentials, proof_failures, refresh_tokens, sessions,
    signing_keys, spent_handshakes, throttles,
};

/// One SQL text.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// Where it stands: module and constant.
    pub name: &'static str,
    /// The text, with `$1` placeholders.
    pub sql: &'static str,
    /// The engine it is written for; `None` for both.
    pub only: Option<Engine>,
}

/// Lists a module's SQL constants.
macro_rules! listed {
    (both: $($both:ident),* $(; sqlite: $($sqlite:ident),*)? $(; postgres: $($postgres:ident),*)?) => {
        &[
            $($crate::Statement { name: concat!(module_path!(), "::", stringify!($both)), sql: $both, only: None },)*
            $($($crate::Statement {
                name: concat!(module_path!(), "::", stringify!($sqlite)),
                sql: $sqlite,
                only: Some($crate::Engine::Sqlite),
            },)*)?
            $($($crate::Statement {
                name: concat!(module_path!(), "::", stringify!($postgres)),
                sql: $postgres,
                only: Some($crate::Engine::Postgres),
            },)*)?
        ]
    };
}
pub(crate) use listed;

/// Every SQL text that runs on an engine.
pub fn statements(engine: Engine) -> impl Iterator<Item = Statement> {
    [
        accounts::STATEMENTS,
        audit_events::STATEMENTS,
        candidates::STATEMENTS,
        credentials::STATEMENTS,
        demo_mails::STATEMENTS,
        email_changes::STATEMENTS,
        epoch_keys::STATEMENTS,
        identities::STATEMENTS,
        instance::STATEMENTS,
        invitations::STATEMENTS,
        logins::STATEMENTS,
        logins::STATEMENTS_ALONE,
        logins::STATEMENTS_TOGETHER,
        outbox::STATEMENTS,
        password_resets::STATEMENTS,
        pending_credentials::STATEMENTS,
        proof_failures::STATEMENTS,
        refresh_tokens::STATEMENTS,
        sessions::STATEMENTS,
        signing_keys::STATEMENTS,
        spent_handshakes::STATEMENTS,
        throttles::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .filter(move |statement| statement.only.is_none_or(|only| only == engine))
}

/// Whether `$1`, `$2` and so on come up in this order: SQLite itself numbers them by where they come up first.
pub(crate) fn is_in_order(sql: &str) -> bool {
    let mut highest = 0;
    sql.split('$').skip(1).all(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: usize = rest.get(..digits).and_then(|number| number.parse().ok()).unwrap_or_default();
        let known = (1..=highest + 1).contains(&number);
        highest = highest.max(number);
        known
    })
}

#[cfg(test)]
mod tests;
