//! Reset of a forgotten password: whoever reads the account's mail may put a new credential in the old one's place.

mod asked;
mod completion;
mod error;
mod input;

use std::sync::Arc;
use std::time::Duration;

use tacit_store::accounts::{AccountRecord, AccountStatus};
use tacit_store::{StoreError, Timestamp, Tx, outbox, password_resets, throttles};
use tokio::time::Instant;

pub use self::asked::AskedReset;
pub use self::error::ResetError;
pub use self::input::{CompleteReset, RequestReset, ShownReset};
use crate::address::Address;
use crate::caller::Origin;
use crate::core::Core;
use crate::grid;
use crate::handshake::SKEW_MS;
use crate::oauth::is_unproved;
use crate::outbox::MailKind;
use crate::throttle::Window;

const BY_CLIENT: &str = "client_reset";
const PAUSES: &str = "reset_pause";
const MAILS: &str = "reset_mail";

/// Reset of a forgotten password.
#[derive(Clone)]
pub struct Resets(pub(crate) Arc<Core>);

/// A reset was asked for; the same for every address.
pub struct RequestedReset {
    /// For how long the mailed secrets are good.
    pub good_for: Duration,
    /// Time until another mail may be asked for.
    pub resend_after: Duration,
}

/// A reset whose secret is good.
pub struct ValidReset {
    /// Whose password it resets.
    pub address: String,
    /// For how long it still is.
    pub good_for: Duration,
}

impl Resets {
    /// Has a link and a code mailed to the owner of an address, within a second or so. Whether there is an owner is looked
    /// up then, and not before the answer.
    ///
    /// # Errors
    /// [`ResetError::TooSoon`]; [`ResetError::TooMany`].
    pub async fn request(&self, request: RequestReset, origin: &Origin) -> Result<RequestedReset, ResetError> {
        let arrived = Instant::now();
        let result = Box::pin(self.ask(&request.address, origin)).await;
        grid::release(arrived).await;
        result
    }

    async fn ask(&self, address: &Address, origin: &Origin) -> Result<RequestedReset, ResetError> {
        let core = &self.0;
        let now = core.now();
        let (good_for, resend_after) = (core.settings.lifetimes.password_reset, core.settings.limits.resend_after);
        let mut tx = core.store.begin().await?;
        // What these windows refuse counts all the same.
        if let Err(refused) = core.admit_reset(&mut tx, address, origin, now).await {
            tx.commit().await?;
            return Err(refused);
        }
        // Silent when exceeded: who asks must not learn how often somebody asked for this address.
        let within = core.reset_mails(address, now).count(&mut tx).await?;
        let due_in = core.push_asked(&mut tx, address, within, origin, now).await?;
        tx.commit().await?;
        core.ring_after(due_in);
        Ok(RequestedReset { good_for, resend_after })
    }

    /// Says whether a mailed secret is good, and spends nothing.
    ///
    /// # Errors
    /// [`ResetError::NotValid`] for a secret that is wrong, expired, used or void; [`ResetError::Throttled`].
    pub async fn validate(&self, shown: ShownReset) -> Result<ValidReset, ResetError> {
        let arrived = Instant::now();
        let result = Box::pin(self.look(&shown)).await;
        if result.is_err() {
            grid::release(arrived).await;
        }
        result
    }

    async fn look(&self, shown: &ShownReset) -> Result<ValidReset, ResetError> {
        let core = &self.0;
        let now = core.now();
        core.may_try(shown, now).await.map_err(as_asked)?;
        let mut tx = core.store.begin().await?;
        let found = core.good_reset(&mut tx, shown, now).await?;
        tx.commit().await?;
        let (account, reset) = found.ok_or(ResetError::NotValid)?;
        Ok(ValidReset { address: account.email, good_for: reset.expires_at.since(now) })
    }

    /// Puts a new credential in the place of the account's, by a mailed secret, which is spent. Answers the address.
    ///
    /// It ends every session, makes every other reset void and every device new, opens a login that was locked, and
    /// tells the owner by mail. It signs nobody in.
    ///
    /// # Errors
    /// [`ResetError::Refused`] for a secret that is wrong, expired, used or void; [`ResetError::Throttled`].
    pub async fn complete(&self, completion: CompleteReset, origin: &Origin) -> Result<String, ResetError> {
        let arrived = Instant::now();
        let result = Box::pin(self.replace(&completion, origin)).await;
        if result.is_err() {
            grid::release(arrived).await;
        }
        result
    }
}

impl Core {
    /// Counts a request for its client, and lets an address through once in a pause, whether or not it has an account.
    async fn admit_reset(
        &self,
        tx: &mut Tx,
        address: &Address,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), ResetError> {
        let limits = &self.settings.limits;
        let client = self.client_window(BY_CLIENT, origin, limits.client_mails, limits.mail_window, now);
        if !client.count_openly(tx, &origin.meter).await? {
            return Err(ResetError::TooMany(client.remaining(now)));
        }
        let (key, until) = (self.address_hash(PAUSES, address.key()), now + limits.resend_after);
        // Requests are not always counted in the order of their times, and nodes' clocks differ by seconds.
        let believed = until + Duration::from_millis(SKEW_MS.unsigned_abs());
        if throttles::hold(tx, PAUSES, &key, now, until, believed).await? {
            return Ok(());
        }
        let opens = throttles::held_until(tx, PAUSES, &key).await?.unwrap_or(until);
        Err(ResetError::TooSoon(opens.since(now).min(limits.resend_after)))
    }

    /// In windows of a reset's own lifetime: each begins with a mail, so that whoever asks all the time cannot leave the
    /// owner without one that is good.
    fn reset_mails(&self, address: &Address, now: Timestamp) -> Window {
        let key = self.address_hash(MAILS, address.key());
        Window::at(MAILS, key, self.settings.limits.mails, self.settings.lifetimes.password_reset, now)
    }
}

/// Makes an account's resets void: those that were mailed, with mails that wait, and those that were only asked for.
pub(crate) async fn void(tx: &mut Tx, account: &AccountRecord) -> Result<(), StoreError> {
    password_resets::delete_for(tx, account.id).await?;
    for work in [AskedReset::WORK, &MailKind::PasswordReset.work()] {
        outbox::delete_kind_for(tx, &account.email_key, work).await?;
    }
    Ok(())
}

/// A secret that is no good, as it is told to who only asked.
fn as_asked(error: ResetError) -> ResetError {
    match error {
        ResetError::Refused => ResetError::NotValid,
        other => other,
    }
}

/// Whether whoever reads the address's mail may set the account's password. Somebody invited has none yet, and one who is
/// shut out does not come back by mail. Where a provider made the account and nobody proved the address, its reader signs
/// up instead, which takes from the account what is not theirs.
fn may_reset(account: &AccountRecord) -> bool {
    account.status == AccountStatus::Active && !is_unproved(account)
}

#[cfg(test)]
mod tests;
