//! Login by SRP, in two steps.

use poem::http::{HeaderMap, header};
use poem_openapi::OpenApi;
use poem_openapi::payload::{Json, Response};
use tacit_domain::RefreshDelivery;
use tacit_domain::login::{Logins, OpenedSession, ProveLogin};
use tacit_shared::codes::Code;
use tacit_shared::encoding::to_hex;
use tacit_shared::messages::{Challenge, LoginProof, LoginResult, LoginStart};

use super::Tag;
use crate::http::body::Body;
use crate::http::cookies::RefreshCookie;
use crate::http::fail::{Fail, Failures};
use crate::http::origins::Origins;
use crate::http::source::Source;
use crate::surface::tokens::tokens;

/// The two steps of a login.
#[derive(Clone)]
pub(crate) struct Login {
    logins: Logins,
    origins: Origins,
    cookie: RefreshCookie,
}

impl Login {
    /// Over a live domain.
    pub(crate) fn new(logins: Logins, origins: Origins, cookie: RefreshCookie) -> Self {
        Self { logins, origins, cookie }
    }
}

enum Beginning {}

impl Failures for Beginning {
    const CODES: &'static [Code] =
        &[Code::LoginUnknown, Code::AccountNotActivated, Code::SrpBusy, Code::TooManyRequests];
}

enum Proving {}

impl Failures for Proving {
    const CODES: &'static [Code] = &[
        Code::ProofRejected,
        Code::HandshakeExpired,
        Code::HandshakeSpent,
        Code::HandshakeInvalid,
        Code::AccountNotActivated,
        Code::AccountDisabled,
        Code::CsrfRejected,
        Code::TooManyAttempts,
        Code::LoginLocked,
        Code::TooManyRequests,
        Code::SrpBusy,
    ];
}

#[OpenApi(prefix_path = "/api/auth/srp/login", tag = "Tag::Login")]
impl Login {
    /// Begin a login
    ///
    /// Answers with what the proof needs: identity, salt, preset and the server's `B`. An unknown address gets an
    /// answer of the same shape, always the same identity and salt, and fails at the proof. An address that is not
    /// activated counts as unknown, unless the `ticket` of its sign-up is shown.
    #[oai(path = "/email", method = "post", operation_id = "begin_login")]
    async fn begin(&self, body: Body<LoginStart>, source: Source) -> Result<Json<Challenge>, Fail<Beginning>> {
        Ok(Json(self.logins.begin(body.0.try_into()?, &source.0).await?))
    }

    /// Finish a login
    ///
    /// Checks the client's proof and opens a session. A handshake is spent by it, whatever the outcome. The answer
    /// carries the server's own proof, `M2`, and `confirm` over all else it carries: check both before you believe it.
    ///
    /// A device that shows the `device_token` of an earlier login has a budget of its own for failed proofs, so that nobody
    /// else can shut it out; `remember_device` asks for such a token.
    ///
    /// With `refresh_delivery` of `cookie` the refresh token comes as an `HttpOnly` cookie; the request then needs an
    /// allowed `Origin` and the header `X-Tacit-Client`.
    #[oai(path = "/proof", method = "post", operation_id = "prove_login")]
    async fn prove(
        &self,
        body: Body<LoginProof>,
        headers: &HeaderMap,
        source: Source,
    ) -> Result<Response<Json<LoginResult>>, Fail<Proving>> {
        let proof = ProveLogin::try_from(body.0)?;
        if proof.delivery() == RefreshDelivery::Cookie {
            self.origins.require_own_client(headers).map_err(Fail::refuse)?;
        }
        let opened = self.logins.prove(proof, source.0).await?;
        Ok(self.answer(&opened))
    }
}

impl Login {
    fn answer(&self, opened: &OpenedSession) -> Response<Json<LoginResult>> {
        let in_cookie = opened.delivery == RefreshDelivery::Cookie;
        let response = Response::new(Json(LoginResult {
            m2: opened.server_proof.to_hex(),
            confirm: to_hex(&opened.confirm),
            user_id: opened.account_id.to_string(),
            session_id: opened.session_id.to_string(),
            tokens: tokens(&opened.tokens, opened.delivery),
            device_token: opened.device_token.as_ref().map(|token| token.to_string()),
        }));
        if in_cookie { response.header(header::SET_COOKIE, self.cookie.set(&opened.tokens)) } else { response }
    }
}
