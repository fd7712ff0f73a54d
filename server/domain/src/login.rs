//! Login by SRP: a challenge that writes nothing, a proof that is looked at once.

mod candidate;
mod error;
mod input;

use std::sync::Arc;

use tacit_shared::sealed::Purpose;
use tacit_shared::srp::Proof;
use tacit_shared::srp::server::Verdict;
use tacit_shared::{confirm, messages};
use tacit_store::accounts::{self, AccountRecord, AccountStatus};
use tacit_store::logins::{self, CountedWindow, LockedLogin, OpenedLogin, SpentHandshake};
use tacit_store::sessions::{RefreshDelivery, SessionRecord};
use tacit_store::{AccountId, SessionId, Timestamp, credentials};
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::error::LoginError;
pub use self::input::{ProveLogin, StartLogin};
use crate::audit::{Event, EventType, Link, chain_of};
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::Internal;
use crate::grid;
use crate::handshake::Subject;
use crate::proofs::{Asked, ProofError, Proved};
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
    pub async fn begin(&self, start: StartLogin, origin: &Origin) -> Result<messages::Challenge, LoginError> {
        self.0.admit_login_start(origin, self.0.now())?;
        self.challenge(start).await
    }

    async fn challenge(&self, start: StartLogin) -> Result<messages::Challenge, LoginError> {
        let core = &self.0;
        let now = core.now();
        let slot = core.srp_pool.reserve(Step::Challenge)?;
        let attempt = core.failures_key(start.address.key());
        let candidate = core.candidate(&start, &attempt, now).await?;
        let asked = Asked { purpose: Purpose::Login, session: Uuid::nil(), attempt };
        // On the heap: the fixed-size credentials make these futures large.
        Ok(Box::pin(core.challenge(slot, candidate, asked, now)).await?)
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
        if matches!(result, Err(LoginError::Proof(ProofError::Rejected))) {
            grid::release(arrived).await;
        }
        result
    }

    async fn look_at(&self, prove: ProveLogin, origin: Origin) -> Result<OpenedSession, LoginError> {
        let core = &self.0;
        let now = core.now();
        let mut proved = core.look_at_login(&prove.shown, prove.device_token.as_deref(), &origin, now).await?;
        let outcome = match proved.state.subject {
            Subject::Decoy => Err(LoginError::REJECTED),
            Subject::Pending => Err(proved.refuse(core, LoginError::NotActivated).await),
            Subject::Account => Box::pin(self.open_session(&mut proved, prove, origin, now)).await,
        };
        proved.settle(core, outcome).await
    }

    async fn open_session(
        &self,
        proved: &mut Proved,
        prove: ProveLogin,
        origin: Origin,
        now: Timestamp,
    ) -> Result<OpenedSession, LoginError> {
        let core = &self.0;
        let (delivery, remember) = (prove.delivery, prove.remember_device);
        let owner = AccountId::from_uuid(proved.state.owner);
        let Proved { state, attempt, .. } = &*proved;
        let opening = Opening {
            core: Arc::clone(core),
            credential: state.credential,
            version: state.version,
            window: attempt.written_window(),
            handshake: attempt.handshake(),
            failures: attempt.failures_keys(),
            together: attempt.together(),
            prove,
            origin,
            now,
        };
        // It runs elsewhere; what it logs is this request's all the same.
        let span = tracing::Span::current();
        let decide = move |locked| span.in_scope(|| opening.decide(locked));
        let (session, (account, refresh_token)) =
            match logins::open(&core.store, owner, chain_of(Some(owner)), decide).await? {
                Ok(opened) => opened,
                Err(Refused::Missing) => return Err(self.why_missing(owner).await?),
                Err(Refused::Disabled) => return Err(proved.refuse(core, LoginError::Disabled).await),
                Err(Refused::For(error)) => return Err(error),
            };
        let Proved { state, attempt, verdict } = proved;
        attempt.note_success();

        let tokens = core.pair(&account, &session, refresh_token, now).await?;
        let remembered = remember.then(|| core.device_token(attempt.device(), state.credential, now)).flatten();
        tracing::info!(account = %account.id, session = %session.id, "signed in");
        Ok(OpenedSession::confirmed(verdict, &account, &session, tokens, remembered, delivery))
    }

    /// An account that is gone is the caller's affair, a chain without an end is ours.
    async fn why_missing(&self, owner: AccountId) -> Result<LoginError, LoginError> {
        let mut tx = self.0.store.read().await?;
        let there =
            accounts::find(&mut tx, owner).await?.is_some() && credentials::find(&mut tx, owner).await?.is_some();
        Ok(if there { Internal::Malformed("audit chain").into() } else { LoginError::REJECTED })
    }
}

/// What a session is opened with, once its account is locked.
struct Opening {
    core: Arc<Core>,
    credential: Uuid,
    version: i64,
    window: Option<CountedWindow>,
    handshake: SpentHandshake,
    failures: [[u8; 32]; 2],
    together: Option<[u8; 32]>,
    prove: ProveLogin,
    origin: Origin,
    now: Timestamp,
}

/// Why none is opened.
enum Refused {
    /// The account, its credential or its audit chain is not there.
    Missing,
    Disabled,
    For(LoginError),
}

impl Opening {
    /// Everything still is to be as it was when the proof was looked at: a reset, a change or a disabling in between wins.
    fn decide(
        &self,
        locked: Option<LockedLogin>,
    ) -> Result<(OpenedLogin, (AccountRecord, Zeroizing<String>)), Refused> {
        let Self { core, now, origin, .. } = self;
        let LockedLogin { account, credential_id, credential_version, head } = locked.ok_or(Refused::Missing)?;
        if credential_id.as_uuid() != self.credential || credential_version != self.version {
            return Err(Refused::For(LoginError::REJECTED));
        }
        match account.status {
            AccountStatus::Active => {}
            AccountStatus::Disabled => return Err(Refused::Disabled),
            AccountStatus::Invited => return Err(Refused::For(LoginError::REJECTED)),
        }
        let session = core.new_session(&account, &self.prove, origin, *now);
        let (refresh_token, token) = core.first_refresh_token(&session, *now);
        let event = Event::of(account.id, EventType::Login, origin).in_session(session.id);
        let (link, origin) = core.next_link(head, event, *now).map_err(|error| Refused::For(error.into()))?;
        let &Self { window, handshake, failures, together, .. } = self;
        let Link { event, head } = link;
        let opened = OpenedLogin { session, token, window, handshake, failures, together, event, origin, head };
        Ok((opened, (account, refresh_token)))
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
        origin: &Origin,
        now: Timestamp,
    ) -> SessionRecord {
        SessionRecord {
            id: SessionId::from_uuid(self.new_id(now)),
            account_id: account.id,
            created_at: now,
            last_seen_at: now,
            auth_time: now,
            stepped_up_at: None,
            expires_at: now + self.settings.lifetimes.session,
            ended_at: None,
            ended_reason: None,
            amr: AMR.to_owned(),
            user_agent: origin.user_agent.clone(),
            ip_address: origin.ip.map(|ip| ip.to_string()),
            device_name: prove.device_name.clone(),
            refresh_delivery: prove.delivery,
            provider: None,
        }
    }
}
