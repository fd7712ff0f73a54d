//! Signing in with a provider.

use poem::Request;
use poem::http::{HeaderMap, header};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Form, Json, Response};
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;
use tacit_domain::RefreshDelivery;
use tacit_domain::oauth::{self as domain, Begin, Exchange, ProviderInfo, Returned, Surface};
use tacit_shared::codes::Code;
use tacit_shared::messages::{CodeExchange, Display, SignedIn};

use super::Tag;
use crate::http::body::Body;
use crate::http::cookies::{RefreshCookie, StateCookie};
use crate::http::fail::{Fail, Failures, Plain};
use crate::http::origins::Origins;
use crate::http::source::Source;
use crate::surface::oauth::{Beginning, Begun, Finished, Finishing, finished, signed_in};

/// Signing in with a provider.
#[derive(Clone)]
pub(crate) struct Oauth {
    domain: domain::Oauth,
    origins: Origins,
    refresh_cookie: RefreshCookie,
    cookie: StateCookie,
}

impl Oauth {
    /// Over a live domain.
    pub(crate) fn new(domain: domain::Oauth, origins: Origins, refresh_cookie: RefreshCookie) -> Self {
        Self { domain, origins, refresh_cookie, cookie: refresh_cookie.state() }
    }
}

/// The providers people may sign in with, in the operator's order
#[derive(Object)]
struct OauthProviders {
    /// The providers
    providers: Vec<OauthProvider>,
}

/// A provider
#[derive(Object)]
struct OauthProvider {
    /// Its name in addresses
    name: String,
    /// What people read
    label: String,
    /// Whether it can be asked to prove anew who somebody is
    step_up: bool,
}

impl From<ProviderInfo> for OauthProvider {
    fn from(provider: ProviderInfo) -> Self {
        Self { name: provider.name, label: provider.label, step_up: provider.step_up }
    }
}

/// What a provider's page posts (OAuth 2.0 Form Post Response Mode)
#[derive(Object, Deserialize)]
struct AuthorizationResponse {
    /// The authorization code; needed, unless there is an `error`
    code: Option<String>,
    /// The state, as it was sent
    state: Option<String>,
    /// Why there is no code
    error: Option<String>,
    /// The same for people
    error_description: Option<String>,
    /// Who answers (RFC 9207)
    iss: Option<String>,
}

impl From<AuthorizationResponse> for Returned {
    fn from(posted: AuthorizationResponse) -> Self {
        Self {
            code: posted.code,
            state: posted.state,
            error: posted.error,
            error_description: posted.error_description,
            iss: posted.iss,
        }
    }
}

enum Exchanging {}

impl Failures for Exchanging {
    const CODES: &'static [Code] = &[
        Code::OauthCodeInvalid,
        Code::EmailUnverified,
        Code::AccountDisabled,
        Code::RegistrationDisabled,
        Code::CsrfRejected,
        Code::LinkRequired,
        Code::IdentityTaken,
        Code::TooManyRequests,
    ];
}

#[OpenApi(prefix_path = "/v1/oauth", tag = "Tag::Oauth")]
impl Oauth {
    /// List the providers
    ///
    /// Those people may sign in with, in the operator's order.
    #[oai(path = "/providers", method = "get", operation_id = "list_oauth_providers")]
    #[expect(clippy::unused_async, reason = "poem-openapi awaits every operation")]
    async fn providers(&self) -> Result<Json<OauthProviders>, Fail<Plain>> {
        let providers = self.domain.providers().into_iter().map(OauthProvider::from).collect();
        Ok(Json(OauthProviders { providers }))
    }

    /// Begin a sign-in
    ///
    /// A browser that navigates here is sent on to the provider; a caller that does not accept pages gets the address as
    /// JSON. Both get a cookie that seals the state of this sign-in for ten minutes. A client names the `code_challenge` of a
    /// PKCE verifier it made and keeps, and gets a one-time code at the end; without one the callback answers with the
    /// session itself, as JSON.
    #[oai(path = "/:provider/authorize", method = "get", operation_id = "begin_oauth")]
    #[expect(clippy::too_many_arguments, reason = "one a parameter")]
    async fn begin(
        &self,
        headers: &HeaderMap,
        source: Source,
        /// The provider's name
        provider: Path<String>,
        /// SHA-256 of the client's verifier in base64url: 43 characters
        code_challenge: Query<Option<String>>,
        /// Where the code is handed to: an address of an allowed origin, in 2048 bytes; the server's own, if nothing is said
        return_to: Query<Option<String>>,
        /// How it is handed over
        display: Query<Option<Display>>,
        /// A visit that a signed-in person began, instead of all the others
        visit: Query<Option<String>>,
    ) -> Result<Begun, Fail<Beginning>> {
        let begin = Begin {
            code_challenge: code_challenge.0,
            return_to: return_to.0,
            display: display.0.unwrap_or_default(),
            visit: visit.0,
        };
        let started = self.domain.begin(&provider.0, begin, Surface::Platform, &source.0).await?;
        Ok(Begun::by_accept(started, self.cookie, headers))
    }

    /// Come back from a provider
    ///
    /// Checks that the browser is the one that left, exchanges the code and verifies what the provider says. A browser gets a
    /// page that hands a one-time code to the application, or tells what went wrong; with `Accept: application/json` the answer
    /// is JSON. A state serves once.
    #[oai(path = "/:provider/callback", method = "get", operation_id = "finish_oauth")]
    #[expect(clippy::too_many_arguments, reason = "one a parameter")]
    async fn finish(
        &self,
        request: &Request,
        source: Source,
        /// The provider's name
        provider: Path<String>,
        /// The authorization code; needed, unless there is an `error`
        code: Query<Option<String>>,
        /// The state, as it was sent; without it nothing tells whose answer this is
        state: Query<Option<String>>,
        /// Why there is no code
        error: Query<Option<String>>,
        /// The same for people
        error_description: Query<Option<String>>,
        /// Who answers (RFC 9207)
        iss: Query<Option<String>>,
    ) -> Result<Finished, Fail<Finishing>> {
        let returned = Returned {
            code: code.0,
            state: state.0,
            error: error.0,
            error_description: error_description.0,
            iss: iss.0,
        };
        self.come_back(&provider.0, returned, request, source).await
    }

    /// Come back from a provider that posts its answer
    ///
    /// The same for providers whose page posts a form.
    #[oai(path = "/:provider/callback", method = "post", operation_id = "finish_oauth_posted")]
    async fn finish_posted(
        &self,
        request: &Request,
        source: Source,
        /// The provider's name
        provider: Path<String>,
        body: Form<AuthorizationResponse>,
    ) -> Result<Finished, Fail<Finishing>> {
        self.come_back(&provider.0, body.0.into(), request, source).await
    }

    /// Exchange a one-time code for a session
    ///
    /// The code of a callback, with the verifier its sign-in was begun with. With `refresh_delivery` of `cookie` the refresh
    /// token comes as an `HttpOnly` cookie; the request then needs an allowed `Origin` and the header `X-Tacit-Client`.
    #[oai(path = "/exchange", method = "post", operation_id = "exchange_oauth_code")]
    async fn exchange(
        &self,
        body: Body<CodeExchange>,
        headers: &HeaderMap,
        source: Source,
    ) -> Result<Response<Json<SignedIn>>, Fail<Exchanging>> {
        let exchange = Exchange::try_from(body.0)?;
        if exchange.delivery() == RefreshDelivery::Cookie {
            self.origins.require_own_client(headers).map_err(Fail::refuse)?;
        }
        let session = self.domain.exchange(exchange, source.0).await?;
        let response = Response::new(Json(signed_in(&session)));
        Ok(match session.delivery {
            RefreshDelivery::Body => response,
            RefreshDelivery::Cookie => response.header(header::SET_COOKIE, self.refresh_cookie.set(&session.tokens)),
        })
    }
}

impl Oauth {
    async fn come_back(
        &self,
        provider: &str,
        returned: Returned,
        request: &Request,
        source: Source,
    ) -> Result<Finished, Fail<Finishing>> {
        let cookie = self.cookie.read(request);
        let result = self.domain.finish(provider, Surface::Platform, returned, cookie.as_deref(), source.0).await;
        finished(result, self.cookie, request.headers())
    }
}
