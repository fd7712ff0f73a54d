//! Who asks, and from where.

use std::net::IpAddr;

use tacit_store::accounts::{self, AccountRecord, AccountStatus, Role};
use tacit_store::sessions::{self, SessionRecord};
use tacit_store::{AccountId, SessionId, StoreError, Timestamp, Tx};

pub use crate::throttle::{Meter, Usage};

/// Where a request comes from: limits go by it, and a session keeps it so that its owner can recognise it.
#[derive(Clone, Default)]
pub struct Origin {
    /// The client's address as the trusted proxies tell it.
    pub ip: Option<IpAddr>,
    /// `User-Agent`, cut to a bounded length by the surface.
    pub user_agent: Option<String>,
    /// Where limits leave what they counted.
    pub meter: Meter,
}

/// A person whose access token and session were both found good for this request.
#[derive(Clone)]
pub struct Caller {
    pub(crate) account: AccountRecord,
    pub(crate) session: SessionRecord,
    pub(crate) origin: Origin,
}

impl Caller {
    /// The account.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.account.id
    }

    /// The session that asks.
    #[must_use]
    pub const fn session_id(&self) -> SessionId {
        self.session.id
    }

    /// Locks the caller's account and looks again: `None` for one who was signed out, shut or deleted since the request
    /// came in.
    pub(crate) async fn hold(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<AccountRecord>, StoreError> {
        let account = accounts::lock(tx, self.account.id).await?;
        let is_living = sessions::find_active(tx, self.session.id, now).await?.is_some();
        Ok(account.filter(|account| is_living && account.status == AccountStatus::Active))
    }

    /// What the account may do.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.account.role
    }
}
