//! Showing the password again before something dangerous: an access token that was stolen does not do.

use std::sync::Arc;
use std::time::Duration;

use tacit_shared::FieldCode;
use tacit_shared::codes::Code;
use tacit_shared::messages::Challenge;
use tacit_shared::sealed::Purpose;
use tacit_shared::srp::Proof;
use tacit_store::audit_events::AuditResult;
use tacit_store::{Timestamp, sessions};

use crate::audit::{Event, EventType};
use crate::caller::Caller;
use crate::core::Core;
use crate::fault::{Fault, InvalidInput};
use crate::handshake::SKEW_MS;
use crate::proofs::{Authorisation, ProofError, Proved};

/// How long a session that has shown the password again may do what asks for it.
pub(crate) const GOOD_FOR: Duration = Duration::from_mins(10);

/// Step-up of a session.
#[derive(Clone)]
pub struct StepUps(pub(crate) Arc<Core>);

/// A session that showed the password again.
pub struct SteppedUp {
    /// The server's own proof.
    pub server_proof: Proof,
    /// For how long it holds.
    pub good_for: Duration,
}

/// The session has not shown of late who it is.
#[derive(Debug, thiserror::Error)]
#[error("a fresh proof is needed")]
pub struct StepUpRequired;

impl Fault for StepUpRequired {
    fn code(&self) -> Code {
        Code::StepUpRequired
    }
}

impl StepUps {
    /// Answers the caller with a challenge from their credential. Writes nothing.
    ///
    /// # Errors
    /// [`ProofError::Busy`].
    pub async fn begin(&self, caller: &Caller) -> Result<Challenge, ProofError> {
        self.0.challenge_caller(caller, Purpose::StepUp).await
    }

    /// Looks at the proof, and lets the session do what asks for it.
    ///
    /// # Errors
    /// [`ProofError::Rejected`] for a wrong password; nothing changes then.
    pub async fn confirm(&self, caller: &Caller, proof: Authorisation) -> Result<SteppedUp, ProofError> {
        Box::pin(self.step_up(caller, proof)).await
    }

    async fn step_up(&self, caller: &Caller, proof: Authorisation) -> Result<SteppedUp, ProofError> {
        let core = &self.0;
        let now = core.now();
        let mut proved = Box::pin(core.look_at_callers(&proof.shown, caller, &[Purpose::StepUp], now)).await?;
        let outcome = self.note(&mut proved, caller, &proof, now).await;
        proved.settle(core, outcome).await
    }

    async fn note(
        &self,
        proved: &mut Proved,
        caller: &Caller,
        proof: &Authorisation,
        now: Timestamp,
    ) -> Result<SteppedUp, ProofError> {
        let core = &self.0;
        if !proved.open_sealed(core, &proof.sealed).await?.is_empty() {
            let wrong = InvalidInput::field("sealed", FieldCode::Malformed);
            return Err(proved.refuse(core, wrong.into()).await);
        }
        let mut tx = core.store.begin().await?;
        proved.hold(&mut tx, caller, now).await?;
        if !sessions::update_stepped_up(&mut tx, caller.session.id, now).await? {
            return Err(ProofError::SignedOut);
        }
        proved.attempt.succeed(&mut tx).await?;
        core.record(&mut tx, Event::by(caller, EventType::SteppedUp, AuditResult::Success), now).await?;
        tx.commit().await?;
        Ok(SteppedUp { server_proof: proved.verdict.m2.clone(), good_for: GOOD_FOR })
    }
}

impl Caller {
    /// Refuses a session that has not shown who it is in the last ten minutes; that it just logged in does not count.
    ///
    /// # Errors
    /// [`StepUpRequired`].
    pub(crate) fn require_step_up(&self, now: Timestamp) -> Result<(), StepUpRequired> {
        let at = self.session.stepped_up_at.ok_or(StepUpRequired)?;
        // A time ahead of the clock is not believed for longer than two nodes' clocks may differ.
        let is_fresh = at + GOOD_FOR > now && at.as_millis() <= now.as_millis().saturating_add(SKEW_MS);
        if is_fresh { Ok(()) } else { Err(StepUpRequired) }
    }
}
