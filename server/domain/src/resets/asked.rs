//! A reset that was asked for, until somebody looks whom it is for.
//!
//! Asking writes one row, the same for every address. Whether an address has an account is found out by whoever works off
//! the outbox, at a moment that has nothing to do with the answer's: the answer has nothing in it that could tell.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tacit_store::accounts::{self, AccountRecord};
use tacit_store::outbox::{self, OutboxRecord};
use tacit_store::password_resets::{self, PasswordResetRecord};
use tacit_store::{OutboxId, PasswordResetId, StoreError, Timestamp, Tx, credentials};

use super::{Resets, may_reset};
use crate::address::Address;
use crate::audit::{Event, EventType};
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::Internal;
use crate::outbox::{MailKind, MailSecret, NewMail};
use crate::secrets::{MailedSecrets, Purpose};

/// A claimed wish for a reset.
pub struct AskedReset {
    /// The row.
    pub id: OutboxId,
    /// Which attempt this is, from 1: the claim counts it.
    pub attempts: u32,
    /// For whom, in the form look-ups compare.
    key: String,
    asked_at: Timestamp,
    payload: Payload,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    /// Whether the address may get another mail.
    within: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

impl AskedReset {
    /// As work in the outbox.
    pub(crate) const WORK: &str = "reset.asked";

    pub(crate) fn read(record: &OutboxRecord) -> Option<Self> {
        Some(Self {
            id: record.id,
            attempts: u32::try_from(record.attempts).unwrap_or(u32::MAX),
            key: record.recipient_key.clone()?,
            asked_at: record.created_at,
            payload: serde_json::from_str(&record.payload).ok()?,
        })
    }
}

impl Resets {
    /// Mails a link and a code, if the address has an account whose password its reader may set.
    ///
    /// What was carried out before, or dropped with its account, is not done again.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn carry_out(&self, asked: &AskedReset) -> Result<(), Internal> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        // Who was kept waiting that long has asked again, or given up.
        let is_late = now.since(asked.asked_at) >= core.settings.lifetimes.password_reset;
        if is_late {
            tracing::warn!(outbox = %asked.id, "a reset that was asked for long ago is dropped");
        }
        let account = if asked.payload.within && !is_late { with_password(&mut tx, &asked.key).await? } else { None };
        // Behind the account, as everybody takes them.
        if !outbox::take(&mut tx, asked.id).await? {
            return Ok(());
        }
        if let Some(account) = account {
            core.mail_reset(&mut tx, &account, &asked.payload, now).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Core {
    /// Writes down that a reset was asked for, and answers in what time it is to be worked on.
    pub(super) async fn push_asked(
        &self,
        tx: &mut Tx,
        address: &Address,
        within: bool,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Duration, Internal> {
        let due_in = self.some_time();
        let payload = Payload { within, ip: origin.ip, user_agent: origin.user_agent.clone() };
        let record = OutboxRecord {
            id: OutboxId::from_uuid(self.new_id(now)),
            kind: AskedReset::WORK.to_owned(),
            payload: serde_json::to_string(&payload).map_err(|_| Internal::Malformed("reset"))?,
            key_id: None,
            sealed: None,
            created_at: now,
            due_at: now + due_in,
            attempts: 0,
            lease_until: None,
            done_at: None,
            failed_at: None,
            last_error: None,
            recipient_key: Some(address.key().to_owned()),
        };
        outbox::push(tx, &record).await?;
        Ok(due_in)
    }

    async fn mail_reset(
        &self,
        tx: &mut Tx,
        account: &AccountRecord,
        asked: &Payload,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let id = PasswordResetId::from_uuid(self.new_id(now));
        let secrets =
            MailedSecrets::draw(&self.keyring, Purpose::ResetLink, Purpose::ResetCode, id.as_uuid(), &*self.entropy);
        let reset = PasswordResetRecord {
            id,
            account_id: account.id,
            email_key: account.email_key.clone(),
            link_hash: secrets.link_hash,
            code_hash: secrets.code_hash,
            created_at: now,
            expires_at: now + self.settings.lifetimes.password_reset,
        };
        password_resets::insert(tx, &reset).await?;
        self.push_mail(tx, mail_of(account, &reset, secrets), now).await?;
        let origin = Origin { ip: asked.ip, user_agent: asked.user_agent.clone(), ..Origin::default() };
        self.record(tx, Event::by_mail(account.id, EventType::ResetRequested, &origin), now).await
    }
}

/// The account of an address, locked, if its password may be reset by mail.
async fn with_password(tx: &mut Tx, key: &str) -> Result<Option<AccountRecord>, StoreError> {
    let Some(found) = accounts::find_by_key(tx, key).await? else { return Ok(None) };
    let locked = accounts::lock(tx, found.id).await?;
    let Some(account) = locked.filter(|account| account.email_key == key && may_reset(account)) else {
        return Ok(None);
    };
    Ok(credentials::find(tx, account.id).await?.map(|_| account))
}

fn mail_of(account: &AccountRecord, reset: &PasswordResetRecord, secrets: MailedSecrets) -> NewMail {
    NewMail {
        kind: MailKind::PasswordReset,
        to: account.email.clone(),
        language: account.language.clone(),
        display_name: account.display_name.clone(),
        expires_at: reset.expires_at,
        secret: Some(MailSecret { link: secrets.link, code: Some(secrets.code) }),
    }
}
