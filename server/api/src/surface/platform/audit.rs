//! The record of what happened, for administrators.

use std::collections::BTreeMap;

use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use tacit_domain::audit as domain;
use tacit_shared::codes::Code;
use tacit_shared::limits::PAGE_DEFAULT;
use uuid::Uuid;

use super::Tag;
use crate::http::auth::BearerAuth;
use crate::http::fail::{Fail, Failures};
use crate::http::time::Moment;

/// Operations on the audit log.
#[derive(Clone)]
pub(crate) struct Audit {
    audit: domain::Audit,
}

impl Audit {
    /// Over a live domain.
    pub(crate) fn new(audit: domain::Audit) -> Self {
        Self { audit }
    }
}

/// Rows of a page, if nothing else is asked for.
fn default_limit() -> u32 {
    PAGE_DEFAULT
}

/// Whether it was done
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum AuditResult {
    Success,
    Failure,
}

impl From<domain::AuditResult> for AuditResult {
    fn from(result: domain::AuditResult) -> Self {
        match result {
            domain::AuditResult::Success => Self::Success,
            domain::AuditResult::Failure => Self::Failure,
        }
    }
}

/// Who acted: nobody who was logged in, an account, or the operator on the command line
#[derive(Enum)]
#[oai(rename_all = "lowercase")]
enum AuditActor {
    Anonymous,
    Account,
    Operator,
}

impl From<domain::AuditActor> for AuditActor {
    fn from(actor: domain::AuditActor) -> Self {
        match actor {
            domain::AuditActor::Anonymous => Self::Anonymous,
            domain::AuditActor::Account => Self::Account,
            domain::AuditActor::Operator => Self::Operator,
        }
    }
}

/// Something that happened to an account
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct AuditLog {
    /// The event
    id: Uuid,
    /// Whose account it is about
    user_id: Option<Uuid>,
    /// What was tried and whether it was done, such as `login.success`
    event_type: String,
    /// Whether it was done
    result: AuditResult,
    /// Who acted
    actor: AuditActor,
    /// The account of who acted
    actor_id: Option<Uuid>,
    /// The session it happened in, or to
    session_id: Option<Uuid>,
    /// Where it came from; erased with the account
    ip: Option<String>,
    /// The program it came from, as it named itself; erased with the account
    user_agent: Option<String>,
    /// What else there is to say of this type of event
    detail: BTreeMap<String, Any<Value>>,
    /// When
    created_at: Moment,
}

impl From<domain::LoggedEvent> for AuditLog {
    fn from(event: domain::LoggedEvent) -> Self {
        Self {
            id: event.id.as_uuid(),
            user_id: event.account.map(|id| id.as_uuid()),
            event_type: event.event_type,
            result: event.result.into(),
            actor: event.actor.into(),
            actor_id: event.actor_id.map(|id| id.as_uuid()),
            session_id: event.session.map(|id| id.as_uuid()),
            ip: event.ip_address,
            user_agent: event.user_agent,
            detail: event.detail.into_iter().map(|(name, value)| (name, Any(value))).collect(),
            created_at: event.created_at.into(),
        }
    }
}

/// One page of the audit log, newest first
#[derive(Object)]
struct AuditLogPage {
    /// The events of this page
    logs: Vec<AuditLog>,
    /// Rows at most, as asked for
    limit: u32,
    /// Rows left out before them, as asked for
    offset: u32,
    /// Rows in all
    count: u64,
}

enum Reading {}

impl Failures for Reading {
    const CODES: &'static [Code] = &[Code::Forbidden];
}

#[OpenApi(prefix_path = "/v1/audit", tag = "Tag::Audit")]
impl Audit {
    /// List what happened to accounts
    ///
    /// Newest first, a page at a time. For administrators (permission `audit:read`).
    #[oai(path = "/logs", method = "get", operation_id = "list_audit_logs")]
    async fn list(
        &self,
        caller: BearerAuth,
        /// Rows at most
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
        /// Rows left out before them
        #[oai(default)]
        offset: Query<u32>,
        /// Events of this account only
        user_id: Query<Option<Uuid>>,
    ) -> Result<Json<AuditLogPage>, Fail<Reading>> {
        let (Query(limit), Query(offset)) = (limit, offset);
        let page = self.audit.list(&caller.0, user_id.0.map(Into::into), limit, offset).await?;
        let logs = page.items.into_iter().map(AuditLog::from).collect();
        Ok(Json(AuditLogPage { logs, limit, offset, count: page.total }))
    }
}
