//! A proof of a password, whatever it is for: a challenge that writes nothing, a proof that is looked at once.

mod attempt;
mod candidate;
mod error;
mod in_flight;
mod input;

use std::sync::Arc;

use tacit_shared::FieldCode;
use tacit_shared::codes::Code;
use tacit_shared::messages::Challenge;
use tacit_shared::sealed::{self, Context, Purpose};
use tacit_shared::srp::server::{self, Verdict};
use tacit_shared::srp::{Group, Identity, Proof, PublicValue, Salt, Verifier};
use tacit_shared::{encoding, preset};
use tacit_store::accounts::AccountRecord;
use tacit_store::credentials::{self, CredentialRecord};
use tacit_store::logins::Standing;
use tacit_store::{Timestamp, Tx};
use uuid::Uuid;
use zeroize::Zeroizing;

pub(crate) use self::attempt::Attempt;
pub(crate) use self::candidate::{Candidate, Row};
pub use self::error::ProofError;
pub(crate) use self::in_flight::InFlight;
pub use self::input::Authorisation;
pub(crate) use self::input::ShownProof;
use crate::audit::{AuditResult, Event, EventType};
use crate::caller::{Caller, Origin};
use crate::combs::{Credential, Forgotten};
use crate::core::Core;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::handshake::{self, Handshake, Subject};
use crate::srp_pool::{Slot, Step};

/// Who asks for a challenge, and what for.
pub(crate) struct Asked {
    pub(crate) purpose: Purpose,
    /// The session that asks; nil for a login.
    pub(crate) session: Uuid,
    /// What attempts are counted under.
    pub(crate) attempt: [u8; 32],
}

/// A proof that is valid, before anything was done for it.
pub(crate) struct Proved {
    pub(crate) state: Handshake,
    pub(crate) attempt: Attempt,
    pub(crate) verdict: Verdict,
}

impl Core {
    /// Answers with a challenge from a credential. Writes nothing.
    pub(crate) async fn challenge(
        &self,
        slot: Slot,
        candidate: Candidate,
        asked: Asked,
        now: Timestamp,
    ) -> Result<Challenge, ProofError> {
        let preset = preset::find(candidate.preset).ok_or(Internal::Malformed("credential"))?;
        let challenge = self.compute_challenge(slot, candidate.verifier(preset.group)?).await?;

        let b_hex = challenge.public.to_hex();
        let state = Handshake {
            purpose: asked.purpose,
            subject: Subject::from_byte(candidate.subject).ok_or(Internal::Malformed("credential"))?,
            preset: preset.number,
            owner: Uuid::from_bytes(candidate.owner),
            credential: Uuid::from_bytes(candidate.credential),
            version: candidate.version,
            session: asked.session,
            issued_at: now,
            // What is spent is remembered for two hours and more: those of one time lie together, and go together.
            nonce: self.new_id(now).into_bytes(),
            attempt: asked.attempt,
            identity: candidate.identity,
            salt: candidate.salt,
            b: challenge.b,
            public: handshake::pad(challenge.public.as_bytes()),
        };
        Ok(Challenge {
            handshake: self.seal_handshake(&state, now).await?,
            identity: encoding::to_hex(&state.identity),
            salt: encoding::to_hex(&state.salt),
            preset: preset.number,
            b: b_hex,
        })
    }

    /// `B`, from a pair that was made ahead where there is one: then it is one product, and not worth a worker's turn.
    async fn compute_challenge(&self, slot: Slot, verifier: Verifier) -> Result<server::Challenge, Internal> {
        while let Some(pair) = self.srp_pool.pair(verifier.group()) {
            if let Some(challenge) = server::challenge_from(pair, &verifier) {
                return Ok(challenge);
            }
        }
        let entropy = Arc::clone(&self.entropy);
        slot.run(move || server::challenge(verifier.group(), &verifier, &*entropy)).await
    }

    /// A challenge to somebody who has logged in, for this session and purpose.
    pub(crate) async fn challenge_caller(&self, caller: &Caller, purpose: Purpose) -> Result<Challenge, ProofError> {
        let now = self.now();
        self.admit_login_start(&caller.origin, now)?;
        let slot = self.srp_pool.reserve(Step::Challenge)?;
        let mut tx = self.store.read().await?;
        let credential = credentials::find(&mut tx, caller.account.id).await?;
        drop(tx);
        let candidate = self.candidate_of(&credential.ok_or(ProofError::NoPassword)?)?;
        let asked = Asked {
            purpose,
            session: caller.session.id.as_uuid(),
            attempt: self.account_failures_key(caller.account.id),
        };
        Box::pin(self.challenge(slot, candidate, asked, now)).await
    }

    /// Looks at the proof of a login.
    pub(crate) async fn look_at_login(
        &self,
        shown: &ShownProof,
        device_token: Option<&str>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Proved, ProofError> {
        let state = self.open_handshake(&shown.handshake, now).await??;
        if state.purpose != Purpose::Login {
            return Err(ProofError::HandshakeInvalid);
        }
        let attempt = Attempt::to_log_in(self, &state, device_token, origin, now);
        Box::pin(self.look_at(shown, state, attempt)).await
    }

    /// Looks at a proof of somebody who has logged in, made in this session for one of these purposes.
    pub(crate) async fn look_at_callers(
        &self,
        shown: &ShownProof,
        caller: &Caller,
        purposes: &[Purpose],
        now: Timestamp,
    ) -> Result<Proved, ProofError> {
        let state = self.open_handshake(&shown.handshake, now).await??;
        let theirs = state.subject == Subject::Account
            && state.owner == caller.account.id.as_uuid()
            && state.session == caller.session.id.as_uuid();
        if !theirs || !purposes.contains(&state.purpose) {
            return Err(ProofError::HandshakeInvalid);
        }
        let kind = what_failed(state.purpose);
        self.admit_authorisation(caller, now).await?;
        let attempt = Attempt::of_caller(self.account_failures_key(caller.account.id), &state, now);
        let looked = Box::pin(self.look_at(shown, state, attempt)).await;
        if matches!(looked, Err(ProofError::Rejected)) {
            self.record_alone(Event::by(caller, kind, AuditResult::Failure), now).await?;
        }
        looked
    }

    /// Counts what a session proves: each that is right leaves an event that stays for ever, and perhaps a mail.
    async fn admit_authorisation(&self, caller: &Caller, now: Timestamp) -> Result<(), ProofError> {
        let window = self.session_window(caller.session.id, now);
        let mut tx = self.store.begin().await?;
        let within = window.count(&mut tx).await?;
        tx.commit().await?;
        if within { Ok(()) } else { Err(ProofError::TooMany(window.remaining(now))) }
    }

    /// Spends the handshake, then looks at the proof. Unknown accounts do the same work and fail the same way.
    async fn look_at(&self, shown: &ShownProof, state: Handshake, mut attempt: Attempt) -> Result<Proved, ProofError> {
        let preset = preset::find(state.preset).ok_or(Internal::Malformed("handshake"))?;
        let public = PublicValue::parse_hex(preset.group, &shown.public)
            .map_err(|_| InvalidInput::field("A", FieldCode::OutOfRange))?;
        // Before the credential is read: whoever replaces it after that forgets it after this.
        let forgotten = self.combs.forgotten();
        let (standing, slot) = attempt.admit(self, &state).await?;
        match self.check(shown, public, &state, &standing, slot, attempt.now()).await {
            Ok((verdict, without_comb)) => {
                if let Some((credential, verifier)) = without_comb {
                    self.keep_comb(credential, verifier, forgotten, attempt.now());
                }
                Ok(Proved { state, attempt, verdict })
            }
            Err(refused) => {
                attempt.fail(self).await?;
                Err(refused)
            }
        }
    }

    /// Answers the verdict, and the verifier whose comb is worth making.
    async fn check(
        &self,
        shown: &ShownProof,
        public: PublicValue,
        state: &Handshake,
        standing: &Standing,
        slot: Slot,
        now: Timestamp,
    ) -> Result<(Verdict, Option<(Credential, Verifier)>), ProofError> {
        let preset = preset::find(state.preset).ok_or(Internal::Malformed("handshake"))?;
        let (verifier, holds) = self.verifier_of(state, standing, preset)?;
        let credential = (holds && state.subject == Subject::Account).then(|| state.credential());
        let kept = credential.and_then(|credential| self.combs.find(credential, now));
        let is_kept = kept.is_some();
        let verifier = match kept {
            Some(comb) => verifier.with_comb(comb),
            None => verifier,
        };
        let check = Check::new(preset.group, state, verifier, public, shown.proof.clone())?;
        let (check, verdict) = slot.run(move || check.run()).await?;
        if !(bool::from(verdict.accepted) & holds) || state.subject == Subject::Decoy {
            return Err(ProofError::Rejected);
        }
        let credential = credential.filter(|_| leaves_credential(state.purpose));
        if let Some(credential) = credential.filter(|_| is_kept) {
            self.combs.note_use(credential, now);
        }
        Ok((verdict, credential.filter(|_| !is_kept).map(|credential| (credential, check.verifier))))
    }
}

impl Core {
    /// Has the comb of a verifier made, when there is time, for the next login.
    fn keep_comb(&self, credential: Credential, verifier: Verifier, forgotten: Forgotten, now: Timestamp) {
        if self.combs.is_on() {
            let combs = Arc::clone(&self.combs);
            self.srp_pool.later(move || combs.keep(credential, verifier.to_comb(), forgotten, now));
        }
    }
}

impl Proved {
    /// Opens what the proof authorises. Where it does not open the attempt still is none that failed.
    pub(crate) async fn open_sealed(&mut self, core: &Core, sealed: &str) -> Result<Zeroizing<Vec<u8>>, ProofError> {
        let session = self.state.session.hyphenated().to_string();
        let opened = Context::of(self.state.purpose, &session)
            .and_then(|context| sealed::open(&self.verdict.key, context, sealed).ok());
        match opened {
            Some(plain) => Ok(plain),
            None => Err(self.refuse(core, ProofError::SealedInvalid).await),
        }
    }

    /// To be asked with what came of the proof before that is told: what did not come to anything has failed.
    pub(crate) async fn settle<T, E: Fault + From<ProofError>>(
        mut self,
        core: &Core,
        outcome: Result<T, E>,
    ) -> Result<T, E> {
        match outcome.as_ref().err().map(Fault::code) {
            None => self.attempt.land(),
            // No verdict, and no reason to wait for a database that fails: it counts as failed all the same.
            Some(Code::Unavailable | Code::Internal) => {}
            Some(_) => self.attempt.fail(core).await.map_err(ProofError::from)?,
        }
        outcome
    }

    /// Gives the attempt back, whose proof was right, and answers why nothing is done all the same.
    pub(crate) async fn refuse<E: From<ProofError>>(&mut self, core: &Core, reason: E) -> E {
        let given_back = async {
            let mut tx = core.store.begin().await?;
            self.attempt.succeed(&mut tx).await?;
            tx.commit().await
        };
        match given_back.await {
            Ok(()) => {
                self.attempt.land();
                reason
            }
            Err(error) => ProofError::from(error).into(),
        }
    }

    /// Locks the caller's account and makes sure that everything still is as it was when the proof was looked at:
    /// a reset, another change or a disabling in between wins.
    pub(crate) async fn hold(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(AccountRecord, CredentialRecord), ProofError> {
        let account = caller.hold(tx, now).await?.ok_or(ProofError::SignedOut)?;
        let credential = credentials::find(tx, account.id).await?.ok_or(ProofError::SignedOut)?;
        if credential.id.as_uuid() != self.state.credential || credential.version != self.state.version {
            return Err(ProofError::CredentialReplaced);
        }
        Ok((account, credential))
    }
}

/// What a proof that was refused is recorded as.
const fn what_failed(purpose: Purpose) -> EventType {
    match purpose {
        Purpose::StepUp => EventType::SteppedUp,
        Purpose::Upgrade => EventType::PasswordUpgraded,
        Purpose::Login | Purpose::Change | Purpose::Recovery => EventType::PasswordChanged,
    }
}

/// Whether there will be a next login by the credential that was proved.
const fn leaves_credential(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Login | Purpose::StepUp => true,
        Purpose::Change | Purpose::Upgrade | Purpose::Recovery => false,
    }
}

/// All that the arithmetic of step two needs, ready to go to a worker.
struct Check {
    group: Group,
    identity: Identity,
    salt: Salt,
    verifier: Verifier,
    b: Zeroizing<[u8; 32]>,
    server_public: PublicValue,
    client_public: PublicValue,
    proof: Proof,
}

impl Check {
    fn new(
        group: Group,
        state: &Handshake,
        verifier: Verifier,
        client_public: PublicValue,
        proof: Proof,
    ) -> Result<Self, Internal> {
        let malformed = || Internal::Malformed("handshake");
        let server_public = handshake::unpad(&state.public, group.len()).ok_or_else(malformed)?;
        Ok(Self {
            group,
            identity: Identity::parse(&encoding::to_hex(&state.identity)).map_err(|_| malformed())?,
            salt: Salt::from_bytes(state.salt).map_err(|_| malformed())?,
            verifier,
            b: state.b.clone(),
            server_public: PublicValue::from_bytes(group, server_public.to_vec()).map_err(|_| malformed())?,
            client_public,
            proof,
        })
    }

    fn run(self) -> (Self, Verdict) {
        let verdict = server::verify(
            self.group,
            &self.identity,
            &self.salt,
            &self.verifier,
            &self.b,
            &self.server_public,
            &self.client_public,
            &self.proof,
        );
        (self, verdict)
    }
}
