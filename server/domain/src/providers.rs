//! Providers: who else may say who somebody is, and how they are asked.
//!
//! OpenID Connect Core 1.0 by the code flow, and plain OAuth 2 for those without it. What a provider says counts only once
//! its token was verified; how far its word about an address goes is decided in `person.rs`.

mod claims;
mod error;
mod exchange;
mod id_token;
mod keys;
mod metadata;
mod person;
mod settings;

use tacit_store::Timestamp;
use url::Url;

pub use self::error::ProviderError;
pub(crate) use self::error::cleaned;
pub(crate) use self::exchange::Grant;
pub(crate) use self::id_token::Expected;
use self::keys::KeyCache;
use self::metadata::MetadataCache;
pub(crate) use self::person::{Person, Word};
pub use self::settings::{ClientKey, ClientProof, EmailTrust, Endpoints, ProviderSettings, ResponseMode, StepUpBy};
use crate::core::Core;

/// The providers of this installation, in the order of the configuration.
pub(crate) struct Providers(Vec<Provider>);

impl Providers {
    pub(crate) fn new(settings: &[ProviderSettings]) -> Self {
        Self(settings.iter().cloned().map(Provider::new).collect())
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.settings.name == name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }
}

/// One provider, and what it published.
pub(crate) struct Provider {
    pub(crate) settings: ProviderSettings,
    metadata: MetadataCache,
    keys: KeyCache,
}

/// What an authorization request carries.
pub(crate) struct Question<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) challenge: &'a str,
    /// Whether the provider is to ask the person anew.
    pub(crate) anew: bool,
}

impl Provider {
    fn new(settings: ProviderSettings) -> Self {
        Self { settings, metadata: MetadataCache::default(), keys: KeyCache::default() }
    }

    /// Whether the provider speaks OpenID Connect, so that there is a token to verify.
    pub(crate) fn is_openid(&self) -> bool {
        self.settings.issuer_is_openid
    }

    /// The address a browser is sent to (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).
    pub(crate) async fn authorization_url(
        &self,
        core: &Core,
        question: &Question<'_>,
        now: Timestamp,
    ) -> Result<Url, ProviderError> {
        let mut url = self.metadata(core, now).await?.authorization.clone();
        let settings = &self.settings;
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &settings.client_id)
                .append_pair("redirect_uri", question.redirect_uri)
                .append_pair("scope", &settings.scopes.join(" "))
                .append_pair("state", question.state)
                .append_pair("code_challenge", question.challenge)
                .append_pair("code_challenge_method", "S256");
            if self.is_openid() {
                query.append_pair("nonce", question.nonce);
            }
            if settings.response_mode == ResponseMode::FormPost {
                query.append_pair("response_mode", "form_post");
            }
            if question.anew {
                // The first is what is checked afterwards; the second is what some providers go by.
                query.append_pair("max_age", "0").append_pair("prompt", "login");
            }
        }
        Ok(url)
    }

    /// Whether an answer that names its issuer (RFC 9207) may be this provider's.
    pub(crate) async fn may_answer_as(
        &self,
        core: &Core,
        issuer: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, ProviderError> {
        let metadata = self.metadata(core, now).await?;
        Ok(match issuer {
            Some(issuer) => self.settings.is_issuer(issuer),
            None => !metadata.names_itself,
        })
    }
}
