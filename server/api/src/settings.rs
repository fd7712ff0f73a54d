//! What an operator decided, as the surfaces need it. `app` builds it from the configuration.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tacit_domain::seams::SecureEntropy;
use url::Url;

use crate::http::client_ip::Cidr;

/// How the server is reached, and by whom.
pub struct ApiSettings {
    /// Where users reach the server. Its scheme decides how the refresh cookie is marked.
    pub public_url: Url,
    /// Other origins whose pages may call us with credentials, as browsers write them.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<Cidr>,
    /// Whether the demo and its mailbox are served.
    pub demo: bool,
    /// The longest request body, in bytes.
    pub body_limit: usize,
    /// Metrics on this listener; none, and `/metrics` is not there.
    pub metrics: Option<Metrics>,
    /// Where request ids come from.
    pub entropy: Arc<dyn SecureEntropy>,
}

/// Metrics, behind a token.
pub struct Metrics {
    render: Render,
    token: SecretString,
}

/// Writes the metrics down, in the text format of Prometheus.
pub type Render = Box<dyn Fn() -> String + Send + Sync>;

impl Metrics {
    /// Metrics for whoever shows `token`.
    #[must_use]
    pub fn new(render: Render, token: SecretString) -> Self {
        Self { render, token }
    }

    pub(crate) fn opens_with(&self, token: &str) -> bool {
        self.token.expose_secret().as_bytes().ct_eq(token.as_bytes()).into()
    }

    pub(crate) fn render(&self) -> String {
        (self.render)()
    }
}
