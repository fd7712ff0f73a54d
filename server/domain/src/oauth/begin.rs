//! The beginning of a sign-in: where the browser goes, and what it is to bring back.

use serde::{Deserialize, Serialize};
use tacit_shared::encoding::to_base64url;
use tacit_shared::messages::Display;
use tacit_shared::{FieldCode, limits};
use tacit_store::Timestamp;
use url::Url;

use super::challenge::{Challenge, challenge_of, new_verifier};
use super::flow::{FLOW_MS, Flow, Ticket, Visit};
use super::{Begun, Oauth, OauthError};
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::InvalidInput;
use crate::providers::{Provider, Question, StepUpBy};
use crate::settings::Settings;
use tacit_shared::messages::VisitPurpose;

/// Which callback a provider's answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Surface {
    /// `/api/auth/oauth/microsoft/callback`.
    Srp,
    /// `/v1/oauth/{provider}/callback`.
    Platform,
}

/// What somebody begins with.
#[derive(Default)]
pub struct Begin {
    /// SHA-256 of the client's verifier; without it the callback answers with the session itself.
    pub code_challenge: Option<String>,
    /// Where the code is handed to.
    pub return_to: Option<String>,
    /// How it is handed over.
    pub display: Display,
    /// A visit that a signed-in person asked for; the rest counts for nothing then.
    pub visit: Option<String>,
}

impl Oauth {
    /// Begins a sign-in. Writes nothing.
    ///
    /// # Errors
    /// [`OauthError::UnknownProvider`]; [`OauthError::Provider`] when it does not answer; [`OauthError::Invalid`].
    pub async fn begin(
        &self,
        provider: &str,
        begin: Begin,
        surface: Surface,
        origin: &Origin,
    ) -> Result<Begun, OauthError> {
        Box::pin(self.start(provider, begin, surface, origin)).await
    }

    async fn start(
        &self,
        provider: &str,
        begin: Begin,
        surface: Surface,
        origin: &Origin,
    ) -> Result<Begun, OauthError> {
        let core = &self.0;
        let now = core.now();
        let provider = core.providers.find(provider).ok_or(OauthError::UnknownProvider)?;
        let wish = match &begin.visit {
            Some(ticket) => Wish::of_visit(core, provider, ticket, now).await?,
            None => Wish::of(core, &begin)?,
        };
        core.admit_login_start(origin, now)?;
        let verifier = new_verifier(&*core.entropy);
        let mut id = [0; 16];
        core.entropy.fill(&mut id);
        let anew = wish.visit.as_ref().is_some_and(|visit| visit.purpose == VisitPurpose::StepUp)
            && provider.settings.step_up == StepUpBy::AuthTime;
        let flow = Flow {
            id,
            provider: provider.settings.name.clone(),
            surface,
            nonce: nonce(core),
            verifier: verifier.to_string(),
            challenge: wish.challenge.map(|challenge| challenge.as_str().to_owned()),
            return_to: wish.return_to.to_string(),
            display: wish.display,
            begun_at: now.as_millis(),
            visit: wish.visit,
        };
        let question = Question {
            redirect_uri: &redirect_uri(core, provider, surface),
            state: &flow.state(core),
            nonce: &flow.nonce,
            challenge: &challenge_of(&verifier),
            anew,
        };
        Ok(Begun {
            location: provider.authorization_url(core, &question, now).await?,
            cookie: flow.seal(core, now).await?,
            posted: provider.settings.response_mode == crate::providers::ResponseMode::FormPost,
            expires_in: u64::try_from(FLOW_MS / 1000).unwrap_or_default(),
        })
    }
}

/// What a sign-in is to end in.
struct Wish {
    challenge: Option<Challenge>,
    return_to: Url,
    display: Display,
    visit: Option<Visit>,
}

impl Wish {
    fn of(core: &Core, begin: &Begin) -> Result<Self, InvalidInput> {
        Ok(Self {
            challenge: begin.code_challenge.as_deref().map(Challenge::parse).transpose()?,
            return_to: return_to(&core.settings, begin.return_to.as_deref())?,
            display: begin.display,
            visit: None,
        })
    }

    async fn of_visit(core: &Core, provider: &Provider, ticket: &str, now: Timestamp) -> Result<Self, OauthError> {
        let ticket = Ticket::open(core, ticket, now).await?;
        if ticket.provider != provider.settings.name {
            return Err(OauthError::State);
        }
        Ok(Self {
            challenge: Some(Challenge::sealed(ticket.challenge)),
            return_to: return_to(&core.settings, Some(&ticket.return_to))?,
            display: ticket.display,
            visit: Some(ticket.visit),
        })
    }
}

/// Where a provider sends the browser back to.
pub(super) fn redirect_uri(core: &Core, provider: &Provider, surface: Surface) -> String {
    let base = core.issuer();
    match surface {
        Surface::Srp => format!("{base}/api/auth/oauth/{}/callback", provider.settings.name),
        Surface::Platform => format!("{base}/v1/oauth/{}/callback", provider.settings.name),
    }
}

/// The address a code is handed to, if its origin is one of those that may have it.
///
/// What is kept is the parsed address as it is written again, so that nothing depends on how a browser would have read the
/// original.
pub(super) fn return_to(settings: &Settings, text: Option<&str>) -> Result<Url, InvalidInput> {
    let refused = || InvalidInput::field("return_to", FieldCode::Malformed);
    let Some(text) = text else { return Ok(settings.public_url.clone()) };
    // A browser drops some of these and takes a backslash for a slash: an address that holds any means no good.
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '\\';
    if text.len() > limits::RETURN_TO_MAX || !text.chars().all(is_plain) {
        return Err(refused());
    }
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let origin = url.origin().ascii_serialization();
    let allowed =
        settings.public_url.origin().ascii_serialization() == origin || settings.allowed_origins.contains(&origin);
    let is_web = matches!(url.scheme(), "http" | "https");
    if is_bare && is_web && allowed { Ok(url) } else { Err(refused()) }
}

/// 256 random bits in base64url.
fn nonce(core: &Core) -> String {
    let mut bytes = [0; 32];
    core.entropy.fill(&mut bytes);
    to_base64url(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::settings;

    #[test]
    fn a_code_goes_to_allowed_origins_only_however_the_address_is_written() {
        let mut settings = settings();
        settings.public_url = Url::parse("https://auth.example.com").unwrap();
        settings.allowed_origins = vec!["https://app.example.com".to_owned()];
        let to = |text: &str| return_to(&settings, Some(text)).map(|url| url.to_string()).ok();
        assert_eq!(return_to(&settings, None).unwrap().as_str(), "https://auth.example.com/");
        assert_eq!(to("https://app.example.com/a?b=c").unwrap(), "https://app.example.com/a?b=c");
        assert_eq!(to("HTTPS://APP.EXAMPLE.COM:443/x").unwrap(), "https://app.example.com/x");
        for text in [
            "",
            "/",
            "//app.example.com",
            "https:app.example.com",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "https://evil.example/https://app.example.com/",
            "https://evil.example#@app.example.com/",
            "https://evil.example\\@app.example.com/",
            "https://app.example.com\\.evil.example/",
            "https:\\\\app.example.com/",
            "https://user:password@app.example.com/",
            "https://app.example.com/#fragment",
            "http://app.example.com/",
            "https://app.example.com:8443/",
            "https://evil%2eexample/",
            "https://app.example.com%2f.evil.example/",
            "https://app.example.com%00.evil.example/",
            "https://app。example。com.evil.example/",
            " https://app.example.com/",
            "https://app.example.com/\n",
            "ht\ttps://app.example.com/",
            "javascript://app.example.com/%0aalert(1)",
            "javascript:alert(1)",
            "data:text/html,https://app.example.com/",
            "blob:https://app.example.com/x",
            "file://app.example.com/x",
            "ftp://app.example.com/",
        ] {
            // Read leniently one of them is the allowed origin itself; that is no harm.
            if text == "https:app.example.com" {
                assert!(to(text).is_none_or(|url| url == "https://app.example.com/"));
                continue;
            }
            assert_eq!(to(text), None, "{text}");
        }
    }
}
