//! Visits of a signed-in person to a provider: to link an identity, or to show anew who they are.
//!
//! The browser is sent by an address of ours that carries the wish sealed, since a navigation carries no access token. What
//! comes back counts only for the session that asked, and its verifier.

use std::time::Duration;

use tacit_shared::FieldError;
use tacit_shared::codes::Code;
use tacit_shared::messages::{Display, VisitCode, VisitPurpose, VisitStart};
use tacit_store::audit_events::AuditResult;
use tacit_store::{StoreError, identities, sessions};

use super::begin::return_to;
use super::challenge::Challenge;
use super::flow::{Ticket, Visit};
use super::{Oauth, open_code};
use crate::audit::{Event, EventType};
use crate::caller::Caller;
use crate::core::Core;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::providers::StepUpBy;
use crate::step_ups::{GOOD_FOR, StepUpRequired};

/// What a visit is to be, parsed.
pub struct StartVisit {
    provider: String,
    purpose: VisitPurpose,
    challenge: Challenge,
    return_to: Option<String>,
    display: Display,
}

impl TryFrom<VisitStart> for StartVisit {
    type Error = InvalidInput;

    fn try_from(message: VisitStart) -> Result<Self, InvalidInput> {
        Ok(Self {
            provider: message.provider,
            purpose: message.purpose,
            challenge: Challenge::parse(&message.code_challenge)?,
            return_to: message.return_to,
            display: message.display.unwrap_or_default(),
        })
    }
}

/// Why a visit does not go on.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// A field does not parse.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// No provider has this name.
    #[error("no such provider")]
    UnknownProvider,
    /// The provider cannot be asked anew.
    #[error("the provider cannot be asked anew who somebody is")]
    Unavailable,
    /// The session has not shown of late who it is.
    #[error(transparent)]
    StepUpRequired(#[from] StepUpRequired),
    /// The code is none, or over, or used, or another session's.
    #[error("the code is not valid")]
    Code,
    /// The identity is none of the caller's.
    #[error("the identity is not linked to this account")]
    UnknownIdentity,
    /// The session ended meanwhile.
    #[error("not signed in any more")]
    SignedOut,
    /// The account does too much.
    #[error("too many requests")]
    TooMany(Duration),
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for VisitError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for VisitError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(error) => error.code(),
            Self::UnknownProvider => Code::ProviderUnknown,
            Self::Unavailable => Code::StepUpUnavailable,
            Self::StepUpRequired(error) => error.code(),
            Self::Code => Code::OauthCodeInvalid,
            Self::UnknownIdentity => Code::IdentityUnknown,
            Self::SignedOut => Code::Unauthenticated,
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

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(error) => error.fields(),
            _ => Vec::new(),
        }
    }
}

impl Oauth {
    /// The address at which a visit begins. Writes nothing.
    ///
    /// # Errors
    /// [`VisitError::UnknownProvider`]; [`VisitError::Unavailable`] for a step-up; [`VisitError::StepUpRequired`] to link.
    pub async fn begin_visit(&self, caller: &Caller, visit: StartVisit) -> Result<String, VisitError> {
        let core = &self.0;
        let now = core.now();
        let provider = core.providers.find(&visit.provider).ok_or(VisitError::UnknownProvider)?;
        let return_to = return_to(&core.settings, visit.return_to.as_deref())?;
        match visit.purpose {
            VisitPurpose::Link => caller.require_step_up(now)?,
            VisitPurpose::StepUp if provider.settings.step_up == StepUpBy::None => {
                return Err(VisitError::Unavailable);
            }
            VisitPurpose::StepUp => {}
        }
        let ticket = Ticket {
            provider: provider.settings.name.clone(),
            challenge: visit.challenge.as_str().to_owned(),
            return_to: return_to.to_string(),
            display: visit.display,
            at: now.as_millis(),
            visit: Visit {
                account: caller.account.id.as_uuid(),
                session: caller.session.id.as_uuid(),
                purpose: visit.purpose,
            },
        };
        let sealed = ticket.seal(core, now).await?;
        Ok(format!("{}/v1/oauth/{}/authorize?visit={sealed}", core.issuer(), provider.settings.name))
    }

    /// Lets the session do what asks for it, after the provider said anew that it is its owner's. Answers for how long.
    ///
    /// # Errors
    /// [`VisitError::Code`]; [`VisitError::UnknownIdentity`] where the provider said somebody else.
    pub async fn step_up(&self, caller: &Caller, code: VisitCode) -> Result<Duration, VisitError> {
        Box::pin(self.raise(caller, code)).await
    }

    async fn raise(&self, caller: &Caller, visit: VisitCode) -> Result<Duration, VisitError> {
        let core = &self.0;
        let now = core.now();
        let granted = core.visit_of(caller, &visit, VisitPurpose::StepUp, now).await?.ok_or(VisitError::Code)?;
        let window = core.session_window(caller.session.id, now);
        let mut tx = core.store.begin().await?;
        let account = caller.hold(&mut tx, now).await?.ok_or(VisitError::SignedOut)?;
        if !window.count(&mut tx).await? {
            return Err(VisitError::TooMany(window.remaining(now)));
        }
        if !granted.spend(&mut tx).await? {
            return Err(VisitError::Code);
        }
        let identity = identities::find(&mut tx, &granted.issuer, &granted.subject).await?;
        let is_theirs = identity.is_some_and(|identity| identity.account_id == account.id);
        if is_theirs && !sessions::update_stepped_up(&mut tx, caller.session.id, now).await? {
            return Err(VisitError::SignedOut);
        }
        // As of a wrong password: the owner of a session that somebody else uses can see it.
        let result = if is_theirs { AuditResult::Success } else { AuditResult::Failure };
        let event = Event::by(caller, EventType::SteppedUp, result);
        core.record(&mut tx, event.with("provider", granted.provider.as_str()), now).await?;
        tx.commit().await?;
        if is_theirs { Ok(GOOD_FOR) } else { Err(VisitError::UnknownIdentity) }
    }
}

impl Core {
    /// What came of a visit of this very session.
    pub(crate) async fn visit_of(
        &self,
        caller: &Caller,
        code: &VisitCode,
        purpose: VisitPurpose,
        now: tacit_store::Timestamp,
    ) -> Result<Option<super::Granted>, Internal> {
        let granted = open_code(self, &code.code, &code.code_verifier, now).await?;
        Ok(granted.filter(|granted| {
            granted.visit.as_ref().is_some_and(|visit| {
                visit.purpose == purpose
                    && visit.account == caller.account.id.as_uuid()
                    && visit.session == caller.session.id.as_uuid()
            })
        }))
    }
}
