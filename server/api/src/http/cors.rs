//! Cross-origin reads for the configured origins, with credentials; never `*`.

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tacit_shared::codes::Code;

use super::origins::Origins;
use super::problem::Refusal;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, x-tacit-client, x-request-id");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, retry-after, m2, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, content-disposition",
);
/// Ten minutes: browsers cap it anyway, and a changed configuration should show within a coffee break.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Answers preflights and marks answers. A request of any other origin is served unmarked: its browser keeps the
/// answer from the page, and what must not even be done has its own check.
#[derive(Clone)]
pub(crate) struct Cors(pub Origins);

impl<E: Endpoint<Output = Response>> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CorsEndpoint { inner, origins: self.0.clone() }
    }
}

/// See [`Cors`].
pub(crate) struct CorsEndpoint<E> {
    inner: E,
    origins: Origins,
}

impl<E: Endpoint<Output = Response>> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let allowed = origin.filter(|origin| origin.to_str().is_ok_and(|origin| self.origins.is_configured(origin)));
        let mut response =
            if is_preflight(&request) { preflight(allowed.is_some()) } else { self.inner.call(request).await? };
        if let Some(origin) = allowed {
            mark(response.headers_mut(), origin);
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
        Ok(response)
    }
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(allowed: bool) -> Response {
    if !allowed {
        return Refusal::new(Code::Forbidden).into_response();
    }
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
        .header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)
        .finish()
}

fn mark(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}
