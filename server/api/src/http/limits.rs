//! The longest body a request may have, chunked ones included.

use poem::http::header;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tacit_shared::codes::Code;

use super::problem::Refusal;

/// Reads a body up to a number of bytes and answers 413 beyond it.
///
/// poem's own `SizeLimit` goes by `Content-Length` and refuses a body that has none.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimit(pub usize);

impl<E: Endpoint> Middleware<E> for BodyLimit {
    type Output = BodyLimitEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        BodyLimitEndpoint { inner, limit: self.0 }
    }
}

/// See [`BodyLimit`].
pub(crate) struct BodyLimitEndpoint<E> {
    inner: E,
    limit: usize,
}

impl<E: Endpoint> Endpoint for BodyLimitEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if announced(&request).is_some_and(|length| length > self.limit) {
            return Err(Refusal::new(Code::BodyTooLarge).into());
        }
        let body = request.take_body();
        if !body.is_empty() {
            request.set_body(body.into_bytes_limit(self.limit).await?);
        }
        self.inner.call(request).await.map(IntoResponse::into_response)
    }
}

fn announced(request: &Request) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
