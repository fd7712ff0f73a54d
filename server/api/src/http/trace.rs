//! One span, one log line, one count and one duration for each request, named by its operation.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poem::{Endpoint, Middleware, Request, Response, Result};
use tacit_domain::seams::SecureEntropy;
use tacit_shared::codes::Code;
use tacit_shared::encoding::to_hex;
use tracing::{Instrument, Span, field};

use super::client_ip::{Cidr, ClientIp, client_ip};
use super::counts::Counts;
use super::operations::Operations;

/// Names a request in answers, logs and bug reports.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What is counted where the client goes away before there is an answer; nginx says the same of it. Nobody is sent it.
const BROKEN_OFF: u16 = 499;

/// Random bytes in a request id of our own.
const REQUEST_ID_BYTES: usize = 12;
/// Lengths of ids accepted from outside.
const REQUEST_ID_LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;

/// The outermost middleware: gives the request its id and its client's address, and watches what becomes of it.
///
/// No body, query string or header value is recorded but the request id.
#[derive(Clone)]
pub(crate) struct Trace {
    /// Names the requests.
    pub operations: Operations,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Arc<[Cidr]>,
    /// Where request ids come from.
    pub entropy: Arc<dyn SecureEntropy>,
    /// What became of them, in numbers.
    pub counts: Counts,
    /// Whether the operator was told of a proxy that is not among them.
    pub warned: Arc<AtomicBool>,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Trace {
    type Output = TraceEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        TraceEndpoint { inner, trace: self.clone() }
    }
}

/// See [`Trace`].
pub(crate) struct TraceEndpoint<E> {
    inner: E,
    trace: Trace,
}

impl<E: Endpoint<Output = Response>> Endpoint for TraceEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let operation = self.trace.operations.find(request.method(), request.uri().path());
        let request_id = self.trace.request_id(&request);
        let client = self.trace.client(&request);
        request.set_data(ClientIp(client));

        let span = open_span(&operation, request.method(), &request_id, client);
        let watch = Watch { counts: &self.trace.counts, operation, span: span.clone(), started, is_answered: false };
        let mut response = self.inner.call(request).instrument(span).await?;
        watch.answered(&response);
        if let Ok(request_id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert(REQUEST_ID, request_id);
        }
        Ok(response)
    }
}

/// A request under way. Its client may go away before it is answered, and what it asked for counts all the same: a wrong
/// proof, for one. That leaves a line, too.
struct Watch<'a> {
    counts: &'a Counts,
    operation: Arc<str>,
    span: Span,
    started: Instant,
    is_answered: bool,
}

impl Watch<'_> {
    fn answered(mut self, response: &Response) {
        self.is_answered = true;
        // Not with the span's fields: the log's layer reads and writes all of those anew when one is added.
        tracing::info!(
            parent: &self.span,
            status = response.status().as_u16(),
            code = response.data::<Code>().copied().map(Code::as_str),
            latency_ms = self.latency_ms(),
            "answered"
        );
        self.count(response.status());
    }

    fn latency_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn count(&self, status: StatusCode) {
        self.counts.count(Arc::clone(&self.operation), status, self.started.elapsed());
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            tracing::info!(parent: &self.span, latency_ms = self.latency_ms(), "broken off");
            self.count(StatusCode::from_u16(BROKEN_OFF).unwrap_or_default());
        }
    }
}

impl Trace {
    /// A trusted proxy's, if it sends one: anybody else could make two requests look like one in the log.
    fn request_id(&self, request: &Request) -> String {
        let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let by_proxy = peer.is_some_and(|peer| self.trusted_proxies.iter().any(|network| network.contains(peer)));
        let given = request.headers().get(REQUEST_ID).filter(|_| by_proxy).and_then(|id| id.to_str().ok());
        given.filter(|id| is_well_formed(id)).map_or_else(|| self.new_request_id(), str::to_owned)
    }

    fn new_request_id(&self) -> String {
        let mut random = [0; REQUEST_ID_BYTES];
        self.entropy.fill(&mut random);
        to_hex(&random)
    }

    fn client(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.remote_addr().as_socket_addr()?.ip();
        self.warn_of_untold_proxy(peer, request.headers());
        let forwarded = request.headers().get_all(FORWARDED_FOR).into_iter();
        // A header that is not text stands for a hop that does not parse, and ends the walk.
        let hops = forwarded.map(|header| header.to_str().unwrap_or_default());
        Some(client_ip(peer, hops, &self.trusted_proxies))
    }
}

impl Trace {
    /// Behind a proxy that nobody named, all users would be one client, with one client's limits.
    fn warn_of_untold_proxy(&self, peer: IpAddr, headers: &HeaderMap) {
        let untold = self.trusted_proxies.is_empty() && peer.to_canonical().is_loopback();
        if untold && headers.contains_key(FORWARDED_FOR) && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "requests come through a proxy that trusted_proxies does not name: all its users count as one client"
            );
        }
    }
}

/// Only what cannot be mistaken for something else in a log.
fn is_well_formed(id: &str) -> bool {
    REQUEST_ID_LENGTHS.contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn open_span(operation: &str, method: &Method, request_id: &str, client: Option<IpAddr>) -> Span {
    tracing::info_span!(
        "operation",
        otel.name = operation,
        operation,
        method = method.as_str(),
        request_id,
        client_ip = client.map(field::display),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_from_outside_is_kept_only_if_it_is_harmless() {
        assert!(is_well_formed("0af7651916cd43dd8448eb211c80319c"));
        assert!(is_well_formed("edge-7_2.1"));
        for id in ["", "short", "with space", "new\nline1", "quote\"\"\"\"", &"x".repeat(65)] {
            assert!(!is_well_formed(id), "{id}");
        }
    }
}
