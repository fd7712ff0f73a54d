//! Refusals wait for what they rest on.

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tacit_domain::commits::Commits;
use tacit_domain::fault::Fault as _;

use super::fail::report;
use super::problem::Refusal;

/// Holds an answer that refuses something until what may have been the reason is committed; see [`Commits::settled`].
#[derive(Clone)]
pub(crate) struct Settled(pub(crate) Commits);

impl<E: Endpoint<Output = Response>> Middleware<E> for Settled {
    type Output = SettledEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        SettledEndpoint { inner, commits: self.0.clone() }
    }
}

/// See [`Settled`].
pub(crate) struct SettledEndpoint<E> {
    inner: E,
    commits: Commits,
}

impl<E: Endpoint<Output = Response>> Endpoint for SettledEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let arrival = self.commits.arrival();
        let response = self.inner.call(request).await?;
        if !response.status().is_client_error() {
            return Ok(response);
        }
        match self.commits.settled(arrival).await {
            Ok(()) => Ok(response),
            Err(fault) => {
                report(&fault);
                Ok(Refusal::new(fault.code()).with_retry_after(fault.retry_after()).into_response())
            }
        }
    }
}
