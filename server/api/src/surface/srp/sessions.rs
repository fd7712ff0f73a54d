//! The caller's own sessions: list, verify, log out.

use poem::http::header;
use poem_openapi::payload::{Json, Response};
use poem_openapi::{Object, OpenApi};
use tacit_domain::sessions as domain;
use tacit_shared::limits::PAGE_MAX;

use super::Tag;
use crate::http::answer::NoContent;
use crate::http::auth::JwtAuth;
use crate::http::cookies::RefreshCookie;
use crate::http::fail::{Fail, Plain};
use crate::surface::views::Session;

/// Operations on the caller's sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    sessions: domain::Sessions,
    cookie: RefreshCookie,
}

impl Sessions {
    /// Over a live domain.
    pub(crate) fn new(sessions: domain::Sessions, cookie: RefreshCookie) -> Self {
        Self { sessions, cookie }
    }
}

/// The caller's active sessions, newest first
#[derive(Object)]
struct SessionList {
    /// The sessions
    sessions: Vec<Session>,
}

/// The session was ended
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct LoggedOut {
    /// How many sessions were ended
    ended: u64,
    /// The provider the session was opened by, by its name. There the person stays signed in: whoever uses this browser next
    /// can come back by it
    still_signed_in_at: Option<String>,
}

/// How many sessions were ended
#[derive(Object)]
struct Ended {
    /// Their number
    ended: u64,
}

#[OpenApi(prefix_path = "/api/auth/sessions", tag = "Tag::Sessions")]
impl Sessions {
    /// List the caller's active sessions
    ///
    /// The newest hundred.
    #[oai(path = "/list", method = "get", operation_id = "list_sessions_srp")]
    async fn list(&self, caller: JwtAuth) -> Result<Json<SessionList>, Fail<Plain>> {
        let page = self.sessions.list(&caller.0, PAGE_MAX, 0).await?;
        Ok(Json(SessionList { sessions: page.items.into_iter().map(Session::from).collect() }))
    }

    /// Verify an access token
    ///
    /// 204 if the token is in force and its session alive, 401 otherwise.
    #[oai(path = "/verify", method = "post", operation_id = "verify_session")]
    #[expect(clippy::unused_async, reason = "poem-openapi awaits every operation")]
    async fn verify(&self, _caller: JwtAuth) -> Result<NoContent, Fail<Plain>> {
        Ok(NoContent)
    }

    /// Log out
    ///
    /// Ends the session that asks, and takes the refresh cookie back. It signs nobody out at a provider, and says so.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, caller: JwtAuth) -> Result<Response<Json<LoggedOut>>, Fail<Plain>> {
        let still_signed_in_at = self.sessions.logout(&caller.0).await?;
        let logged_out = LoggedOut { ended: 1, still_signed_in_at };
        Ok(Response::new(Json(logged_out)).header(header::SET_COOKIE, self.cookie.clear()))
    }

    /// Log out everywhere else
    ///
    /// Ends every session of the caller but the one that asks.
    #[oai(path = "/logout-all", method = "post", operation_id = "logout_all")]
    async fn logout_all(&self, caller: JwtAuth) -> Result<Json<Ended>, Fail<Plain>> {
        Ok(Json(Ended { ended: self.sessions.logout_others(&caller.0).await? }))
    }
}
