//! Everything stored about somebody, for themselves.

use std::time::Duration;

use tacit_store::accounts::{self, AccountRecord};
use tacit_store::audit_events;
use tacit_store::credentials::{self, CredentialRecord};
use tacit_store::email_changes::{self, EmailChangeRecord};
use tacit_store::identities::{self, IdentityRecord};
use tacit_store::password_resets::{self, PasswordResetRecord};
use tacit_store::sessions::{self, SessionRecord};
use tacit_store::{Timestamp, Tx, outbox};

use super::{Accounts, OwnAccountError};
use crate::audit::{AuditResult, Event, EventType, LoggedEvent};
use crate::caller::Caller;
use crate::throttle::Window;

/// The newest events an export has, at most: some six megabytes. The list of events has all of them, page by page.
const MOST_EVENTS: i64 = 10_000;
/// Events read at once.
const PAGE: i64 = 500;

/// Exports one account may ask for in one window: each reads thousands of rows.
const MOST_EXPORTS: u32 = 10;
const WINDOW: Duration = Duration::from_hours(1);
const BY_ACCOUNT: &str = "account_export";

/// Everything stored about an account, as it lies there.
pub struct Export {
    /// When it was put together.
    pub exported_at: Timestamp,
    /// The account.
    pub account: AccountRecord,
    /// Its credential. The verifier in it is sealed, and for nobody.
    pub credential: Option<CredentialRecord>,
    /// Identities at providers that are linked.
    pub identities: Vec<IdentityRecord>,
    /// All sessions that are kept, ended ones too.
    pub sessions: Vec<SessionRecord>,
    /// Changes of address that wait or can be undone.
    pub email_changes: Vec<EmailChangeRecord>,
    /// Resets that wait.
    pub password_resets: Vec<PasswordResetRecord>,
    /// The newest events, newest first.
    pub events: Vec<LoggedEvent>,
    /// How many events there are.
    pub events_in_all: u64,
    /// Mails that wait, or were given up.
    pub mails: Vec<ExportedMail>,
}

/// A mail in the outbox.
pub struct ExportedMail {
    /// What it is about.
    pub kind: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
}

impl Accounts {
    /// Everything stored about the caller, this very request included.
    ///
    /// # Errors
    /// [`OwnAccountError::TooMany`].
    pub async fn export(&self, caller: &Caller) -> Result<Export, OwnAccountError> {
        Box::pin(self.gather(caller)).await
    }

    async fn gather(&self, caller: &Caller) -> Result<Export, OwnAccountError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let account = caller.hold(&mut tx, now).await?.ok_or(OwnAccountError::SignedOut)?;
        let asked = Window::at(BY_ACCOUNT, core.account_key(BY_ACCOUNT, &account), MOST_EXPORTS, WINDOW, now);
        if !asked.count_openly(&mut tx, &caller.origin.meter).await? {
            return Err(OwnAccountError::TooMany(asked.remaining(now)));
        }
        core.record(&mut tx, Event::by(caller, EventType::AccountExported, AuditResult::Success), now).await?;
        tx.commit().await?;

        // Read without a transaction: nobody waits for it.
        let mut tx = core.store.read().await?;
        let account = accounts::find(&mut tx, account.id).await?.ok_or(OwnAccountError::SignedOut)?;
        Ok(Export {
            exported_at: now,
            credential: credentials::find(&mut tx, account.id).await?,
            identities: identities::list_of(&mut tx, account.id).await?,
            sessions: sessions::list_of(&mut tx, account.id).await?,
            email_changes: email_changes::list_of(&mut tx, account.id).await?,
            password_resets: password_resets::list_of(&mut tx, account.id, now).await?,
            events: events(&mut tx, &account).await?,
            events_in_all: u64::try_from(audit_events::count(&mut tx, Some(account.id)).await?).unwrap_or(0),
            mails: mails(&mut tx, &account).await?,
            account,
        })
    }
}

async fn events(tx: &mut Tx, account: &AccountRecord) -> Result<Vec<LoggedEvent>, OwnAccountError> {
    let mut all = Vec::new();
    for offset in (0..MOST_EVENTS).step_by(usize::try_from(PAGE).unwrap_or(1)) {
        let page = audit_events::list(tx, Some(account.id), PAGE, offset).await?;
        let is_last = i64::try_from(page.len()) != Ok(PAGE);
        for listed in page {
            all.push(LoggedEvent::of(listed)?);
        }
        if is_last {
            break;
        }
    }
    Ok(all)
}

async fn mails(tx: &mut Tx, account: &AccountRecord) -> Result<Vec<ExportedMail>, OwnAccountError> {
    let waiting = outbox::list_for(tx, &account.email_key).await?;
    let mail = |work: outbox::OutboxRecord| ExportedMail {
        kind: work.kind.strip_prefix("mail.").unwrap_or(&work.kind).to_owned(),
        created_at: work.created_at,
        failed_at: work.failed_at,
    };
    Ok(waiting.into_iter().map(mail).collect())
}
