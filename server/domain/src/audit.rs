//! The record of what happened to accounts: who did what, from where, with what result.
//!
//! Events stand in chains. Each carries an HMAC over itself and the one before it, and the end of a chain one of its own,
//! under a key outside the database: a row that was altered, removed or cut off shows. Sixteen chains, chosen by account,
//! so that events of different people do not wait for each other.

use std::sync::Arc;

use serde_json::{Map, Value};
pub use tacit_store::audit_events::{AuditActor, AuditResult};
use tacit_store::{AccountId, SessionId};

use crate::caller::{Caller, Origin};
use crate::core::Core;

mod anchor;
mod fault;
mod list;
mod record;
mod seals;
mod verify;
mod walk;

pub use fault::{AuditFault, FaultKind};
pub use list::LoggedEvent;
pub(crate) use record::Link;
pub use verify::{Report, VerifyError};

/// The log as it is read.
#[derive(Clone)]
pub struct Audit(pub(crate) Arc<Core>);

/// Chains there are; a change needs a migration.
pub(crate) const CHAINS: i64 = 16;

/// Defines what can happen, with its name in the log; what stands above it is what documents say of it.
macro_rules! event_types {
    ($(#[doc = $says:literal] $name:ident = $word:literal),+ $(,)?) => {
        /// What was tried. With its result it makes the `event_type` people see, such as `login.success`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventType {
            $(#[doc = $says] $name,)+
        }

        impl EventType {
            /// Every type, for documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What happened, in a sentence.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says.trim(),)+ }
            }
        }
    };
}

event_types! {
    /// Somebody logged in.
    Login = "login",
    /// An account was activated by mail.
    AccountActivated = "account.activate",
    /// A provider's word made an account.
    AccountCreated = "account.create",
    /// An account whose address nobody had proved went to whoever did, and lost what it had.
    AccountReclaimed = "account.reclaim",
    /// Name or language were changed.
    AccountUpdated = "account.update",
    /// The account and what belonged to it were deleted.
    AccountDeleted = "account.delete",
    /// Everything stored about somebody was handed to them.
    AccountExported = "account.export",
    /// An operator shut an account.
    AccountDisabled = "account.disable",
    /// An operator forgave failed proofs.
    AccountUnlocked = "account.unlock",
    /// An operator made an account.
    AccountInvited = "account.invite",
    /// A change of address was asked for.
    EmailChangeRequested = "email.change_request",
    /// The address was changed, after its mail was answered.
    EmailChanged = "email.change",
    /// The change was undone from the old address.
    EmailChangeUndone = "email.undo",
    /// The password was changed.
    PasswordChanged = "password.change",
    /// An account without a password got its first.
    PasswordSet = "password.set",
    /// The same password got a credential of today's strength.
    PasswordUpgraded = "password.upgrade",
    /// A reset was asked for.
    ResetRequested = "password.reset_request",
    /// The password was reset by mail.
    PasswordReset = "password.reset",
    /// An identity at a provider was linked.
    IdentityLinked = "identity.link",
    /// One was taken away.
    IdentityUnlinked = "identity.unlink",
    /// The password was shown again, or a provider said anew who it is.
    SteppedUp = "step_up",
    /// Sessions were ended by their owner.
    SessionsEnded = "session.end",
    /// An operator ended all sessions.
    SessionsRevoked = "session.revoke",
    /// A used refresh token came back, and its session was ended.
    RefreshReused = "session.refresh_reuse",
    /// An operator withdrew a key that signs access tokens.
    SigningKeyWithdrawn = "signing_key.withdraw",
}

/// What is to be recorded.
pub(crate) struct Event<'a> {
    pub(crate) kind: EventType,
    pub(crate) result: AuditResult,
    /// Whose account it is about.
    pub(crate) account: Option<AccountId>,
    pub(crate) session: Option<SessionId>,
    pub(crate) actor: AuditActor,
    pub(crate) actor_id: Option<AccountId>,
    /// Nothing personal: it stays when the account goes.
    pub(crate) detail: Map<String, Value>,
    pub(crate) origin: Option<&'a Origin>,
}

impl<'a> Event<'a> {
    /// Something a caller did with their own account.
    pub(crate) fn by(caller: &'a Caller, kind: EventType, result: AuditResult) -> Self {
        Self {
            kind,
            result,
            account: Some(caller.account.id),
            session: Some(caller.session.id),
            actor: AuditActor::Account,
            actor_id: Some(caller.account.id),
            detail: Map::new(),
            origin: Some(&caller.origin),
        }
    }

    /// Something an account's owner did without a session, by a proof.
    pub(crate) fn of(account: AccountId, kind: EventType, origin: &'a Origin) -> Self {
        Self { actor: AuditActor::Account, actor_id: Some(account), ..Self::by_mail(account, kind, origin) }
    }

    /// Something that was done to an account by whoever answered its mail, or asked for one.
    pub(crate) fn by_mail(account: AccountId, kind: EventType, origin: &'a Origin) -> Self {
        Self { origin: Some(origin), ..Self::without_origin(Some(account), kind, AuditActor::Anonymous) }
    }

    /// Something the operator did on the command line.
    pub(crate) fn by_operator(account: AccountId, kind: EventType) -> Self {
        Self::without_origin(Some(account), kind, AuditActor::Operator)
    }

    /// Something the operator did on the command line to no account in particular.
    pub(crate) fn of_the_server(kind: EventType) -> Self {
        Self::without_origin(None, kind, AuditActor::Operator)
    }

    fn without_origin(account: Option<AccountId>, kind: EventType, actor: AuditActor) -> Self {
        Self {
            kind,
            result: AuditResult::Success,
            account,
            session: None,
            actor,
            actor_id: None,
            detail: Map::new(),
            origin: None,
        }
    }

    /// The same without where it came from, which is to be kept nowhere.
    pub(crate) fn nowhere(mut self) -> Self {
        self.origin = None;
        self
    }

    /// The same in this session.
    pub(crate) fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// The same, and it was not done.
    pub(crate) fn failed(mut self) -> Self {
        self.result = AuditResult::Failure;
        self
    }

    /// The same with a further word; nothing personal.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

/// Events of one account stand in one chain, in their order.
pub(crate) fn chain_of(account: Option<AccountId>) -> i64 {
    // The last byte of a UUID of version 7 is random.
    account.map_or(0, |id| i64::from(id.as_bytes()[15] & 15))
}

#[cfg(test)]
mod tests;
