//! The other ways in to an account: identities at providers, listed, linked and taken away; and a first password.

use std::sync::Arc;
use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_shared::messages::{ParsedCredential, VisitCode, VisitPurpose};
use tacit_store::accounts::AccountRecord;
use tacit_store::audit_events::AuditResult;
use tacit_store::identities::{self, IdentityRecord};
use tacit_store::{IdentityId, StoreError, StoreErrorKind, Timestamp, Tx, credentials, sessions};

use crate::audit::{Event, EventType};
use crate::caller::Caller;
use crate::core::Core;
use crate::fault::{Fault, Internal};
use crate::outbox::{MailKind, NEWS_LIFE, NewMail};
use crate::passwords::password_notice;
use crate::sessions::ended;
use crate::step_ups::StepUpRequired;

/// Identities one account may have.
const MOST: usize = 20;

/// The other ways in to an account.
#[derive(Clone)]
pub struct Identities(pub(crate) Arc<Core>);

/// An identity as its owner sees it.
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// The provider's name here.
    pub provider: String,
    /// What people read; the name where the provider is not configured any more.
    pub label: String,
    /// The address the provider named last.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last opened a session.
    pub last_used_at: Timestamp,
}

/// How somebody can log in to their account.
pub struct WaysIn {
    /// By which identities.
    pub identities: Vec<Identity>,
    /// Whether by a password.
    pub has_password: bool,
}

/// Why an account's ways in stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The session ended, or the account was shut, since the request came in.
    #[error("not signed in any more")]
    SignedOut,
    /// The session has not shown of late who it is.
    #[error(transparent)]
    StepUpRequired(#[from] StepUpRequired),
    /// The code is none, or over, or used, or another session's.
    #[error("the code is not valid")]
    Code,
    /// The identity is linked already.
    #[error("the identity is linked already")]
    Taken,
    /// The caller has no such identity.
    #[error("no such identity")]
    Unknown,
    /// Nobody could log in any more.
    #[error("it is the last way in")]
    LastWayIn,
    /// There is a password already.
    #[error("the account has a password")]
    PasswordExists,
    /// The account does too much.
    #[error("too many requests")]
    TooMany(Duration),
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for IdentityError {
    fn code(&self) -> Code {
        match self {
            Self::SignedOut => Code::Unauthenticated,
            Self::StepUpRequired(error) => error.code(),
            Self::Code => Code::OauthCodeInvalid,
            Self::Taken => Code::IdentityTaken,
            Self::Unknown => Code::IdentityUnknown,
            Self::LastWayIn => Code::LastWayIn,
            Self::PasswordExists => Code::PasswordExists,
            Self::TooMany(_) => Code::TooManyRequests,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) => Some(*wait),
            Self::Internal(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl Identities {
    /// How the caller can log in.
    ///
    /// # Errors
    /// Only internal ones.
    pub async fn list(&self, caller: &Caller) -> Result<WaysIn, IdentityError> {
        let core = &self.0;
        let mut tx = core.store.read().await?;
        let linked = identities::list_of(&mut tx, caller.account.id).await?;
        let has_password = credentials::find(&mut tx, caller.account.id).await?.is_some();
        Ok(WaysIn { identities: linked.into_iter().map(|record| core.shown(record)).collect(), has_password })
    }

    /// Links the identity that a visit found.
    ///
    /// # Errors
    /// [`IdentityError::Code`]; [`IdentityError::Taken`]; [`IdentityError::StepUpRequired`].
    pub async fn link(&self, caller: &Caller, code: VisitCode) -> Result<Identity, IdentityError> {
        Box::pin(self.add(caller, code)).await
    }

    async fn add(&self, caller: &Caller, visit: VisitCode) -> Result<Identity, IdentityError> {
        let core = &self.0;
        let now = core.now();
        let granted = core.visit_of(caller, &visit, VisitPurpose::Link, now).await?.ok_or(IdentityError::Code)?;
        let mut tx = core.store.begin().await?;
        let account = core.hold_for_change(&mut tx, caller, now).await?;
        if !granted.spend(&mut tx).await? {
            return Err(IdentityError::Code);
        }
        if identities::list_of(&mut tx, account.id).await?.len() >= MOST {
            return Err(IdentityError::TooMany(Duration::from_hours(1)));
        }
        let record = IdentityRecord {
            id: IdentityId::from_uuid(core.new_id(now)),
            account_id: account.id,
            provider: granted.provider,
            issuer: granted.issuer,
            subject: granted.subject,
            email: granted.email,
            created_at: core.next_moment(&mut tx, account.id, now).await?,
            last_used_at: now,
        };
        match identities::insert(&mut tx, &record).await {
            Err(error) if error.kind() == StoreErrorKind::UniqueViolation => return Err(IdentityError::Taken),
            inserted => inserted?,
        }
        core.push_notice(&mut tx, account.id, notice(&account, now), now).await?;
        let event = Event::by(caller, EventType::IdentityLinked, AuditResult::Success);
        core.record(&mut tx, event.with("provider", record.provider.as_str()), now).await?;
        tx.commit().await?;
        core.outbox_bell.notify_one();
        tracing::info!(account = %account.id, provider = record.provider, "identity linked");
        Ok(core.shown(record))
    }

    /// Takes an identity away, and ends the other sessions that its provider opened.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`]; [`IdentityError::LastWayIn`]; [`IdentityError::StepUpRequired`].
    pub async fn unlink(&self, caller: &Caller, id: IdentityId) -> Result<(), IdentityError> {
        Box::pin(self.remove(caller, id)).await
    }

    async fn remove(&self, caller: &Caller, id: IdentityId) -> Result<(), IdentityError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let account = core.hold_for_change(&mut tx, caller, now).await?;
        let linked = identities::list_of(&mut tx, account.id).await?;
        let leaving = linked.iter().find(|record| record.id == id).ok_or(IdentityError::Unknown)?;
        // A provider that is not configured any more opens nothing.
        let opens = |record: &&IdentityRecord| record.id != id && core.providers.find(&record.provider).is_some();
        let stays = linked.iter().filter(opens).count();
        if stays == 0 && credentials::find(&mut tx, account.id).await?.is_none() {
            return Err(IdentityError::LastWayIn);
        }
        identities::delete(&mut tx, id, account.id).await?;
        let (provider, kept) = (leaving.provider.as_str(), caller.session.id);
        let ended = sessions::end_of_provider(&mut tx, account.id, provider, kept, ended::UNLINKED, now).await?;
        core.push_notice(&mut tx, account.id, notice(&account, now), now).await?;
        let event = Event::by(caller, EventType::IdentityUnlinked, AuditResult::Success);
        core.record(&mut tx, event.with("provider", provider).with("sessions_ended", ended), now).await?;
        tx.commit().await?;
        core.outbox_bell.notify_one();
        tracing::info!(account = %account.id, provider, "identity unlinked");
        Ok(())
    }

    /// Gives an account that has none its first password.
    ///
    /// # Errors
    /// [`IdentityError::PasswordExists`]; [`IdentityError::StepUpRequired`].
    pub async fn set_password(&self, caller: &Caller, credential: ParsedCredential) -> Result<(), IdentityError> {
        Box::pin(self.add_password(caller, credential)).await
    }

    async fn add_password(&self, caller: &Caller, credential: ParsedCredential) -> Result<(), IdentityError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let account = core.hold_for_change(&mut tx, caller, now).await?;
        let record = core.credential(account.id, &credential, now)?;
        match credentials::insert(&mut tx, &record).await {
            Err(error) if error.kind() == StoreErrorKind::UniqueViolation => return Err(IdentityError::PasswordExists),
            inserted => inserted?,
        }
        core.push_notice(&mut tx, account.id, password_notice(&account, now), now).await?;
        core.record(&mut tx, Event::by(caller, EventType::PasswordSet, AuditResult::Success), now).await?;
        tx.commit().await?;
        core.outbox_bell.notify_one();
        tracing::info!(account = %account.id, "first password set");
        Ok(())
    }
}

impl Core {
    /// The caller's account, locked for a change of its ways in, which asks for a step-up.
    async fn hold_for_change(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<AccountRecord, IdentityError> {
        let account = caller.hold(tx, now).await?.ok_or(IdentityError::SignedOut)?;
        caller.require_step_up(now)?;
        let window = self.session_window(caller.session.id, now);
        if window.count(tx).await? { Ok(account) } else { Err(IdentityError::TooMany(window.remaining(now))) }
    }

    fn shown(&self, record: IdentityRecord) -> Identity {
        let label = self.providers.find(&record.provider).map(|provider| provider.settings.label.clone());
        Identity {
            id: record.id,
            label: label.unwrap_or_else(|| record.provider.clone()),
            provider: record.provider,
            email: record.email,
            created_at: record.created_at,
            last_used_at: record.last_used_at,
        }
    }
}

/// The mail that tells an account's owner about another way in, or one fewer.
pub(crate) fn notice(account: &AccountRecord, now: Timestamp) -> NewMail {
    NewMail {
        kind: MailKind::IdentitiesChanged,
        to: account.email.clone(),
        language: account.language.clone(),
        display_name: account.display_name.clone(),
        expires_at: now + NEWS_LIFE,
        secret: None,
    }
}
