//! Change of a password, and renewal of a credential that is below today's strength.

use std::sync::Arc;
use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_shared::messages::{self, Challenge, ChangePurpose, ParsedCredential, SealedCredential};
use tacit_shared::sealed::Purpose;
use tacit_shared::srp::Proof;
use tacit_shared::{FieldCode, FieldError, preset};
use tacit_store::accounts::AccountRecord;
use tacit_store::audit_events::AuditResult;
use tacit_store::credentials::{self, CredentialRecord};
use tacit_store::{CredentialId, StoreError, Timestamp, Tx, email_changes, sessions};

use crate::audit::{Event, EventType};
use crate::caller::Caller;
use crate::core::Core;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::outbox::{MailKind, NEWS_LIFE, NewMail};
use crate::proofs::{Authorisation, ProofError, Proved};
use crate::resets;
use crate::sessions::ended;
use crate::verifiers;

/// Change of a password.
#[derive(Clone)]
pub struct Passwords(pub(crate) Arc<Core>);

/// Why a password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The proof does not go on.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The credential is not below today's preset, or the new one is.
    #[error("there is nothing to upgrade")]
    UpgradeRefused,
}

impl From<Internal> for PasswordError {
    fn from(error: Internal) -> Self {
        Self::Proof(error.into())
    }
}

impl From<StoreError> for PasswordError {
    fn from(error: StoreError) -> Self {
        Self::Proof(error.into())
    }
}

impl Fault for PasswordError {
    fn code(&self) -> Code {
        match self {
            Self::Proof(error) => error.code(),
            Self::UpgradeRefused => Code::UpgradeRefused,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Proof(error) => error.retry_after(),
            Self::UpgradeRefused => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Proof(error) => error.fields(),
            Self::UpgradeRefused => Vec::new(),
        }
    }
}

/// What was sealed under the proof.
struct Wish {
    credential: ParsedCredential,
    keep_other_sessions: bool,
}

impl Passwords {
    /// Answers the caller with a challenge from their credential. Writes nothing.
    ///
    /// # Errors
    /// [`ProofError::Busy`].
    pub async fn begin(&self, caller: &Caller, start: &messages::PasswordChangeStart) -> Result<Challenge, ProofError> {
        let purpose = match start.purpose.unwrap_or_default() {
            ChangePurpose::Change => Purpose::Change,
            ChangePurpose::Upgrade => Purpose::Upgrade,
        };
        self.0.challenge_caller(caller, purpose).await
    }

    /// Puts the new credential in the place of the one that was proved; answers with the server's own proof.
    ///
    /// A change ends the caller's other sessions unless they keep them, makes every device new and every pending reset
    /// void, and is told by mail. An upgrade does none of that.
    ///
    /// # Errors
    /// [`ProofError::Rejected`] for a wrong password: everything stays as it was. [`ProofError::CredentialReplaced`]
    /// when another change was faster. [`PasswordError::UpgradeRefused`].
    pub async fn confirm(&self, caller: &Caller, change: Authorisation) -> Result<Proof, PasswordError> {
        Box::pin(self.change(caller, change)).await
    }

    async fn change(&self, caller: &Caller, change: Authorisation) -> Result<Proof, PasswordError> {
        let core = &self.0;
        let now = core.now();
        let purposes = [Purpose::Change, Purpose::Upgrade];
        let mut proved = Box::pin(core.look_at_callers(&change.shown, caller, &purposes, now)).await?;
        let outcome = self.replace(&mut proved, caller, &change, now).await;
        proved.settle(core, outcome).await
    }

    async fn replace(
        &self,
        proved: &mut Proved,
        caller: &Caller,
        change: &Authorisation,
        now: Timestamp,
    ) -> Result<Proof, PasswordError> {
        let core = &self.0;
        let plain = proved.open_sealed(core, &change.sealed).await?;
        let wish = match Wish::read(&plain) {
            Ok(wish) => wish,
            Err(wrong) => return Err(proved.refuse(core, ProofError::from(wrong).into()).await),
        };
        let is_upgrade = proved.state.purpose == Purpose::Upgrade;
        if is_upgrade && !is_due(proved.state.preset, &wish.credential) {
            return Err(proved.refuse(core, PasswordError::UpgradeRefused).await);
        }

        let mut tx = core.store.begin().await?;
        let (account, old) = proved.hold(&mut tx, caller, now).await?;
        if is_upgrade {
            core.upgrade(&mut tx, &old, &wish.credential, now).await?;
        } else {
            core.change(&mut tx, caller, &account, &old, &wish, now).await?;
        }
        proved.attempt.succeed(&mut tx).await?;
        let kind = if is_upgrade { EventType::PasswordUpgraded } else { EventType::PasswordChanged };
        core.record(&mut tx, Event::by(caller, kind, AuditResult::Success), now).await?;
        tx.commit().await?;
        core.outbox_bell.notify_one();
        tracing::info!(account = %account.id, session = %caller.session.id, upgrade = is_upgrade, "credential replaced");
        Ok(proved.verdict.m2.clone())
    }
}

impl Wish {
    fn read(plain: &[u8]) -> Result<Self, InvalidInput> {
        let sealed: SealedCredential =
            serde_json::from_slice(plain).map_err(|_| InvalidInput::field("sealed", FieldCode::Malformed))?;
        let credential = sealed.credential.parse().map_err(|error| error.within("credential").within("sealed"))?;
        Ok(Self { credential, keep_other_sessions: sealed.keep_other_sessions.unwrap_or_default() })
    }
}

/// Whether a credential is below today's preset and the new one is not.
///
/// An upgrade ends no session and sends no mail, so it must not be a quiet way to another password at any time.
fn is_due(old: u16, new: &ParsedCredential) -> bool {
    preset::find(old).is_some_and(preset::Preset::is_below_default) && !new.preset.is_below_default()
}

impl Core {
    async fn change(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &AccountRecord,
        old: &CredentialRecord,
        wish: &Wish,
        now: Timestamp,
    ) -> Result<(), PasswordError> {
        // A new id: what was bound to the old credential (devices' tokens, handshakes) is void.
        let id = CredentialId::from_uuid(self.new_id(now));
        self.replace_credential(tx, old, id, &wish.credential, now).await?;
        if !wish.keep_other_sessions {
            sessions::end_all(tx, account.id, Some(caller.session.id), ended::PASSWORD_CHANGED, now).await?;
        }
        resets::void(tx, account).await?;
        // Who knew the old password may have asked for another address, and would press its link later.
        email_changes::delete_waiting_of(tx, account.id).await?;
        Ok(self.push_notice(tx, account.id, password_notice(account, now), now).await?)
    }

    async fn upgrade(
        &self,
        tx: &mut Tx,
        old: &CredentialRecord,
        new: &ParsedCredential,
        now: Timestamp,
    ) -> Result<(), PasswordError> {
        // The id stays: to the devices that know the password it is the same credential.
        Ok(self.replace_credential(tx, old, old.id, new, now).await?)
    }

    /// Puts a new credential in an old one's place.
    pub(crate) async fn replace_credential(
        &self,
        tx: &mut Tx,
        old: &CredentialRecord,
        id: CredentialId,
        new: &ParsedCredential,
        now: Timestamp,
    ) -> Result<(), ProofError> {
        // A login may have it made once more before this is committed; nothing finds it then, and an hour later it is gone.
        self.combs.forget(old.account_id.as_uuid());
        let version = old.version + 1;
        let place = verifiers::place(old.account_id.as_uuid(), id.as_uuid(), version, new);
        let record = CredentialRecord {
            account_id: old.account_id,
            id,
            version,
            identity: new.identity.as_str().to_owned(),
            salt: new.salt.as_bytes().to_vec(),
            preset: new.preset.number,
            key_id: self.keyring.id.clone(),
            verifier_sealed: verifiers::seal(&self.keyring, &place, &new.verifier, &*self.entropy)?,
            created_at: now,
        };
        if credentials::replace(tx, &record).await? { Ok(()) } else { Err(ProofError::CredentialReplaced) }
    }
}

/// The mail that tells an account's owner about another password.
pub(crate) fn password_notice(account: &AccountRecord, now: Timestamp) -> NewMail {
    NewMail {
        kind: MailKind::PasswordChanged,
        to: account.email.clone(),
        language: account.language.clone(),
        display_name: account.display_name.clone(),
        expires_at: now + NEWS_LIFE,
        secret: None,
    }
}
