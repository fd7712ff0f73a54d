//! Which web origins may talk to us with the refresh cookie, and the check against forged requests.

use std::sync::Arc;

use poem::http::{HeaderMap, header};
use tacit_shared::codes::Code;
use url::Url;

use super::problem::Refusal;

/// The header that a page of another origin cannot send without our leave (a preflight asks first).
pub(crate) const CLIENT_HEADER: &str = "x-tacit-client";

/// Our own origin and those the operator allowed.
#[derive(Clone)]
pub(crate) struct Origins(Arc<Allowed>);

struct Allowed {
    own: String,
    others: Vec<String>,
}

impl Origins {
    /// `own` is the origin of the public URL; the others are written as browsers write them, and compared as texts.
    #[must_use]
    pub(crate) fn new(public_url: &Url, others: &[String]) -> Self {
        Self(Arc::new(Allowed { own: public_url.origin().ascii_serialization(), others: others.to_vec() }))
    }

    /// Whether another origin may read our answers (CORS).
    #[must_use]
    pub(crate) fn is_configured(&self, origin: &str) -> bool {
        self.0.others.iter().any(|allowed| allowed == origin)
    }

    /// Refuses a request that a foreign page may have forged.
    ///
    /// Browsers send `Origin` with every POST and let no page choose it; `X-Tacit-Client` cannot be sent by a form.
    /// Asked wherever the refresh cookie is read or set.
    ///
    /// # Errors
    /// `csrf_rejected` if either header is missing or the origin is not allowed.
    pub(crate) fn require_own_client(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let from_us = origin.is_some_and(|origin| origin == self.0.own || self.is_configured(origin));
        if from_us && headers.contains_key(CLIENT_HEADER) {
            return Ok(());
        }
        Err(Code::CsrfRejected.into())
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn origins() -> Origins {
        let others = ["https://app.example.com".to_owned(), "https://www.example.com:8443".to_owned()];
        Origins::new(&Url::parse("https://auth.example.com/").unwrap(), &others)
    }

    fn rejected(origin: Option<&'static str>, client: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        if let Some(client) = client {
            headers.insert(CLIENT_HEADER, HeaderValue::from_static(client));
        }
        origins().require_own_client(&headers).is_err()
    }

    #[test]
    fn our_own_origin_and_the_configured_ones_pass() {
        assert!(!rejected(Some("https://auth.example.com"), Some("1")));
        assert!(!rejected(Some("https://app.example.com"), Some("1")));
        assert!(!rejected(Some("https://www.example.com:8443"), Some("1")));
    }

    #[test]
    fn either_header_missing_is_a_refusal() {
        assert!(rejected(None, Some("1")));
        assert!(rejected(Some("https://auth.example.com"), None));
    }

    #[test]
    fn a_foreign_origin_is_refused_however_similar() {
        for origin in [
            "null",
            "http://auth.example.com",
            "https://auth.example.com.evil.example",
            "https://example.com",
            "https://www.example.com",
        ] {
            assert!(rejected(Some(origin), Some("1")), "{origin}");
        }
    }

    #[test]
    fn our_own_origin_needs_no_cors() {
        assert!(!origins().is_configured("https://auth.example.com"));
        assert!(origins().is_configured("https://app.example.com"));
    }
}
