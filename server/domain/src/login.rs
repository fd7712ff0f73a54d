//! Login by SRP: a challenge that writes nothing, a proof that is looked at once.

mod attempt;
mod candidate;
mod error;
mod input;

use std::sync::Arc;

use tacit_shared::FieldCode;
use tacit_shared::srp::server::Verdict;
use tacit_shared::srp::{Group, Identity, Proof, PublicValue, Salt, Verifier, server};
use tacit_shared::{confirm, encoding, messages, preset};
use tacit_store::accounts::{self, AccountRecord, AccountStatus};
use tacit_store::sessions::{self, RefreshDelivery, SessionRecord};
use tacit_store::{AccountId, SessionId, Timestamp, credentials};
use uuid::Uuid;
use zeroize::Zeroizing;

use self::attempt::Attempt;
pub use self::error::LoginError;
pub use self::input::{ProveLogin, StartLogin};
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::{Internal, InvalidInput};
use crate::grid;
use crate::handshake::{self, Handshake, Purpose, Subject};
use crate::srp_pool::Step;
use crate::tokens::TokenPair;

/// How a password proof is named in `amr` (RFC 8176 §2).
const AMR: &str = r#"["pwd"]"#;

/// Login by SRP.
#[derive(Clone)]
pub struct Logins(pub(crate) Arc<Core>);

impl Logins {
    /// Answers an address with a challenge. Writes nothing; unknown addresses get a decoy's.
    ///
    /// # Errors
    /// [`LoginError::TooMany`]; [`LoginError::Busy`]; with `reveal_accounts` also [`LoginError::UnknownAccount`] and [`LoginError::NotActivated`].
    pub async fn begin(&self, start: StartLogin, origin: &Origin) -> Result<messages::LoginChallenge, LoginError> {
        self.0.admit_login_start(origin, self.0.now()).await?;
        // On the heap, as in `prove`: the fixed-size credentials make these futures large.
        Box::pin(self.challenge(start)).await
    }

    async fn challenge(&self, start: StartLogin) -> Result<messages::LoginChallenge, LoginError> {
        let core = &self.0;
        let now = core.now();
        let slot = core.srp_pool.reserve(Step::Challenge)?;
        let attempt = core.failures_key(start.address.key());
        let candidate = core.candidate(&start, &attempt, now).await?;
        let preset = preset::find(candidate.preset).ok_or(Internal::Malformed("credential"))?;
        let (verifier, entropy) = (candidate.verifier(preset.group)?, Arc::clone(&core.entropy));
        let challenge = slot.run(move || server::challenge(preset.group, &verifier, &*entropy)).await?;

        let mut nonce = [0u8; 16];
        core.entropy.fill(&mut nonce);
        let b_hex = challenge.public.to_hex();
        let state = Handshake {
            purpose: Purpose::Login,
            subject: Subject::from_byte(candidate.subject).ok_or(Internal::Malformed("credential"))?,
            preset: preset.number,
            owner: Uuid::from_bytes(candidate.owner),
            credential: Uuid::from_bytes(candidate.credential),
            version: candidate.version,
            session: Uuid::nil(),
            issued_at: now,
            nonce,
            attempt,
            identity: candidate.identity,
            salt: candidate.salt,
            b: challenge.b,
            public: handshake::pad(challenge.public.as_bytes()),
        };
        Ok(messages::LoginChallenge {
            handshake: core.seal_handshake(&state, now).await?,
            identity: encoding::to_hex(&state.identity),
            salt: encoding::to_hex(&state.salt),
            preset: preset.number,
            b: b_hex,
        })
    }

    /// Checks the client's proof and opens a session.
    ///
    /// A handshake is spent whatever the outcome of the proof. Unknown accounts do the same work and fail the same way.
    ///
    /// # Errors
    /// [`LoginError::Rejected`] for any proof that does not verify; nothing tells the cases apart.
    pub async fn prove(&self, prove: ProveLogin, origin: Origin) -> Result<OpenedSession, LoginError> {
        let arrived = tokio::time::Instant::now();
        let result = Box::pin(self.look_at(prove, origin)).await;
        if matches!(result, Err(LoginError::Rejected)) {
            grid::release(arrived).await;
        }
        result
    }

    async fn look_at(&self, prove: ProveLogin, origin: Origin) -> Result<OpenedSession, LoginError> {
        let core = &self.0;
        let now = core.now();
        let state = core.open_handshake(&prove.handshake, now).await??;
        let preset = preset::find(state.preset).ok_or(Internal::Malformed("handshake"))?;
        let public = PublicValue::parse_hex(preset.group, &prove.public)
            .map_err(|_| InvalidInput::field("A", FieldCode::OutOfRange))?;
        let attempt = Attempt::new(core, &state, prove.device_token.as_deref(), &origin, now);
        attempt.look(core).await?;
        let slot = core.srp_pool.reserve(Step::Proof)?;
        attempt.spend(core, &state).await?;

        let (verifier, holds) = core.verifier_of(&state, preset).await?;
        let check = Check::new(preset.group, &state, verifier, public, prove.proof.clone())?;
        let verdict = slot.run(move || check.run()).await?;
        if !(bool::from(verdict.accepted) & holds) {
            return Err(LoginError::Rejected);
        }
        match state.subject {
            Subject::Decoy => Err(LoginError::Rejected),
            Subject::Pending => {
                let mut tx = core.store.begin().await?;
                attempt.succeed(&mut tx).await?;
                tx.commit().await?;
                Err(LoginError::NotActivated)
            }
            Subject::Account => self.open_session(&state, &attempt, prove, origin, &verdict, now).await,
        }
    }

    async fn open_session(
        &self,
        state: &Handshake,
        attempt: &Attempt,
        prove: ProveLogin,
        origin: Origin,
        verdict: &Verdict,
        now: Timestamp,
    ) -> Result<OpenedSession, LoginError> {
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        let account = accounts::lock(&mut tx, AccountId::from_uuid(state.owner)).await?.ok_or(LoginError::Rejected)?;
        let credential = credentials::find(&mut tx, account.id).await?.ok_or(LoginError::Rejected)?;
        if credential.id.as_uuid() != state.credential || credential.version != state.version {
            return Err(LoginError::Rejected);
        }
        match account.status {
            AccountStatus::Active => {}
            AccountStatus::Disabled => {
                attempt.succeed(&mut tx).await?;
                tx.commit().await?;
                return Err(LoginError::Disabled);
            }
            AccountStatus::Invited => return Err(LoginError::Rejected),
        }
        let session = core.new_session(&account, &prove, origin, now);
        sessions::insert(&mut tx, &session).await?;
        let refresh_token = core.first_refresh_token(&mut tx, &session, now).await?;
        attempt.succeed(&mut tx).await?;
        tx.commit().await?;

        let tokens = core.pair(&account, &session, refresh_token, now).await?;
        let remembered =
            prove.remember_device.then(|| core.device_token(attempt.device(), state.credential, now)).flatten();
        tracing::info!(account = %account.id, session = %session.id, "signed in");
        Ok(OpenedSession::confirmed(verdict, &account, &session, tokens, remembered, prove.delivery))
    }
}

/// A session that was just opened.
pub struct OpenedSession {
    /// The server's own proof.
    pub server_proof: Proof,
    /// HMAC under a key from `K` over all the answer carries.
    pub confirm: [u8; 32],
    /// Whose session it is.
    pub account_id: AccountId,
    /// The session.
    pub session_id: SessionId,
    /// Its tokens.
    pub tokens: TokenPair,
    /// What the device may show at its next login.
    pub device_token: Option<Zeroizing<String>>,
    /// How the refresh token is to travel.
    pub delivery: RefreshDelivery,
}

impl OpenedSession {
    fn confirmed(
        verdict: &Verdict,
        account: &AccountRecord,
        session: &SessionRecord,
        tokens: TokenPair,
        device_token: Option<Zeroizing<String>>,
        delivery: RefreshDelivery,
    ) -> Self {
        let carried = confirm::Session {
            user_id: &account.id.to_string(),
            session_id: &session.id.to_string(),
            access_token: &tokens.access_token,
            refresh_token: (delivery == RefreshDelivery::Body).then_some(tokens.refresh_token.as_str()),
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            device_token: device_token.as_ref().map(|token| token.as_str()),
        };
        Self {
            server_proof: verdict.m2.clone(),
            confirm: confirm::compute(&verdict.key, &carried),
            account_id: account.id,
            session_id: session.id,
            tokens,
            device_token,
            delivery,
        }
    }
}

impl Core {
    fn new_session(
        &self,
        account: &AccountRecord,
        prove: &ProveLogin,
        origin: Origin,
        now: Timestamp,
    ) -> SessionRecord {
        SessionRecord {
            id: SessionId::from_uuid(self.new_id(now)),
            account_id: account.id,
            created_at: now,
            last_seen_at: now,
            auth_time: now,
            expires_at: now + self.settings.lifetimes.session,
            ended_at: None,
            ended_reason: None,
            amr: AMR.to_owned(),
            user_agent: origin.user_agent,
            ip_address: origin.ip.map(|ip| ip.to_string()),
            device_name: prove.device_name.clone(),
            refresh_delivery: prove.delivery,
        }
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

    fn run(&self) -> Verdict {
        server::verify(
            self.group,
            &self.identity,
            &self.salt,
            &self.verifier,
            &self.b,
            &self.server_public,
            &self.client_public,
            &self.proof,
        )
    }
}
