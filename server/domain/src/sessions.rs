//! Sessions: who is signed in where, checked on each request, ended at once.

use std::sync::Arc;
use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_store::accounts::{self, AccountStatus, Role};
use tacit_store::sessions::{self, SessionRecord};
use tacit_store::{SessionId, StoreError, Timestamp};

use crate::audit::{AuditResult, Event, EventType};
use crate::caller::{Caller, Origin};
use crate::core::Core;
use crate::fault::{Fault, Internal};
use crate::tokens::amr_of;

/// Sessions of one account.
#[derive(Clone)]
pub struct Sessions(pub(crate) Arc<Core>);

/// A session as its owner sees it.
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub last_seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The browser, as it named itself at login.
    pub user_agent: Option<String>,
    /// Where the login came from.
    pub ip_address: Option<String>,
    /// What its owner calls the device.
    pub device_name: Option<String>,
    /// How its owner proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// The provider whose word opened it; absent where it was a password.
    pub provider: Option<String>,
}

/// One page of a list.
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Rows in all.
    pub total: u64,
}

/// Why a session's operation does not go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No access token, or one that is not in force, or whose session has ended.
    #[error("not signed in")]
    Unauthenticated,
    /// The caller's role does not allow it.
    #[error("not allowed")]
    Forbidden,
    /// The caller has no such session.
    #[error("no such session")]
    Unknown,
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for SessionError {
    fn code(&self) -> Code {
        match self {
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Forbidden => Code::Forbidden,
            Self::Unknown => Code::SessionUnknown,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Internal(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// Why a session ended, as stored.
pub(crate) mod ended {
    pub(crate) const LOGOUT: &str = "logout";
    pub(crate) const REVOKED: &str = "revoked";
    pub(crate) const ADMIN: &str = "revoked_by_admin";
    pub(crate) const DISABLED: &str = "account_disabled";
    pub(crate) const PASSWORD_CHANGED: &str = "password_changed";
    pub(crate) const PASSWORD_RESET: &str = "password_reset";
    pub(crate) const REUSED: &str = "refresh_reused";
    pub(crate) const RECLAIMED: &str = "account_reclaimed";
    pub(crate) const UNLINKED: &str = "identity_unlinked";
    pub(crate) const EMAIL_UNDONE: &str = "email_change_undone";
}

impl Sessions {
    /// Finds out who asks: the token must be ours and in force, its session alive, its account active.
    ///
    /// # Errors
    /// [`SessionError::Unauthenticated`]; nothing tells the cases apart.
    pub async fn authenticate(&self, access_token: &str, origin: Origin) -> Result<Caller, SessionError> {
        let core = &self.0;
        let now = core.now();
        let claims = core.read_access_token(access_token, now).await?.ok_or(SessionError::Unauthenticated)?;
        let session = SessionId::from_uuid(claims.sid);
        let found = sessions::find_active(&mut core.store.read().await?, session, now).await?;
        let (session, account) = found.ok_or(SessionError::Unauthenticated)?;
        if account.id.as_uuid() != claims.sub || account.status != AccountStatus::Active {
            return Err(SessionError::Unauthenticated);
        }
        // The row's role holds, not the token's: taking a role away works at once.
        Ok(Caller { account, session, origin })
    }

    /// All sessions of the caller, newest first.
    ///
    /// # Errors
    /// Only internal ones.
    pub async fn list(&self, caller: &Caller, limit: u32, offset: u32) -> Result<Page<Session>, SessionError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.read().await?;
        let records = sessions::list_active(&mut tx, caller.account.id, now, limit.into(), offset.into()).await?;
        let total = sessions::count_active(&mut tx, caller.account.id, now).await?;
        let items = records.into_iter().map(|record| session_of(record, caller)).collect::<Result<_, _>>()?;
        Ok(Page { items, total: u64::try_from(total).unwrap_or(0) })
    }

    /// The session that asks.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn current(&self, caller: &Caller) -> Result<Session, SessionError> {
        Ok(session_of(caller.session.clone(), caller)?)
    }

    /// Ends the session that asks; answers with the provider at which its owner stays signed in.
    ///
    /// # Errors
    /// Only internal ones.
    pub async fn logout(&self, caller: &Caller) -> Result<Option<String>, SessionError> {
        self.end(caller, caller.session.id, ended::LOGOUT).await?;
        Ok(caller.session.provider.clone())
    }

    /// Ends every other session of the caller, and says how many.
    ///
    /// # Errors
    /// Only internal ones.
    pub async fn logout_others(&self, caller: &Caller) -> Result<u64, SessionError> {
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        // Held against a login that is about to open another one.
        accounts::lock(&mut tx, caller.account.id).await?;
        let kept = Some(caller.session.id);
        let now = core.now();
        let count = sessions::end_all(&mut tx, caller.account.id, kept, ended::LOGOUT, now).await?;
        if count > 0 {
            let event = Event::by(caller, EventType::SessionsEnded, AuditResult::Success).with("sessions_ended", count);
            core.record(&mut tx, event, now).await?;
        }
        tx.commit().await?;
        Ok(count)
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`SessionError::Unknown`] for one that is over, or another person's.
    pub async fn revoke(&self, caller: &Caller, session: SessionId) -> Result<(), SessionError> {
        if self.end(caller, session, ended::REVOKED).await? { Ok(()) } else { Err(SessionError::Unknown) }
    }

    async fn end(&self, caller: &Caller, session: SessionId, reason: &str) -> Result<bool, SessionError> {
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        // Before the session, as everywhere: a deletion of the account takes them in this order.
        accounts::lock(&mut tx, caller.account.id).await?;
        let now = core.now();
        let ended = sessions::end(&mut tx, session, caller.account.id, reason, now).await?;
        if ended {
            let event = Event::by(caller, EventType::SessionsEnded, AuditResult::Success).in_session(session);
            core.record(&mut tx, event, now).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }
}

impl Caller {
    /// Refuses everybody but administrators.
    ///
    /// # Errors
    /// [`SessionError::Forbidden`].
    pub fn require_admin(&self) -> Result<(), SessionError> {
        if self.account.role == Role::Admin { Ok(()) } else { Err(SessionError::Forbidden) }
    }
}

fn session_of(record: SessionRecord, caller: &Caller) -> Result<Session, Internal> {
    Ok(Session {
        amr: amr_of(&record)?,
        id: record.id,
        current: record.id == caller.session.id,
        created_at: record.created_at,
        last_seen_at: record.last_seen_at,
        expires_at: record.expires_at,
        user_agent: record.user_agent,
        ip_address: record.ip_address,
        device_name: record.device_name,
        provider: record.provider,
    })
}
