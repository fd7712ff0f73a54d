//! From a secret shown to the reset it belongs to, and to another credential.

use tacit_store::accounts::{self, AccountRecord};
use tacit_store::password_resets::{self, PasswordResetRecord};
use tacit_store::{AccountId, CredentialId, Timestamp, Tx, credentials, email_changes, sessions};
use uuid::Uuid;

use super::input::{CompleteReset, ResetSecret, ShownReset};
use super::{ResetError, Resets, may_reset, void};
use crate::address::Address;
use crate::audit::{Event, EventType};
use crate::caller::{Meter, Origin};
use crate::core::Core;
use crate::fault::Internal;
use crate::passwords::password_notice;
use crate::proofs::ProofError;
use crate::secrets::{self, Purpose};
use crate::sessions::ended;
use crate::throttle::Window;

/// One count for validating and completing: who guesses at both guesses no more often.
const CODES: &str = "reset_code";
/// No account has this id: ours are of version 7.
const NOBODY: AccountId = AccountId::from_uuid(Uuid::nil());

/// A reset whose secret was shown, and the account it is for, held until the transaction ends.
type Good = (AccountRecord, PasswordResetRecord);

impl Resets {
    pub(super) async fn replace(&self, completion: &CompleteReset, origin: &Origin) -> Result<String, ResetError> {
        let core = &self.0;
        let now = core.now();
        core.may_try(&completion.shown, now).await?;
        let mut tx = core.store.begin().await?;
        let Some((account, reset)) = core.good_reset(&mut tx, &completion.shown, now).await? else {
            // A wrong code stays counted.
            tx.commit().await?;
            return Err(ResetError::Refused);
        };
        if password_resets::take(&mut tx, reset.id, now).await?.is_none() {
            return Err(ResetError::Refused);
        }
        let old = credentials::find(&mut tx, account.id).await?.ok_or(Internal::Malformed("account"))?;
        // A new id: what was bound to the old credential (devices' tokens, handshakes) is void.
        let id = CredentialId::from_uuid(core.new_id(now));
        core.replace_credential(&mut tx, &old, id, &completion.credential, now).await.map_err(not_replaced)?;
        let ended = sessions::end_all(&mut tx, account.id, None, ended::PASSWORD_RESET, now).await?;
        void(&mut tx, &account).await?;
        // Who knew the old password may have asked for another address, and would press its link later.
        email_changes::delete_waiting_of(&mut tx, account.id).await?;
        core.forgive(&mut tx, &account).await?;
        core.push_mail(&mut tx, password_notice(&account, now), now).await?;
        let event = Event::by_mail(account.id, EventType::PasswordReset, origin).with("sessions_ended", ended);
        core.record(&mut tx, event, now).await?;
        tx.commit().await?;
        core.outbox_bell.notify_one();
        tracing::info!(account = %account.id, "password reset");
        Ok(account.email)
    }
}

/// Another change was faster; the reset is void by it.
fn not_replaced(error: ProofError) -> ResetError {
    match error {
        ProofError::Internal(error) => error.into(),
        _ => ResetError::Refused,
    }
}

impl Core {
    /// Refuses what can be refused before anything is locked or counted: strangers must not make an account's owner wait.
    pub(super) async fn may_try(&self, shown: &ShownReset, now: Timestamp) -> Result<(), ResetError> {
        let mut tx = self.store.read().await?;
        match &shown.secret {
            ResetSecret::Link { link, .. } => {
                let hash = secrets::token_hash(&self.keyring, Purpose::ResetLink, link);
                password_resets::find_by_link(&mut tx, hash).await?.map(drop).ok_or(ResetError::Refused)
            }
            ResetSecret::Code { address, .. } => {
                let attempts = self.reset_codes(address, now);
                let is_open = attempts.is_open(&mut tx, &Meter::default()).await?;
                if is_open { Ok(()) } else { Err(ResetError::Throttled(attempts.remaining(now))) }
            }
        }
    }

    fn reset_codes(&self, address: &Address, now: Timestamp) -> Window {
        let (hash, limits) = (self.address_hash(CODES, address.key()), &self.settings.limits);
        Window::at(CODES, hash, limits.code_attempts, limits.code_window, now)
    }

    /// The reset a secret belongs to, if it is good, and its account, which is locked. `None` leaves a wrong code to be
    /// committed.
    pub(super) async fn good_reset(
        &self,
        tx: &mut Tx,
        shown: &ShownReset,
        now: Timestamp,
    ) -> Result<Option<Good>, ResetError> {
        match &shown.secret {
            ResetSecret::Link { link, address } => self.reset_with_link(tx, link, address.as_ref(), now).await,
            ResetSecret::Code { code, address } => self.reset_with_code(tx, code, address, now).await,
        }
    }

    async fn reset_with_link(
        &self,
        tx: &mut Tx,
        link: &str,
        address: Option<&Address>,
        now: Timestamp,
    ) -> Result<Option<Good>, ResetError> {
        let hash = secrets::token_hash(&self.keyring, Purpose::ResetLink, link);
        let found = password_resets::find_by_link(tx, hash).await?.filter(|reset| reset.expires_at > now);
        let Some(reset) = found else { return Ok(None) };
        let account = accounts::lock(tx, reset.account_id).await?.filter(may_reset);
        // One that was asked for while the address changed went to the former one.
        let fits = |account: &AccountRecord| {
            account.email_key == reset.email_key && address.is_none_or(|address| address.key() == account.email_key)
        };
        Ok(account.filter(fits).map(|account| (account, reset)))
    }

    async fn reset_with_code(
        &self,
        tx: &mut Tx,
        code: &str,
        address: &Address,
        now: Timestamp,
    ) -> Result<Option<Good>, ResetError> {
        // The account's row comes before the window, as everywhere. What nobody has is looked for all the same, so that it
        // costs the same; and no event tells of a guess, since there could be none of one at an unknown address.
        let id = accounts::find_by_key(tx, address.key()).await?.map_or(NOBODY, |account| account.id);
        let account = accounts::lock(tx, id).await?.filter(|account| account.email_key == address.key());
        let attempts = self.reset_codes(address, now);
        if !attempts.count(tx).await? {
            return Err(ResetError::Throttled(attempts.remaining(now)));
        }
        let waiting = password_resets::list_of(tx, id, now).await?;
        let reset = waiting.into_iter().find(|reset| {
            let shown = secrets::code_hash(&self.keyring, Purpose::ResetCode, reset.id.as_uuid(), code);
            secrets::same(shown, reset.code_hash) & (reset.email_key == address.key())
        });
        let good = account.filter(may_reset).zip(reset);
        if good.is_some() {
            attempts.refund(tx).await?;
        }
        Ok(good)
    }
}
