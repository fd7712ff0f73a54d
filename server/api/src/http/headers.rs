//! Headers that tell browsers to be careful, on every answer.

use poem::http::{HeaderMap, HeaderName, HeaderValue, header};
use poem::{Endpoint, Middleware, Request, Response, Result};

/// What a page of ours may do: run our own scripts and our own wasm, talk to us, and nothing else.
pub(crate) const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// Sets the headers an answer does not set itself. One marks its own content policy or caching by setting it.
#[derive(Clone, Copy)]
pub(crate) struct SecurityHeaders {
    /// Users reach us by https: tell browsers to stay with it.
    pub https: bool,
}

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Two years, as the preload lists ask; without `includeSubDomains`, which is the operator's to say.
const STAY_WITH_HTTPS: &str = "max-age=63072000";

impl<E: Endpoint<Output = Response>> Middleware<E> for SecurityHeaders {
    type Output = SecurityHeadersEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        SecurityHeadersEndpoint { inner, https: self.https }
    }
}

/// See [`SecurityHeaders`].
pub(crate) struct SecurityHeadersEndpoint<E> {
    inner: E,
    https: bool,
}

impl<E: Endpoint<Output = Response>> Endpoint for SecurityHeadersEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut response = self.inner.call(request).await?;
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            set_if_absent(headers, name, value);
        }
        if self.https {
            set_if_absent(headers, header::STRICT_TRANSPORT_SECURITY, STAY_WITH_HTTPS);
        }
        Ok(response)
    }
}

fn set_if_absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
