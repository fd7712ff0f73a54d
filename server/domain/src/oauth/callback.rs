//! The browser comes back: is it the one that left, and what does the provider say of it?

use tacit_shared::FieldCode;
use tacit_shared::messages::{Display, VisitPurpose};
use tacit_store::Timestamp;
use tacit_store::sessions::RefreshDelivery;
use url::Url;

use super::begin::{Surface, redirect_uri, return_to};
use super::flow::{CODE_MS, Flow, Granted, is_ours, spend};
use super::settle::Newcomer;
use super::{Oauth, OauthError, SignedIn};
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::InvalidInput;
use crate::providers::{Expected, Grant, Person, Provider, StepUpBy, cleaned};

/// What a provider sends back.
#[derive(Default)]
pub struct Returned {
    /// The code.
    pub code: Option<String>,
    /// What we sent.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same for people, in the provider's words.
    pub error_description: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
}

/// Whom the outcome is handed to.
#[derive(Clone)]
pub struct HandOver {
    /// An address of an allowed origin.
    pub return_to: Url,
    /// How.
    pub display: Display,
}

/// What came of it.
pub enum Finished {
    /// A one-time code, for the client that began.
    Code {
        /// The code.
        code: String,
        /// Seconds it is good for.
        expires_in: u64,
        /// For whom.
        hand_over: HandOver,
    },
    /// The session itself, for a caller that asked for no code.
    Session(Box<SignedIn>),
}

/// What went wrong, and whom to tell.
pub struct Failed {
    /// What.
    pub fault: OauthError,
    /// Whom; nobody, where it is not known who began.
    pub hand_over: Option<HandOver>,
    /// Whether the sign-in this browser began is over by it.
    pub is_over: bool,
}

impl<E: Into<OauthError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self { fault: error.into(), hand_over: None, is_over: false }
    }
}

impl Oauth {
    /// Looks at a provider's answer. A state serves once, whatever comes of it.
    ///
    /// # Errors
    /// [`OauthError::Mismatch`] for another browser's or flow's cookie, [`OauthError::State`] for a state that is forged,
    /// over or used, [`OauthError::Refused`], [`OauthError::Provider`]; without a client that takes a code also what
    /// [`Oauth::exchange`] ends in.
    pub async fn finish(
        &self,
        provider: &str,
        surface: Surface,
        returned: Returned,
        cookie: Option<&str>,
        origin: Origin,
    ) -> Result<Finished, Failed> {
        Box::pin(self.come_back(provider, surface, returned, cookie, origin)).await
    }

    async fn come_back(
        &self,
        provider: &str,
        surface: Surface,
        returned: Returned,
        cookie: Option<&str>,
        origin: Origin,
    ) -> Result<Finished, Failed> {
        let core = &self.0;
        let now = core.now();
        let provider = core.providers.find(provider).ok_or(OauthError::UnknownProvider)?;
        let flow = core.flow_of(provider, surface, &returned, cookie, now).await?;
        // Checked when it began; an origin that was taken off the list since gets nothing.
        let return_to = return_to(&core.settings, Some(&flow.return_to))?;
        let hand_over = HandOver { return_to, display: flow.display };
        let begun = flow.challenge.clone();
        let finished = Box::pin(self.conclude(provider, surface, returned, flow, &hand_over, origin, now)).await;
        finished.map_err(|fault| Failed { fault, hand_over: begun.map(|_| hand_over), is_over: true })
    }

    #[expect(clippy::too_many_arguments, reason = "one step of two; the first has made sure of them")]
    async fn conclude(
        &self,
        provider: &Provider,
        surface: Surface,
        returned: Returned,
        flow: Flow,
        hand_over: &HandOver,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Finished, OauthError> {
        let core = &self.0;
        if let Some(error) = &returned.error {
            let described = returned.error_description.as_deref().unwrap_or_default();
            return Err(OauthError::Refused(cleaned(&format!("{error} {described}")).trim().to_owned()));
        }
        let answered = returned.code.as_deref().filter(|code| !code.is_empty());
        let answered = answered.ok_or_else(|| InvalidInput::field("code", FieldCode::Required))?;
        if !provider.may_answer_as(core, returned.iss.as_deref(), now).await? {
            return Err(OauthError::Mismatch);
        }
        let steps_up = flow.visit.as_ref().is_some_and(|visit| visit.purpose == VisitPurpose::StepUp);
        let by_time = steps_up && provider.settings.step_up == StepUpBy::AuthTime;
        let grant = Grant {
            code: answered,
            verifier: &flow.verifier,
            redirect_uri: &redirect_uri(core, provider, surface),
            public_client: None,
        };
        let expected = Expected {
            client_id: &provider.settings.client_id,
            nonce: Some(&flow.nonce),
            not_before: by_time.then(|| Timestamp::from_millis(flow.begun_at)),
        };
        let person = provider.person_of(core, &grant, &expected, now).await?;
        let Some(challenge) = flow.challenge else {
            let newcomer = Newcomer { delivery: RefreshDelivery::Body, device_name: None, origin };
            let signed_in = core.settle(&flow.provider, &person, None, &newcomer, now).await?;
            return Ok(Finished::Session(Box::new(signed_in)));
        };
        let granted = core.granted(flow.provider, person, challenge, flow.visit, now);
        Ok(Finished::Code {
            code: granted.seal(core, now).await?,
            expires_in: u64::try_from(CODE_MS / 1000).unwrap_or_default(),
            hand_over: hand_over.clone(),
        })
    }
}

impl Core {
    /// The flow this browser left with, used up.
    async fn flow_of(
        &self,
        provider: &Provider,
        surface: Surface,
        returned: &Returned,
        cookie: Option<&str>,
        now: Timestamp,
    ) -> Result<Flow, OauthError> {
        let state = returned.state.as_deref().filter(|state| !state.is_empty()).ok_or(OauthError::Mismatch)?;
        // Before the cookie: what was never ours is told from what is another browser's.
        if !is_ours(self, state) {
            return Err(OauthError::State);
        }
        let flow = Flow::open(self, cookie.ok_or(OauthError::Mismatch)?, now).await?;
        // The answer of one provider must not be taken for another's (mix-up, RFC 9700 §4.4).
        let is_it = flow.state(self) == state && flow.provider == provider.settings.name && flow.surface == surface;
        if !is_it {
            return Err(OauthError::Mismatch);
        }
        let mut tx = self.store.begin().await?;
        if !spend(&mut tx, &flow.id, flow.begun_at).await? {
            return Err(OauthError::State);
        }
        tx.commit().await?;
        Ok(flow)
    }

    fn granted(
        &self,
        provider: String,
        person: Person,
        challenge: String,
        visit: Option<super::flow::Visit>,
        now: Timestamp,
    ) -> Granted {
        let mut id = [0; 16];
        self.entropy.fill(&mut id);
        Granted {
            id,
            provider,
            issuer: person.issuer,
            subject: person.subject,
            email: person.email,
            word: Granted::word_of(person.word),
            name: person.name,
            auth_time: person.auth_time,
            challenge,
            at: now.as_millis(),
            visit,
        }
    }
}
