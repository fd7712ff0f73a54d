//! The record of what happened to accounts: who did what, from where, with what result.
//!
//! Events stand in chains. Each carries an HMAC over itself and the one before it, and the end of a chain one of its own,
//! under a key outside the database: a row that was altered, removed or cut off shows. Sixteen chains, chosen by account,
//! so that events of different people do not wait for each other.

use std::net::IpAddr;

use serde_json::{Map, Value};
use tacit_store::audit_events::{self, AuditEventRecord, AuditHeadRecord, AuditOriginRecord};
pub use tacit_store::audit_events::{AuditActor, AuditResult};
use tacit_store::{AccountId, AuditEventId, SessionId, Timestamp, Tx};

use crate::caller::{Caller, Origin};
use crate::core::Core;
use crate::fault::Internal;
use crate::keyring::mac;

/// Chains there are; a change needs a migration.
pub(crate) const CHAINS: i64 = 16;

/// Defines what can happen, with its name in the log.
macro_rules! event_types {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What was tried. With its result it makes the `event_type` people see, such as `login.success`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventType {
            $($(#[$doc])* $name,)+
        }

        impl EventType {
            /// Every type, for documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

event_types! {
    /// Somebody logged in.
    Login = "login",
    /// An account was activated by mail.
    AccountActivated = "account.activate",
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
    /// The same password got a credential of today's strength.
    PasswordUpgraded = "password.upgrade",
    /// A reset was asked for.
    ResetRequested = "password.reset_request",
    /// The password was reset by mail.
    PasswordReset = "password.reset",
    /// The password was shown again.
    SteppedUp = "step_up",
    /// Sessions were ended by their owner.
    SessionsEnded = "session.end",
    /// An operator ended all sessions.
    SessionsRevoked = "session.revoke",
    /// A used refresh token came back, and its session was ended.
    RefreshReused = "session.refresh_reuse",
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
        Self { origin: Some(origin), ..Self::without_origin(account, kind, AuditActor::Anonymous) }
    }

    /// Something the operator did on the command line.
    pub(crate) fn by_operator(account: AccountId, kind: EventType) -> Self {
        Self::without_origin(account, kind, AuditActor::Operator)
    }

    fn without_origin(account: AccountId, kind: EventType, actor: AuditActor) -> Self {
        Self {
            kind,
            result: AuditResult::Success,
            account: Some(account),
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

impl Core {
    /// Records an event. To be called last before a commit: the end of its chain stays locked until then.
    pub(crate) async fn record(&self, tx: &mut Tx, event: Event<'_>, now: Timestamp) -> Result<(), Internal> {
        let chain = chain_of(event.account);
        let id = AuditEventId::from_uuid(self.new_id(now));
        let mut nonce = vec![0u8; 32];
        self.entropy.fill(&mut nonce);
        // Without an account there is nobody it could be erased for.
        let origin = event.account.zip(event.origin).map(|(account_id, origin)| AuditOriginRecord {
            event_id: id,
            account_id,
            nonce,
            ip_address: origin.ip.as_ref().map(IpAddr::to_string),
            user_agent: origin.user_agent.clone(),
        });
        if let Some(origin) = &origin {
            audit_events::insert_origin(tx, origin).await?;
        }
        let head = audit_events::lock_head(tx, chain).await?.ok_or(Internal::Malformed("audit chain"))?;
        let mut record = AuditEventRecord {
            chain,
            sequence: head.sequence + 1,
            id,
            event_type: event.kind.as_str().to_owned(),
            result: event.result,
            account_id: event.account,
            session_id: event.session,
            actor: event.actor,
            actor_id: event.actor_id,
            detail: Value::Object(event.detail).to_string(),
            created_at: now,
            origin_hash: origin.as_ref().map_or_else(Vec::new, |origin| self.origin_hash(origin).to_vec()),
            hash: Vec::new(),
        };
        record.hash = self.event_hash(&head.hash, &record).to_vec();
        audit_events::insert(tx, &record).await?;
        audit_events::update_head(tx, &self.sealed_head(chain, record.sequence, record.hash)).await?;
        Ok(())
    }

    /// Begins the chains of a new database.
    pub(crate) async fn begin_audit_chains(&self) -> Result<(), Internal> {
        let begun = audit_events::list_heads(&mut self.store.read().await?).await?.len();
        if i64::try_from(begun) == Ok(CHAINS) {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        for chain in 0..CHAINS {
            audit_events::insert_head_if_absent(&mut tx, &self.sealed_head(chain, 0, vec![0; 32])).await?;
        }
        Ok(tx.commit().await?)
    }

    pub(crate) fn sealed_head(&self, chain: i64, sequence: i64, hash: Vec<u8>) -> AuditHeadRecord {
        let parts: [&[u8]; 4] = [b"head", &chain.to_be_bytes(), &sequence.to_be_bytes(), &hash];
        let seal = mac(&self.keyring.audit, &parts).to_vec();
        AuditHeadRecord { chain, sequence, hash, seal }
    }

    pub(crate) fn event_hash(&self, before: &[u8], event: &AuditEventRecord) -> [u8; 32] {
        let id = |id: Option<uuid::Uuid>| id.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        mac(
            &self.keyring.audit,
            &[
                b"event",
                before,
                &event.chain.to_be_bytes(),
                &event.sequence.to_be_bytes(),
                event.id.as_bytes(),
                event.event_type.as_bytes(),
                event.result.as_str().as_bytes(),
                &id(event.account_id.map(|id| id.as_uuid())),
                &id(event.session_id.map(|id| id.as_uuid())),
                event.actor.as_str().as_bytes(),
                &id(event.actor_id.map(|id| id.as_uuid())),
                event.detail.as_bytes(),
                &event.created_at.as_millis().to_be_bytes(),
                &event.origin_hash,
            ],
        )
    }

    pub(crate) fn origin_hash(&self, origin: &AuditOriginRecord) -> [u8; 32] {
        let text = |text: &Option<String>| match text {
            None => Vec::new(),
            Some(text) => [b"+", text.as_bytes()].concat(),
        };
        let (ip, agent) = (text(&origin.ip_address), text(&origin.user_agent));
        mac(&self.keyring.audit, &[b"origin", origin.event_id.as_bytes(), &origin.nonce, &ip, &agent])
    }
}

/// Events of one account stand in one chain, in their order.
fn chain_of(account: Option<AccountId>) -> i64 {
    // The last byte of a UUID of version 7 is random.
    account.map_or(0, |id| i64::from(id.as_bytes()[15] & 15))
}
