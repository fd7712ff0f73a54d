//! A change of address: confirmed from the new one, and for a week undone from the old one.

use std::sync::Arc;
use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_shared::messages;
use tacit_store::accounts::{self, AccountRecord, AccountStatus};
use tacit_store::email_changes::{self, Confirmation, EmailChangeRecord};
use tacit_store::{
    AccountId, EmailChangeId, StoreError, StoreErrorKind, Timestamp, Tx, identities, pending_credentials, sessions,
};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::accounts::OwnAccountError;
use crate::address::Address;
use crate::audit::{Event, EventType, chain_of};
use crate::caller::{Caller, Origin};
use crate::core::Core;
use crate::fault::{Fault, Internal};
use crate::grid;
use crate::oauth::is_unproved;
use crate::outbox::{MailKind, MailSecret, NEWS_LIFE, NewMail};
use crate::resets;
use crate::secrets::{self, Purpose};
use crate::sessions::ended;
use crate::sign_ups::MAILS_BY_CLIENT;
use crate::throttle::Window;

const BY_ACCOUNT: &str = "email_change";
const MAILS: &str = "email_change_mail";

/// Changes of address.
#[derive(Clone)]
pub struct EmailChanges(pub(crate) Arc<Core>);

/// The secret of a mailed link.
pub struct LinkSecret(Zeroizing<String>);

impl From<messages::EmailChangeSecret> for LinkSecret {
    fn from(message: messages::EmailChangeSecret) -> Self {
        Self(Zeroizing::new(message.token))
    }
}

/// Why an address is neither changed nor changed back.
#[derive(Debug, thiserror::Error)]
pub enum EmailChangeError {
    /// The secret is wrong, expired or used, or the address is somebody else's by now; nothing tells which.
    #[error("the change of address is not valid")]
    Invalid,
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for EmailChangeError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for EmailChangeError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid => Code::EmailChangeInvalid,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Invalid => None,
            Self::Internal(error) => error.retry_after(),
        }
    }
}

impl EmailChanges {
    /// Gives an account the address whose owner shows the secret that went there. The old address learns of it, and can
    /// take it back, if its owner had ever proved it. The credential is not touched: the same password goes on, and so do
    /// the sessions.
    ///
    /// # Errors
    /// [`EmailChangeError::Invalid`].
    pub async fn confirm(&self, secret: LinkSecret, origin: &Origin) -> Result<String, EmailChangeError> {
        let arrived = Instant::now();
        let result = Box::pin(self.redeem(&secret, origin)).await;
        if result.is_err() {
            grid::release(arrived).await;
        }
        result
    }

    /// Gives an account the address back that it had before a change, whatever was changed since, takes away the identities
    /// that were linked since, and ends all of its sessions: whoever reads the old address is believed for a week, even
    /// against who knows the password. The address that loses is told.
    ///
    /// # Errors
    /// [`EmailChangeError::Invalid`].
    pub async fn undo(&self, secret: LinkSecret, origin: &Origin) -> Result<String, EmailChangeError> {
        let arrived = Instant::now();
        let result = Box::pin(self.take_back(&secret, origin)).await;
        if result.is_err() {
            grid::release(arrived).await;
        }
        result
    }

    async fn redeem(&self, secret: &LinkSecret, origin: &Origin) -> Result<String, EmailChangeError> {
        let core = &self.0;
        let now = core.now();
        let hash = secrets::token_hash(&core.keyring, Purpose::EmailConfirmation, &secret.0);
        // Looked for before anything is held: strangers who guess must not take the writer from others.
        if email_changes::find_by_confirm(&mut core.store.read().await?, hash).await?.is_none() {
            return Err(EmailChangeError::Invalid);
        }
        let mut tx = core.store.begin().await?;
        let change = email_changes::find_by_confirm(&mut tx, hash).await?.ok_or(EmailChangeError::Invalid)?;
        let account = accounts::lock(&mut tx, change.account_id).await?;
        let account =
            account.filter(|account| account.status == AccountStatus::Active).ok_or(EmailChangeError::Invalid)?;

        let undo = secrets::random_token("", &*core.entropy);
        let confirmation = Confirmation {
            undo_hash: secrets::token_hash(&core.keyring, Purpose::EmailUndo, &undo),
            confirmed_at: core.next_moment(&mut tx, account.id, now).await?,
            expires_at: now + core.settings.lifetimes.email_undo,
            old_email: account.email.clone(),
        };
        if !email_changes::update_confirmed(&mut tx, change.id, &confirmation, now).await? {
            return Err(EmailChangeError::Invalid);
        }
        core.give_address(&mut tx, account.id, &change.new_email, now).await?;
        resets::void(&mut tx, &account).await?;
        // Where nobody had proved the old one, as in an account that a provider made, there is nobody to ask.
        if !is_unproved(&account) {
            core.push_mail(&mut tx, undo_of(account, &confirmation, undo), now).await?;
        }
        core.record(&mut tx, Event::by_mail(change.account_id, EventType::EmailChanged, origin), now).await?;
        tx.commit().await?;
        core.outbox_bell.notify_one();
        tracing::info!(account = %change.account_id, "address changed");
        Ok(change.new_email)
    }

    async fn take_back(&self, secret: &LinkSecret, origin: &Origin) -> Result<String, EmailChangeError> {
        let core = &self.0;
        let now = core.now();
        let hash = secrets::token_hash(&core.keyring, Purpose::EmailUndo, &secret.0);
        let found = email_changes::find_by_undo(&mut core.store.read().await?, hash).await?;
        core.thin_out_holder(&found.ok_or(EmailChangeError::Invalid)?).await?;
        let mut tx = core.store.begin().await?;
        let found = email_changes::find_by_undo(&mut tx, hash).await?.ok_or(EmailChangeError::Invalid)?;
        // Whatever its status: that a thief had it shut must not keep the owner from it.
        let account = accounts::lock(&mut tx, found.account_id).await?.ok_or(EmailChangeError::Invalid)?;
        let change = email_changes::take(&mut tx, found.id, now).await?.ok_or(EmailChangeError::Invalid)?;

        email_changes::delete_waiting_of(&mut tx, account.id).await?;
        let mut unlinked = 0;
        if let Some(time) = change.confirmed_at {
            email_changes::delete_confirmed_from(&mut tx, account.id, time).await?;
            // Their notices went to an address that was not the owner's any more.
            unlinked = identities::delete_linked_after(&mut tx, account.id, time).await?;
        }
        let cleared = core.clear_address(&mut tx, &account, &change.old_email).await?;
        core.give_address(&mut tx, account.id, &change.old_email, now).await?;
        resets::void(&mut tx, &account).await?;
        // Whoever reads the address that loses may be the owner, and the old mailbox somebody else's by now.
        let notice = NewMail {
            kind: MailKind::EmailUndone,
            to: account.email,
            language: account.language,
            display_name: account.display_name,
            expires_at: now + NEWS_LIFE,
            secret: None,
        };
        core.push_mail(&mut tx, notice, now).await?;
        let ended = sessions::end_all(&mut tx, account.id, None, ended::EMAIL_UNDONE, now).await?;
        let event = Event::by_mail(account.id, EventType::EmailChangeUndone, origin);
        let mut events = vec![event.with("identities", unlinked).with("sessions_ended", ended)];
        events.extend(cleared.map(|holder| Event::by_mail(holder, EventType::AccountDeleted, origin).nowhere()));
        // In the order in which logins that are committed together lock the ends of their chains.
        events.sort_by_key(|event| chain_of(event.account));
        for event in events {
            core.record(&mut tx, event, now).await?;
        }
        tx.commit().await?;
        core.outbox_bell.notify_one();
        tracing::warn!(account = %account.id, sessions_ended = ended, "a change of address was undone");
        Ok(change.old_email)
    }
}

/// The moment of a confirmation: later than that of every earlier one, whatever the clock does. What came after a change
/// goes by it, and a change that a thief made must not seem to have been there before.
fn next_moment(kept: &[EmailChangeRecord], now: Timestamp) -> Timestamp {
    let last = kept.iter().filter_map(|change| change.confirmed_at).max();
    last.map_or(now, |last| now.max(last + Duration::from_millis(1)))
}

impl Core {
    /// The moment of something that happens to an account now, later than its changes of address so far whatever the clock
    /// does: an undo goes by what came after.
    pub(crate) async fn next_moment(
        &self,
        tx: &mut Tx,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        Ok(next_moment(&email_changes::list_of(tx, account).await?, now))
    }

    /// Begins a change of address: earlier ones that wait are void, and the new address gets a mail.
    ///
    /// An address that has an account gets the same row and a mail of its own; only its owner learns.
    pub(crate) async fn request_email_change(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &AccountRecord,
        address: &Address,
        now: Timestamp,
    ) -> Result<(), OwnAccountError> {
        self.count_email_change(tx, caller, account, now).await?;
        // Silent when exceeded: who asks must not learn how often somebody asked for this address.
        let limits = &self.settings.limits;
        let mails = Window::at(MAILS, self.address_hash(MAILS, address.key()), limits.mails, limits.mail_window, now);
        let is_within = mails.count(tx).await?;

        let link = secrets::random_token("", &*self.entropy);
        let change = EmailChangeRecord {
            id: EmailChangeId::from_uuid(self.new_id(now)),
            account_id: account.id,
            old_email: account.email.clone(),
            new_email: address.as_str().to_owned(),
            confirm_hash: secrets::token_hash(&self.keyring, Purpose::EmailConfirmation, &link),
            undo_hash: None,
            created_at: now,
            confirmed_at: None,
            expires_at: now + self.settings.lifetimes.email_change,
        };
        email_changes::delete_waiting_of(tx, account.id).await?;
        email_changes::insert(tx, &change).await?;
        let owner = accounts::find_by_key(tx, address.key()).await?.filter(|owner| owner.id != account.id);
        if is_within {
            self.push_mail(tx, mail_of(&change, account, owner, link), now).await?;
        }
        Ok(())
    }

    /// Both windows are told: neither depends on whether the new address has an account.
    async fn count_email_change(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &AccountRecord,
        now: Timestamp,
    ) -> Result<(), OwnAccountError> {
        let limits = &self.settings.limits;
        let client = self.client_window(MAILS_BY_CLIENT, &caller.origin, limits.client_mails, limits.mail_window, now);
        if !client.count_openly(tx, &caller.origin.meter).await? {
            return Err(OwnAccountError::TooMany(client.remaining(now)));
        }
        let own = Window::at(BY_ACCOUNT, self.account_key(BY_ACCOUNT, account), limits.mails, limits.mail_window, now);
        if own.count(tx).await? { Ok(()) } else { Err(OwnAccountError::TooMany(own.remaining(now))) }
    }

    /// Where that account has very many sessions, they go before, some at a time.
    async fn thin_out_holder(&self, change: &EmailChangeRecord) -> Result<(), EmailChangeError> {
        let address = Address::parse(&change.old_email).map_err(|_| Internal::Malformed("address"))?;
        loop {
            let mut tx = self.store.begin().await?;
            let found = self.lock_unproved(&mut tx, address.key()).await?;
            let Some(holder) = found.filter(|holder| holder.id != change.account_id) else { return Ok(()) };
            if !self.delete_some_sessions(tx, holder.id, None).await? {
                return Ok(());
            }
        }
    }

    /// Deletes the account that has an address without anybody's proof: a thief would make one, at a provider that says
    /// what it is told, to keep the owner from taking the address back. Answers which, to be recorded.
    async fn clear_address(
        &self,
        tx: &mut Tx,
        owner: &AccountRecord,
        email: &str,
    ) -> Result<Option<AccountId>, EmailChangeError> {
        let address = Address::parse(email).map_err(|_| Internal::Malformed("address"))?;
        let found = self.lock_unproved(tx, address.key()).await?.filter(|holder| holder.id != owner.id);
        let Some(holder) = found else { return Ok(None) };
        self.erase(tx, &holder).await?;
        self.combs.forget(holder.id.as_uuid());
        Ok(Some(holder.id))
    }

    /// Makes an address an account's, and drops the sign-ups that wait for it.
    async fn give_address(
        &self,
        tx: &mut Tx,
        account: AccountId,
        email: &str,
        now: Timestamp,
    ) -> Result<(), EmailChangeError> {
        let address = Address::parse(email).map_err(|_| Internal::Malformed("address"))?;
        match accounts::update_email(tx, account, address.as_str(), address.key(), now).await {
            Ok(_) => {}
            // Another account has it by now.
            Err(error) if error.kind() == StoreErrorKind::UniqueViolation => return Err(EmailChangeError::Invalid),
            Err(error) => return Err(error.into()),
        }
        Ok(pending_credentials::delete_by_key(tx, address.key()).await.map(drop)?)
    }
}

/// The mail to an address that an account had, with the link that takes it back.
fn undo_of(account: AccountRecord, confirmation: &Confirmation, undo: Zeroizing<String>) -> NewMail {
    NewMail {
        kind: MailKind::EmailChanged,
        to: account.email,
        language: account.language,
        display_name: account.display_name,
        expires_at: confirmation.expires_at,
        secret: Some(MailSecret { link: undo, code: None }),
    }
}

/// The mail to a new address: the link that confirms it or, if somebody has it already, the news to them.
fn mail_of(
    change: &EmailChangeRecord,
    account: &AccountRecord,
    owner: Option<AccountRecord>,
    link: Zeroizing<String>,
) -> NewMail {
    match owner {
        Some(owner) => NewMail {
            kind: MailKind::EmailTaken,
            to: owner.email,
            language: owner.language,
            display_name: owner.display_name,
            expires_at: change.expires_at,
            secret: None,
        },
        None => NewMail {
            kind: MailKind::EmailChange,
            to: change.new_email.clone(),
            language: account.language.clone(),
            display_name: account.display_name.clone(),
            expires_at: change.expires_at,
            secret: Some(MailSecret { link, code: None }),
        },
    }
}

#[cfg(test)]
mod tests;
