//! The longest body a request may have, chunked ones included.

use std::time::Duration;

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tacit_shared::codes::Code;
use tokio::io::AsyncReadExt;

use super::problem::Refusal;

/// Reads a body up to a number of bytes and answers 413 beyond it.
///
/// poem's own `SizeLimit` goes by `Content-Length` and refuses a body that has none.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A body that is too long is read and dropped up to this many times the limit: a client that is still sending when the
/// connection closes does not see the answer. Beyond it the connection closes.
const DRAINED: usize = 16;

/// How long a body may take to arrive: who sends it byte by byte holds a connection and nothing else.
const DEADLINE: Duration = Duration::from_secs(10);

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
        let body = request.take_body();
        if !body.is_empty() {
            let whole = tokio::time::timeout(DEADLINE, read(body, self.limit)).await;
            request.set_body(whole.map_err(|_| Refusal::new(Code::RequestTimeout))??);
        }
        self.inner.call(request).await.map(IntoResponse::into_response)
    }
}

async fn read(body: poem::Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut reader = body.into_async_read();
    let mut chunk = [0; 4096];
    let mut kept = Vec::new();
    let mut length = 0_usize;
    loop {
        // A body that breaks off is no request any more.
        let count = reader.read(&mut chunk).await.map_err(|_| Refusal::new(Code::InvalidRequest))?;
        if count == 0 {
            break;
        }
        length = length.saturating_add(count);
        if length > limit.saturating_mul(DRAINED) {
            break;
        }
        if length <= limit {
            kept.extend_from_slice(chunk.get(..count).unwrap_or_default());
        }
    }
    if length > limit { Err(Code::BodyTooLarge.into()) } else { Ok(kept) }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_given_up() {
        let (_sender, never) = tokio::io::duplex(1);
        let endpoint = BodyLimit(64).transform(make_sync(|_| "answered"));
        let begun = tokio::time::Instant::now();
        let request = Request::builder().body(poem::Body::from_async_read(never));
        let refused = endpoint.call(request).await.err().unwrap();
        assert_eq!(refused.status().as_u16(), 408);
        assert_eq!(begun.elapsed(), DEADLINE);
    }
}
