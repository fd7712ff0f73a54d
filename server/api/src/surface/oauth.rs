//! What both dialects say of a sign-in with a provider: where the browser goes, and what it is told when it comes back.

use poem::http::{HeaderMap, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type as _};
use poem_openapi::{ApiResponse, Object};
use tacit_domain::fault::Fault;
use tacit_domain::oauth::{self as domain, Failed, HandOver, SignedIn};
use tacit_shared::codes::Code;
use tacit_shared::messages::{self, Display};

use super::pages::oauth::{Page, page};
use super::tokens::tokens;
use crate::http::cookies::StateCookie;
use crate::http::fail::{Fail, Failures};

/// What a sign-in that begins can end in.
pub(crate) enum Beginning {}

impl Failures for Beginning {
    const CODES: &'static [Code] =
        &[Code::ProviderUnknown, Code::OauthStateInvalid, Code::ProviderUnavailable, Code::TooManyRequests];
}

/// What a sign-in that comes back can end in.
pub(crate) enum Finishing {}

impl Failures for Finishing {
    const CODES: &'static [Code] = &[
        Code::OauthStateMismatch,
        Code::OauthRefused,
        Code::OauthStateInvalid,
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
    ];
}

/// Where to send the browser
#[derive(Object)]
#[oai(rename = "AuthorizationStart")]
pub(crate) struct Start {
    /// The provider's address, with all it needs to know
    authorization_url: String,
    /// Seconds until the browser must be back
    expires_in: u64,
}

/// 307 to the provider, or its address for a caller that asks for JSON; in any case with the state cookie.
pub(crate) struct Begun {
    sign_in: domain::Begun,
    cookie: StateCookie,
    as_json: bool,
}

impl Begun {
    pub(crate) fn redirect(sign_in: domain::Begun, cookie: StateCookie) -> Self {
        Self { sign_in, cookie, as_json: false }
    }

    /// By what the caller accepts: a browser that navigates is sent on.
    pub(crate) fn by_accept(sign_in: domain::Begun, cookie: StateCookie, headers: &HeaderMap) -> Self {
        Self { sign_in, cookie, as_json: !accepts_pages(headers) }
    }
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        let domain::Begun { location, cookie, posted, expires_in } = self.sign_in;
        let response = Response::builder()
            .header(header::SET_COOKIE, self.cookie.set(&cookie, expires_in, posted))
            // An opener that waits for the outcome keeps its hold of this window.
            .header(OPENER_POLICY, "unsafe-none");
        if self.as_json {
            let start = Start { authorization_url: location.to_string(), expires_in };
            return response.content_type("application/json").body(start.to_json_string());
        }
        response.status(StatusCode::TEMPORARY_REDIRECT).header(header::LOCATION, location.as_str()).finish()
    }
}

const OPENER_POLICY: &str = "cross-origin-opener-policy";

/// Only 307: this dialect answers no other way.
pub(crate) struct Redirected(pub(crate) Begun);

impl IntoResponse for Redirected {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl ApiResponse for Redirected {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![redirect_meta()] }
    }

    fn register(_: &mut Registry) {}
}

impl ApiResponse for Begun {
    fn meta() -> MetaResponses {
        let mut meta = Json::<Start>::meta();
        for response in &mut meta.responses {
            response.headers.push(text_header("Set-Cookie", "The state cookie"));
        }
        meta.responses.push(redirect_meta());
        meta
    }

    fn register(registry: &mut Registry) {
        Start::register(registry);
    }
}

fn redirect_meta() -> MetaResponse {
    MetaResponse {
        description: "To the provider, with a cookie that seals the state of this sign-in",
        status: Some(StatusCode::TEMPORARY_REDIRECT.as_u16()),
        status_range: None,
        content: Vec::new(),
        headers: vec![text_header("Location", "The provider's address"), text_header("Set-Cookie", "The state cookie")],
    }
}

fn text_header(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: String::schema_ref(),
    }
}

/// What came of a sign-in: a one-time code, or the session itself for a caller that began without a `code_challenge`
#[derive(Object)]
#[oai(rename = "AuthorizationResult", skip_serializing_if_is_none)]
pub(crate) struct Outcome {
    /// The one-time code, for the exchange
    code: Option<String>,
    /// Seconds it is good for
    expires_in: Option<u64>,
    /// The session
    session: Option<messages::SignedIn>,
}

/// 200 with the outcome, as JSON or as a page that hands it over; or a page that says what went wrong.
pub(crate) enum Finished {
    Json(Outcome, String),
    Page(Box<Page>, StatusCode, Option<String>),
}

impl IntoResponse for Finished {
    fn into_response(self) -> Response {
        match self {
            Self::Json(outcome, cookie) => Json(outcome).with_header(header::SET_COOKIE, cookie).into_response(),
            Self::Page(content, status, cookie) => {
                let mut response = Response::builder().status(status).header(OPENER_POLICY, "unsafe-none");
                if let Some(cookie) = cookie {
                    response = response.header(header::SET_COOKIE, cookie);
                }
                response.content_type("text/html; charset=utf-8").body(page(&content))
            }
        }
    }
}

impl ApiResponse for Finished {
    fn meta() -> MetaResponses {
        let mut meta = Json::<Outcome>::meta();
        for response in &mut meta.responses {
            response.content.push(MetaMediaType { content_type: "text/html", schema: String::schema_ref() });
            response.headers.push(text_header("Set-Cookie", "Takes the state cookie back"));
        }
        meta
    }

    fn register(registry: &mut Registry) {
        Outcome::register(registry);
    }
}

/// The answer to a browser or a program that came back from a provider.
pub(crate) fn finished(
    result: Result<domain::Finished, Failed>,
    cookie: StateCookie,
    headers: &HeaderMap,
) -> Result<Finished, Fail<Finishing>> {
    let as_page = accepts_pages(headers);
    match result {
        Ok(domain::Finished::Code { code, hand_over, .. }) if as_page => {
            let page = Page { code: Some(code), ..handing(&hand_over) };
            Ok(Finished::Page(Box::new(page), StatusCode::OK, Some(cookie.clear())))
        }
        Ok(domain::Finished::Code { code, expires_in, .. }) => {
            let outcome = Outcome { code: Some(code), expires_in: Some(expires_in), session: None };
            Ok(Finished::Json(outcome, cookie.clear()))
        }
        Ok(domain::Finished::Session(session)) => {
            let outcome = Outcome { code: None, expires_in: None, session: Some(signed_in(&session)) };
            Ok(Finished::Json(outcome, cookie.clear()))
        }
        Err(failed) => failure(failed, cookie, as_page),
    }
}

fn failure(failed: Failed, cookie: StateCookie, as_page: bool) -> Result<Finished, Fail<Finishing>> {
    let Failed { fault, hand_over, is_over } = failed;
    // A cookie of a sign-in that may still be under way is left alone: anybody can send a browser here.
    let cleared = is_over.then(|| cookie.clear());
    let (code, said) = (fault.code(), fault.said());
    let fail = Fail::from(fault).with_cookie(cleared.clone());
    if !as_page {
        return Err(fail);
    }
    let status = StatusCode::from_u16(code.class().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let known = hand_over.as_ref().map(handing).unwrap_or_default();
    Ok(Finished::Page(Box::new(Page { error: Some(code), said, ..known }), status, cleared))
}

fn handing(hand_over: &HandOver) -> Page {
    Page {
        return_to: Some(hand_over.return_to.to_string()),
        is_popup: hand_over.display == Display::Popup,
        ..Page::default()
    }
}

/// A session as it travels.
pub(crate) fn signed_in(session: &SignedIn) -> messages::SignedIn {
    messages::SignedIn {
        user_id: session.account_id.to_string(),
        session_id: session.session_id.to_string(),
        tokens: tokens(&session.tokens, session.delivery),
        provider: session.provider.clone(),
        created: session.created,
    }
}

/// Whether a browser navigates: it names HTML among what it accepts; programs rarely do.
fn accepts_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|media| media.trim().starts_with("text/html"))
}
