//! The demo's mailbox: what would have been sent, to be read in the browser. Demo mode only.

use sqlx::{query, query_as, query_scalar};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::MailId;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// A mail in the demo's mailbox.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DemoMailRecord {
    /// Its id.
    pub id: MailId,
    /// Whom it is for.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub body_text: String,
    /// The same as HTML.
    pub body_html: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
}

const INSERT: &str = "INSERT INTO demo_mails (id, recipient, subject, body_text, body_html, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6)";

const LIST: &str = "SELECT id, recipient, subject, body_text, body_html, created_at FROM demo_mails \
    ORDER BY created_at DESC, id DESC LIMIT $1";

const LIST_RECIPIENTS: &str = "SELECT DISTINCT recipient FROM demo_mails";

const DELETE_FOR: &str = "DELETE FROM demo_mails WHERE recipient = $1";

pub(crate) const STATEMENTS: &[Statement] = listed![both: INSERT, LIST, LIST_RECIPIENTS, DELETE_FOR];

/// Puts a mail into the mailbox.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when it is there already; any failure of the database.
pub async fn insert(tx: &mut Tx, mail: &DemoMailRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(mail.id)
        .bind(&mail.recipient)
        .bind(&mail.subject)
        .bind(&mail.body_text)
        .bind(&mail.body_html)
        .bind(mail.created_at))?;
    Ok(())
}

/// The newest mails, newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<DemoMailRecord>, StoreError> {
    on!(read tx, c => query_as::<_, DemoMailRecord>(LIST).bind(limit).fetch_all(c))
}

/// Whom mails in the mailbox are for, each address as it was written, in no order.
///
/// # Errors
/// Any failure of the database.
pub async fn list_recipients(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    on!(read tx, c => query_scalar::<_, String>(LIST_RECIPIENTS).fetch_all(c))
}

/// Drops the mails for an address, as it was written; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_for(tx: &mut Tx, recipient: &str) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_FOR).bind(recipient))
}

#[cfg(test)]
mod tests;
