//! The keyed hashes that hold the log together.

use subtle::ConstantTimeEq as _;
use tacit_store::audit_events::{AuditEventRecord, AuditHeadRecord, AuditOriginRecord};

use crate::core::Core;
use crate::keyring::mac;

/// What stands before the first event of a chain.
pub(super) const BEFORE_THE_FIRST: [u8; 32] = [0; 32];

impl Core {
    pub(super) fn sealed_head(&self, chain: i64, sequence: i64, hash: Vec<u8>) -> AuditHeadRecord {
        let seal = self.head_seal(chain, sequence, &hash).to_vec();
        AuditHeadRecord { chain, sequence, hash, seal }
    }

    /// Whether a head is as this server wrote it, at some time.
    pub(super) fn is_sealed(&self, head: &AuditHeadRecord) -> bool {
        same(&self.head_seal(head.chain, head.sequence, &head.hash), &head.seal)
    }

    fn head_seal(&self, chain: i64, sequence: i64, hash: &[u8]) -> [u8; 32] {
        mac(&self.keyring.audit, &[b"head", &chain.to_be_bytes(), &sequence.to_be_bytes(), hash])
    }

    pub(super) fn event_hash(&self, before: &[u8], event: &AuditEventRecord) -> [u8; 32] {
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

    /// Not over the account: it is the event's own.
    pub(super) fn origin_hash(&self, origin: &AuditOriginRecord) -> [u8; 32] {
        let text = |text: &Option<String>| match text {
            None => Vec::new(),
            Some(text) => [b"+", text.as_bytes()].concat(),
        };
        let (ip, agent) = (text(&origin.ip_address), text(&origin.user_agent));
        mac(&self.keyring.audit, &[b"origin", origin.event_id.as_bytes(), &origin.nonce, &ip, &agent])
    }

    /// What an anchor keeps of the event at a place.
    pub(super) fn anchor_tag(&self, chain: i64, sequence: i64, hash: &[u8]) -> [u8; 8] {
        let full = mac(&self.keyring.audit, &[b"anchor", &chain.to_be_bytes(), &sequence.to_be_bytes(), hash]);
        let mut tag = [0; 8];
        tag.copy_from_slice(full.split_at(8).0);
        tag
    }
}

/// Compares what somebody may have put into the database with what the key says.
pub(super) fn same(expected: &[u8], found: &[u8]) -> bool {
    expected.ct_eq(found).into()
}
