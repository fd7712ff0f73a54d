//! Events on their way into the chains.

use std::net::IpAddr;

use serde_json::Value;
use tacit_store::audit_events::{self, AuditEventRecord, AuditHeadRecord, AuditOriginRecord};
use tacit_store::{AuditEventId, Timestamp, Tx, instance};

use super::seals::BEFORE_THE_FIRST;
use super::{CHAINS, Event, chain_of};
use crate::core::Core;
use crate::fault::Internal;

/// Where it is noted that the chains were begun.
const BEGUN: &str = "audit_chains";

/// An event that has its place in a chain, and what is written beside it.
pub(crate) struct Link {
    pub(crate) event: AuditEventRecord,
    pub(crate) head: AuditHeadRecord,
}

impl Core {
    /// Records an event. To be called last before a commit: the end of its chain stays locked until then.
    pub(crate) async fn record(&self, tx: &mut Tx, event: Event<'_>, now: Timestamp) -> Result<(), Internal> {
        let chain = chain_of(event.account);
        let id = AuditEventId::from_uuid(self.new_id(now));
        let mut origin = self.origin_of(&event, id);
        // There is nobody to erase it for once the account is deleted: what is recorded then came from nowhere.
        if let Some(known) = &origin
            && !audit_events::insert_origin(tx, known).await?
        {
            origin = None;
        }
        let head = audit_events::lock_head(tx, chain).await?.ok_or(Internal::Malformed("audit chain"))?;
        let link = self.link(head, event, id, origin.as_ref(), now)?;
        audit_events::insert(tx, &link.event).await?;
        audit_events::update_head(tx, &link.head).await?;
        Ok(())
    }

    /// The next event of an account that exists and is locked, as its chain's end is; for whoever writes it with other rows.
    pub(crate) fn next_link(
        &self,
        head: AuditHeadRecord,
        event: Event<'_>,
        now: Timestamp,
    ) -> Result<(Link, AuditOriginRecord), Internal> {
        let id = AuditEventId::from_uuid(self.new_id(now));
        let origin = self.origin_of(&event, id).ok_or(Internal::Malformed("event"))?;
        Ok((self.link(head, event, id, Some(&origin), now)?, origin))
    }

    /// Without an account there is nobody it could be erased for.
    fn origin_of(&self, event: &Event<'_>, id: AuditEventId) -> Option<AuditOriginRecord> {
        let mut nonce = vec![0u8; 32];
        self.entropy.fill(&mut nonce);
        event.account.zip(event.origin).map(|(account_id, origin)| AuditOriginRecord {
            event_id: id,
            account_id,
            nonce,
            ip_address: origin.ip.as_ref().map(IpAddr::to_string),
            user_agent: origin.user_agent.clone(),
        })
    }

    fn link(
        &self,
        head: AuditHeadRecord,
        event: Event<'_>,
        id: AuditEventId,
        origin: Option<&AuditOriginRecord>,
        now: Timestamp,
    ) -> Result<Link, Internal> {
        let mut record = AuditEventRecord {
            chain: head.chain,
            sequence: head.sequence.checked_add(1).ok_or(Internal::Malformed("audit chain"))?,
            id,
            event_type: event.kind.as_str().to_owned(),
            result: event.result,
            account_id: event.account,
            session_id: event.session,
            actor: event.actor,
            actor_id: event.actor_id,
            detail: Value::Object(event.detail).to_string(),
            created_at: now,
            origin_hash: origin.map_or_else(Vec::new, |origin| self.origin_hash(origin).to_vec()),
            hash: Vec::new(),
        };
        record.hash = self.event_hash(&head.hash, &record).to_vec();
        let head = self.next_head(head, &record);
        Ok(Link { event: record, head })
    }

    /// Records an event in a transaction of its own.
    pub(crate) async fn record_alone(&self, event: Event<'_>, now: Timestamp) -> Result<(), Internal> {
        let mut tx = self.store.begin().await?;
        self.record(&mut tx, event, now).await?;
        Ok(tx.commit().await?)
    }

    /// The end of a chain after an event. One that somebody meddled with never gets a good seal again: it would hide
    /// what was cut off before.
    fn next_head(&self, head: AuditHeadRecord, event: &AuditEventRecord) -> AuditHeadRecord {
        let next = self.sealed_head(event.chain, event.sequence, event.hash.clone());
        if self.is_sealed(&head) {
            return next;
        }
        tracing::error!(chain = head.chain, "the end of an audit chain was altered; `tacit audit verify` tells more");
        AuditHeadRecord { seal: head.seal, ..next }
    }

    /// Begins the chains of a new database.
    ///
    /// An end that is missing from a database that had them is put back without a seal, so that people can go on
    /// logging in and it still shows.
    pub(crate) async fn begin_audit_chains(&self) -> Result<(), Internal> {
        let mut tx = self.store.read().await?;
        let begun = instance::find(&mut tx, BEGUN).await?.is_some();
        if begun && missing(&audit_events::list_heads(&mut tx).await?).is_empty() {
            return Ok(());
        }
        drop(tx);
        let mut tx = self.store.begin().await?;
        // Of several nodes that start at once one writes this, and the others wait for it.
        let first = instance::insert_if_absent(&mut tx, BEGUN, &CHAINS.to_string()).await?;
        let heads = audit_events::list_heads(&mut tx).await?;
        let fresh = first && heads.is_empty() && !audit_events::any(&mut tx).await?;
        for chain in missing(&heads) {
            let head = if fresh {
                self.sealed_head(chain, 0, BEFORE_THE_FIRST.to_vec())
            } else {
                unsealed_end(&mut tx, chain).await?
            };
            audit_events::insert_head_if_absent(&mut tx, &head).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// The chains that have no end.
fn missing(heads: &[AuditHeadRecord]) -> Vec<i64> {
    (0..CHAINS).filter(|chain| !heads.iter().any(|head| head.chain == *chain)).collect()
}

async fn unsealed_end(tx: &mut Tx, chain: i64) -> Result<AuditHeadRecord, Internal> {
    let last = audit_events::find_last(tx, chain).await?;
    let (sequence, hash) = last.unwrap_or_else(|| (0, BEFORE_THE_FIRST.to_vec()));
    Ok(AuditHeadRecord { chain, sequence, hash, seal: Vec::new() })
}
