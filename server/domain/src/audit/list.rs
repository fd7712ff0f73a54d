//! The log as administrators read it.

use serde_json::{Map, Value};
use tacit_store::audit_events::{self, AuditEventWithOrigin};
use tacit_store::{AccountId, AuditEventId, SessionId, Timestamp};

use super::{Audit, AuditActor, AuditResult};
use crate::caller::Caller;
use crate::fault::Internal;
use crate::sessions::{Page, SessionError};

/// An event, and where it came from if that is still known.
pub struct LoggedEvent {
    /// Its id.
    pub id: AuditEventId,
    /// Whose account it is about.
    pub account: Option<AccountId>,
    /// What was tried, and whether it was done: `login.success`.
    pub event_type: String,
    /// Whether it was done.
    pub result: AuditResult,
    /// Who acted.
    pub actor: AuditActor,
    /// The account of who acted.
    pub actor_id: Option<AccountId>,
    /// The session it happened in.
    pub session: Option<SessionId>,
    /// The client's address.
    pub ip_address: Option<String>,
    /// The client's name for itself.
    pub user_agent: Option<String>,
    /// What else there is to say of it.
    pub detail: Map<String, Value>,
    /// When.
    pub created_at: Timestamp,
}

impl Audit {
    /// Events of one account or of all, the newest first, for administrators.
    ///
    /// # Errors
    /// [`SessionError::Forbidden`] for everybody else.
    pub async fn list(
        &self,
        caller: &Caller,
        account: Option<AccountId>,
        limit: u32,
        offset: u32,
    ) -> Result<Page<LoggedEvent>, SessionError> {
        caller.require_admin()?;
        let mut tx = self.0.store.read().await?;
        let rows = audit_events::list(&mut tx, account, limit.into(), offset.into()).await?;
        let total = audit_events::count(&mut tx, account).await?;
        let items = rows.into_iter().map(LoggedEvent::of).collect::<Result<_, _>>()?;
        Ok(Page { items, total: u64::try_from(total).unwrap_or(0) })
    }
}

impl LoggedEvent {
    pub(crate) fn of(row: AuditEventWithOrigin) -> Result<Self, Internal> {
        let AuditEventWithOrigin { event, ip_address, user_agent, .. } = row;
        Ok(Self {
            id: event.id,
            account: event.account_id,
            event_type: [&event.event_type, ".", event.result.as_str()].concat(),
            result: event.result,
            actor: event.actor,
            actor_id: event.actor_id,
            session: event.session_id,
            ip_address,
            user_agent,
            detail: serde_json::from_str(&event.detail).map_err(|_| Internal::Malformed("audit event"))?,
            created_at: event.created_at,
        })
    }
}
