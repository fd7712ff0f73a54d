//! Counts each request of a client, and tells clients how far their windows are used up.

use poem::http::{HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tacit_domain::caller::{Meter, Usage};
use tacit_domain::client_limits::ClientLimits;
use tacit_domain::fault::Fault;

use super::client_ip::ClientIp;
use super::problem::Refusal;

/// Requests in one window.
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
/// Requests left.
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// When the next window begins, in Unix seconds.
pub(crate) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What tells whether the server lives must answer whoever asks, however often.
const FREE: [&str; 2] = ["/health", "/metrics"];

/// Refuses a client that asks too often; hands the rest a meter, and writes what it shows into the answer.
#[derive(Clone)]
pub(crate) struct RateLimits(pub(crate) ClientLimits);

impl<E: Endpoint<Output = Response>> Middleware<E> for RateLimits {
    type Output = RateLimitsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        RateLimitsEndpoint { inner, limits: self.0.clone() }
    }
}

/// See [`RateLimits`].
pub(crate) struct RateLimitsEndpoint<E> {
    inner: E,
    limits: ClientLimits,
}

impl<E: Endpoint<Output = Response>> Endpoint for RateLimitsEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let meter = Meter::default();
        let client = request.data::<ClientIp>().and_then(|client| client.0);
        let admitted = if FREE.contains(&request.uri().path()) { Ok(()) } else { self.limits.admit(client, &meter) };
        let mut response = match admitted {
            Ok(()) => {
                request.set_data(meter.clone());
                self.inner.call(request).await?
            }
            Err(fault) => Refusal::new(fault.code()).with_retry_after(fault.retry_after()).into_response(),
        };
        if let Some(usage) = meter.read() {
            write(&mut response, usage);
        }
        Ok(response)
    }
}

fn write(response: &mut Response, Usage { limit, remaining, resets_at }: Usage) {
    let headers = response.headers_mut();
    headers.insert(LIMIT, HeaderValue::from(limit));
    headers.insert(REMAINING, HeaderValue::from(remaining));
    // Rounded up: whoever comes then finds the next window open.
    headers.insert(RESET, HeaderValue::from(resets_at.as_millis().div_euclid(1000) + 1));
}
