//! What a provider publishes about itself (OpenID Connect Discovery 1.0 §3), kept for an hour.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tacit_store::Timestamp;
use tokio::sync::Mutex;
use url::Url;

use super::{Provider, ProviderError};
use crate::core::Core;
use crate::seams::{FetchRequest, Fetched};

/// How long it is kept.
const KEPT: Duration = Duration::from_hours(1);
/// How long what is older still serves while the provider does not answer.
const STALE: Duration = Duration::from_hours(24);
/// After a failure nobody asks again for so long: a provider that is slow must not be waited for by each of many.
pub(super) const PAUSE: Duration = Duration::from_secs(5);
/// Bytes of an answer at most; real ones have a few thousand.
pub(super) const LONGEST: usize = 256 * 1024;

/// A provider's metadata, and when it was asked for.
#[derive(Default)]
pub(super) struct MetadataCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    metadata: Option<(Arc<Metadata>, Timestamp)>,
    failed_at: Option<Timestamp>,
}

/// Where a provider's endpoints are.
pub(crate) struct Metadata {
    pub(crate) authorization: Url,
    pub(super) token: Url,
    pub(super) user_info: Option<Url>,
    pub(super) emails: Option<Url>,
    pub(super) keys: Option<Url>,
    /// Whether every authorization response names its issuer (RFC 9207 §3).
    pub(super) names_itself: bool,
    /// Whether the client's secret goes into the header; into the body otherwise.
    pub(super) takes_basic: bool,
}

#[derive(Deserialize)]
struct Published {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Provider {
    /// The endpoints, asked for when what is kept is old.
    pub(super) async fn metadata(&self, core: &Core, now: Timestamp) -> Result<Arc<Metadata>, ProviderError> {
        // One asks, the others wait for what it learns.
        let mut kept = self.metadata.0.lock().await;
        if let Some((metadata, at)) = &kept.metadata
            && is_younger(*at, KEPT, now)
        {
            return Ok(Arc::clone(metadata));
        }
        let asked = if kept.failed_at.is_some_and(|at| is_younger(at, PAUSE, now)) {
            Err(self.unavailable("metadata: it failed a moment ago"))
        } else {
            self.ask(core).await
        };
        match asked {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *kept = Kept { metadata: Some((Arc::clone(&metadata), now)), failed_at: None };
                Ok(metadata)
            }
            Err(error) => {
                kept.failed_at = Some(kept.failed_at.filter(|at| is_younger(*at, PAUSE, now)).unwrap_or(now));
                let stale = kept.metadata.as_ref().filter(|(_, at)| is_younger(*at, STALE, now));
                stale.map(|(metadata, _)| Arc::clone(metadata)).ok_or(error)
            }
        }
    }

    async fn ask(&self, core: &Core) -> Result<Metadata, ProviderError> {
        if let Some(given) = &self.settings.endpoints {
            return Ok(Metadata {
                authorization: given.authorization.clone(),
                token: given.token.clone(),
                user_info: given.user_info.clone(),
                emails: given.emails.clone(),
                keys: given.keys.clone(),
                names_itself: false,
                takes_basic: false,
            });
        }
        let url = self.settings.discovery.as_ref().ok_or_else(|| self.unavailable("no endpoints"))?;
        let answer = self.get(core, url, "metadata").await?;
        let published: Published =
            json_of(&answer).ok_or_else(|| self.unavailable("metadata: not as OpenID Connect Discovery has it"))?;
        // Whoever answers for another issuer could have its people taken for this one's (Discovery §4.3).
        if published.issuer != self.settings.issuer {
            return Err(self.unavailable("metadata: it is another issuer's"));
        }
        let endpoint = |text: &str| {
            let url = Url::parse(text).ok().filter(|url| self.settings.reach.allows(url));
            url.ok_or_else(|| self.unavailable("metadata: an endpoint is not https"))
        };
        let methods = published.token_endpoint_auth_methods_supported;
        Ok(Metadata {
            authorization: endpoint(&published.authorization_endpoint)?,
            token: endpoint(&published.token_endpoint)?,
            user_info: published.userinfo_endpoint.as_deref().map(endpoint).transpose()?,
            emails: None,
            keys: Some(endpoint(&published.jwks_uri)?),
            names_itself: published.authorization_response_iss_parameter_supported,
            takes_basic: methods.is_none_or(|all| all.iter().any(|method| method == "client_secret_basic")),
        })
    }

    /// A GET of something published.
    pub(super) async fn get(&self, core: &Core, url: &Url, what: &str) -> Result<Fetched, ProviderError> {
        let headers = vec![("accept", "application/json".to_owned().into())];
        let request = FetchRequest { url, reach: self.settings.reach, headers, form: None, longest: LONGEST };
        let answer = core.fetch.fetch(request).await;
        answer.map_err(|error| ProviderError::fetch(&self.settings.name, what, &error))
    }

    pub(super) fn unavailable(&self, why: &str) -> ProviderError {
        ProviderError::Unavailable(self.settings.name.clone(), why.to_owned())
    }
}

/// What a good answer says; `None` for another status, or what is not the JSON it should be.
pub(super) fn json_of<T: serde::de::DeserializeOwned>(answer: &Fetched) -> Option<T> {
    if answer.status != 200 {
        return None;
    }
    serde_json::from_slice(&answer.body).ok()
}

/// Whether something of a time is younger than this; a time ahead of the clock is of no age.
pub(super) fn is_younger(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    at <= now && at + age > now
}
