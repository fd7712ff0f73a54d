//! The caller's own sessions.

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use tacit_domain::sessions as domain;
use tacit_shared::codes::Code;
use tacit_shared::limits::PAGE_DEFAULT;
use uuid::Uuid;

use super::Tag;
use crate::http::answer::NoContent;
use crate::http::auth::BearerAuth;
use crate::http::fail::{Fail, Failures, Plain};
use crate::surface::views::Session;

/// Operations on the caller's sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    sessions: domain::Sessions,
}

impl Sessions {
    /// Over a live domain.
    pub(crate) fn new(sessions: domain::Sessions) -> Self {
        Self { sessions }
    }
}

/// Rows of a page, if nothing else is asked for.
fn default_limit() -> u32 {
    PAGE_DEFAULT
}

/// One page of the caller's active sessions, newest first
#[derive(Object)]
struct SessionPage {
    /// The sessions of this page
    sessions: Vec<Session>,
    /// Rows at most, as asked for
    limit: u32,
    /// Rows left out before them, as asked for
    offset: u32,
    /// Rows in all
    count: u64,
}

enum Revoking {}

impl Failures for Revoking {
    const CODES: &'static [Code] = &[Code::SessionUnknown];
}

#[OpenApi(prefix_path = "/v1/sessions", tag = "Tag::Sessions")]
impl Sessions {
    /// List the caller's active sessions
    ///
    /// Newest first, a page at a time.
    #[oai(path = "/", method = "get", operation_id = "list_sessions")]
    async fn list(
        &self,
        caller: BearerAuth,
        /// Rows at most
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
        /// Rows left out before them
        #[oai(default)]
        offset: Query<u32>,
    ) -> Result<Json<SessionPage>, Fail<Plain>> {
        let (Query(limit), Query(offset)) = (limit, offset);
        let page = self.sessions.list(&caller.0, limit, offset).await?;
        let sessions = page.items.into_iter().map(Session::from).collect();
        Ok(Json(SessionPage { sessions, limit, offset, count: page.total }))
    }

    /// End one of the caller's sessions
    ///
    /// Another person's session is unknown, like one that never was.
    #[oai(path = "/:id", method = "delete", operation_id = "revoke_session")]
    async fn revoke(
        &self,
        caller: BearerAuth,
        /// The session
        id: Path<Uuid>,
    ) -> Result<NoContent, Fail<Revoking>> {
        self.sessions.revoke(&caller.0, id.0.into()).await?;
        Ok(NoContent)
    }
}
