//! Tokens, the caller's own account, and what everybody may know of this installation.

use std::sync::Arc;

use poem::Request;
use poem::http::header;
use poem_openapi::payload::{Json, Response};
use poem_openapi::{Object, OpenApi};
use tacit_domain::accounts::{Account, Accounts};
use tacit_domain::refresh::Refresh;
use tacit_domain::settings::Settings;
use tacit_domain::{Domain, RefreshDelivery, sessions as domain};
use tacit_shared::codes::Code;
use tacit_shared::messages::{RefreshRequest, Refreshed};
use tacit_shared::preset::{self, Preset};
use uuid::Uuid;

use super::Tag;
use crate::http::auth::BearerAuth;
use crate::http::body::OptionalBody;
use crate::http::cookies::RefreshCookie;
use crate::http::fail::{Fail, Failures, Plain};
use crate::http::origins::Origins;
use crate::http::source::Source;
use crate::http::time::Moment;
use crate::surface::tokens::tokens;
use crate::surface::views::Session;

/// The one SRP profile there is.
const PROFILE: &str = "srp6a-sha256";

/// Operations on tokens and the caller's account.
#[derive(Clone)]
pub(crate) struct Auth {
    accounts: Accounts,
    sessions: domain::Sessions,
    refresh: Refresh,
    settings: Arc<Settings>,
    origins: Origins,
    cookie: RefreshCookie,
}

impl Auth {
    /// Over a live domain.
    pub(crate) fn new(domain: &Domain, origins: Origins, cookie: RefreshCookie) -> Self {
        Self {
            accounts: domain.accounts.clone(),
            sessions: domain.sessions.clone(),
            refresh: domain.refresh.clone(),
            settings: Arc::clone(&domain.settings),
            origins,
            cookie,
        }
    }
}

/// The caller's account, and the session that asks
#[derive(Object)]
struct Me {
    /// The account
    user: User,
    /// The session
    session: Session,
}

/// An account as its owner sees it
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct User {
    /// The account
    id: Uuid,
    /// The e-mail address, as it was written
    email: String,
    /// What the person wants to be called
    display_name: Option<String>,
    /// The language of mails, a BCP 47 tag
    language: String,
    /// What the account may do: `user` or `admin`
    role: String,
    /// Whether the address was shown to be its owner's
    is_email_verified: bool,
    /// When the account was made
    created_at: Moment,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.as_uuid(),
            email: account.email,
            display_name: account.display_name,
            language: account.language,
            role: account.role.as_str().to_owned(),
            is_email_verified: account.is_email_verified,
            created_at: account.created_at.into(),
        }
    }
}

/// What everybody may know of this installation
#[derive(Object)]
#[oai(rename = "PublicSettings")]
struct PublicSettings {
    /// The DNS name credentials are bound to; a client compares it with its own and never takes it from here
    realm: String,
    /// Whether strangers may sign up
    registration_enabled: bool,
    /// Whether a second factor can be set up
    mfa_available: bool,
    /// Whether operations that take a password are switched on
    password_bridge: bool,
    /// Groups and password hashing by number
    presets: Vec<PresetView>,
    /// The SRP profile
    profile: String,
}

/// A group and password hashing, by number
#[derive(Object)]
#[oai(rename = "Preset")]
struct PresetView {
    /// The number credentials carry
    id: u16,
    /// Size of the group of RFC 5054, in bits
    group: String,
    /// Password hashing
    kdf: String,
    /// Memory of the password hashing in KiB
    memory_kib: u32,
    /// Passes of the password hashing
    passes: u32,
    /// Whether clients use it for new credentials
    default: bool,
}

impl From<&Preset> for PresetView {
    fn from(preset: &Preset) -> Self {
        Self {
            id: preset.number,
            group: preset.group.id().to_owned(),
            kdf: "argon2id".to_owned(),
            memory_kib: preset.memory_kib,
            passes: preset.passes,
            default: preset.number == preset::DEFAULT.number,
        }
    }
}

enum Refreshing {}

impl Failures for Refreshing {
    const CODES: &'static [Code] =
        &[Code::RefreshInvalid, Code::RefreshReused, Code::CsrfRejected, Code::TooManyRequests];
}

/// A refresh token, and how it came.
struct Presented {
    token: String,
    delivery: RefreshDelivery,
}

#[OpenApi(prefix_path = "/v1/auth", tag = "Tag::Authentication")]
impl Auth {
    /// Renew the tokens
    ///
    /// Takes a refresh token from the body, or else from the cookie, for which no body is needed; the new one goes back the
    /// way the old one came.
    /// Each token serves once: when it comes a second time, later than ten seconds after the first, the session is
    /// ended. With the cookie the request needs an allowed `Origin` and the header `X-Tacit-Client`.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh_tokens")]
    async fn refresh(
        &self,
        body: OptionalBody<RefreshRequest>,
        request: &Request,
        source: Source,
    ) -> Result<Response<Json<Refreshed>>, Fail<Refreshing>> {
        let presented = self.presented(body.0, request)?;
        let pair = self.refresh.refresh(&presented.token, &source.0).await?;
        let response = Response::new(Json(Refreshed { tokens: tokens(&pair, presented.delivery) }));
        Ok(match presented.delivery {
            RefreshDelivery::Body => response,
            RefreshDelivery::Cookie => response.header(header::SET_COOKIE, self.cookie.set(&pair)),
        })
    }

    /// Show who asks
    ///
    /// The caller's account and the session the access token belongs to.
    #[oai(path = "/me", method = "get", operation_id = "get_me")]
    #[expect(clippy::unused_async, reason = "poem-openapi awaits every operation")]
    async fn me(&self, caller: BearerAuth) -> Result<Json<Me>, Fail<Plain>> {
        let session = self.sessions.current(&caller.0)?;
        Ok(Json(Me { user: self.accounts.me(&caller.0).into(), session: session.into() }))
    }

    /// Show the public settings
    ///
    /// What a client wants to know before anybody is signed in.
    #[oai(path = "/settings", method = "get", operation_id = "get_settings")]
    #[expect(clippy::unused_async, reason = "poem-openapi awaits every operation")]
    async fn settings(&self) -> Result<Json<PublicSettings>, Fail<Plain>> {
        Ok(Json(PublicSettings {
            realm: self.settings.realm.clone(),
            registration_enabled: self.settings.registration_enabled,
            mfa_available: false,
            password_bridge: false,
            presets: preset::ALL.iter().map(PresetView::from).collect(),
            profile: PROFILE.to_owned(),
        }))
    }
}

impl Auth {
    fn presented(&self, body: RefreshRequest, request: &Request) -> Result<Presented, Fail<Refreshing>> {
        if let Some(token) = body.refresh_token {
            return Ok(Presented { token, delivery: RefreshDelivery::Body });
        }
        let token = self.cookie.read(request).ok_or_else(|| Fail::refuse(Code::RefreshInvalid))?;
        self.origins.require_own_client(request.headers()).map_err(Fail::refuse)?;
        Ok(Presented { token, delivery: RefreshDelivery::Cookie })
    }
}
