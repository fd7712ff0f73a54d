//! Signing in with Microsoft.

use poem::Request;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use tacit_domain::oauth::{self as domain, Begin, Mobile, Returned, Surface};
use tacit_shared::codes::Code;
use tacit_shared::messages::{Display, MobileExchange, SignedIn};

use super::Tag;
use crate::http::answer::Created;
use crate::http::body::Body;
use crate::http::cookies::StateCookie;
use crate::http::fail::{Fail, Failures};
use crate::http::source::Source;
use crate::surface::oauth::{Begun, Finished, Finishing, Redirected, finished, signed_in};

/// The provider these operations are for, by its name in the configuration.
const MICROSOFT: &str = "microsoft";

/// Signing in with Microsoft.
#[derive(Clone)]
pub(crate) struct Oauth {
    oauth: domain::Oauth,
    cookie: StateCookie,
}

impl Oauth {
    /// Over a live domain.
    pub(crate) fn new(oauth: domain::Oauth, cookie: StateCookie) -> Self {
        Self { oauth, cookie }
    }
}

enum Beginning {}

impl Failures for Beginning {
    const CODES: &'static [Code] = &[Code::ProviderUnknown, Code::ProviderUnavailable, Code::TooManyRequests];
}

enum Exchanging {}

impl Failures for Exchanging {
    const CODES: &'static [Code] = &[
        Code::EmailUnverified,
        Code::AccountDisabled,
        Code::RegistrationDisabled,
        Code::ProviderUnknown,
        Code::LinkRequired,
        Code::IdentityTaken,
        Code::ProviderRefused,
        Code::ProviderUnavailable,
        Code::ProviderTokenInvalid,
        Code::ProviderUserInfoInvalid,
        Code::TooManyRequests,
    ];
}

#[OpenApi(prefix_path = "/api/auth/oauth/microsoft", tag = "Tag::Oauth")]
impl Oauth {
    /// Begin a sign-in with Microsoft
    ///
    /// Sends the browser to Microsoft, with a cookie that seals the state of this sign-in for ten minutes. A client names the
    /// `code_challenge` of a PKCE verifier it made and keeps, and gets a one-time code at the end; without one the callback
    /// answers with the session itself, as JSON.
    #[oai(path = "/login", method = "get", operation_id = "begin_microsoft_login")]
    async fn begin(
        &self,
        source: Source,
        /// SHA-256 of the client's verifier in base64url: 43 characters
        code_challenge: Query<Option<String>>,
        /// Where the code is handed to: an address of an allowed origin, in 2048 bytes; the server's own, if nothing is said
        return_to: Query<Option<String>>,
        /// How it is handed over
        display: Query<Option<Display>>,
    ) -> Result<Redirected, Fail<Beginning>> {
        let begin = Begin {
            code_challenge: code_challenge.0,
            return_to: return_to.0,
            display: display.0.unwrap_or_default(),
            visit: None,
        };
        let started = self.oauth.begin(MICROSOFT, begin, Surface::Srp, &source.0).await?;
        Ok(Redirected(Begun::redirect(started, self.cookie)))
    }

    /// Come back from Microsoft
    ///
    /// Checks that the browser is the one that left, exchanges the code and verifies what Microsoft says. A browser gets a
    /// page that hands a one-time code to the application, or tells what went wrong; with `Accept: application/json` the answer
    /// is JSON. A state serves once.
    #[oai(path = "/callback", method = "get", operation_id = "finish_microsoft_login")]
    #[expect(clippy::too_many_arguments, reason = "one a parameter")]
    async fn finish(
        &self,
        request: &Request,
        source: Source,
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
        let cookie = self.cookie.read(request);
        let result = self.oauth.finish(MICROSOFT, Surface::Srp, returned, cookie.as_deref(), source.0).await;
        finished(result, self.cookie, request.headers())
    }

    /// Sign in with a code an application got from Microsoft
    ///
    /// For applications of their own, which make the authorization request and the PKCE verifier themselves and are sent the
    /// code at one of `mobile_redirect_uris`.
    #[oai(path = "/mobile", method = "post", operation_id = "exchange_microsoft_code")]
    async fn mobile(&self, body: Body<MobileExchange>, source: Source) -> Result<Created<SignedIn>, Fail<Exchanging>> {
        let session = self.oauth.mobile(MICROSOFT, Mobile::try_from(body.0)?, source.0).await?;
        Ok(Created(signed_in(&session)))
    }
}
