//! The demo's mailbox: mails that went nowhere else.

use std::sync::Arc;

use tacit_store::demo_mails::{self, DemoMailRecord};
use tacit_store::{MailId, StoreError, Timestamp, Tx};

use crate::address::Address;
use crate::core::Core;

/// Most mails a look shows.
const SHOWN: i64 = 100;

/// The demo's mailbox. Exists only in demo mode.
#[derive(Clone)]
pub struct Mailbox(pub(crate) Arc<Core>);

/// A mail as it was written.
pub struct DemoMail {
    /// Its id.
    pub id: MailId,
    /// Where it would have gone.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
}

impl Mailbox {
    /// Keeps a mail.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn deliver(&self, to: &str, subject: &str, text: &str, html: Option<&str>) -> Result<(), StoreError> {
        let core = &self.0;
        let now = core.now();
        let record = DemoMailRecord {
            id: MailId::from_uuid(core.new_id(now)),
            recipient: to.to_owned(),
            subject: subject.to_owned(),
            body_text: text.to_owned(),
            body_html: html.map(str::to_owned),
            created_at: now,
        };
        let mut tx = core.store.begin().await?;
        demo_mails::insert(&mut tx, &record).await?;
        tx.commit().await
    }

    /// The newest mails, newest first; those to one address, if one is given.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn list(&self, to: Option<&str>) -> Result<Vec<DemoMail>, StoreError> {
        let records = demo_mails::list(&mut self.0.store.read().await?, SHOWN).await?;
        let wanted = |record: &DemoMailRecord| to.is_none_or(|to| record.recipient.eq_ignore_ascii_case(to));
        Ok(records.into_iter().filter(wanted).map(DemoMail::from).collect())
    }
}

/// Drops the mails to an address, however it was written in each.
pub(crate) async fn empty(tx: &mut Tx, address: &Address) -> Result<(), StoreError> {
    for recipient in demo_mails::list_recipients(tx).await? {
        if Address::parse(&recipient).is_ok_and(|written| written.key() == address.key()) {
            demo_mails::delete_for(tx, &recipient).await?;
        }
    }
    Ok(())
}

impl From<DemoMailRecord> for DemoMail {
    fn from(record: DemoMailRecord) -> Self {
        Self {
            id: record.id,
            to: record.recipient,
            subject: record.subject,
            text: record.body_text,
            html: record.body_html,
            created_at: record.created_at,
        }
    }
}
