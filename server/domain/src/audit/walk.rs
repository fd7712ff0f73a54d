//! One chain, event by event.

use std::collections::BTreeMap;

use tacit_store::audit_events::{AuditEventRecord, AuditEventWithOrigin, AuditHeadRecord, AuditOriginRecord};
use tacit_store::{AccountId, AuditEventId};

use super::seals::{BEFORE_THE_FIRST, same};
use super::{AuditFault, AuditResult, EventType, FaultKind, Report};
use crate::core::Core;

/// A way along a chain.
pub(super) struct Walk<'a> {
    core: &'a Core,
    chain: i64,
    report: &'a mut Report,
    /// The last place that was seen, or 0.
    sequence: i64,
    /// The hash of the event there; the one in its row, and where that is wrong also the one it should be. Empty where
    /// nobody knows.
    before: Vec<Vec<u8>>,
    /// Whether the event there is as it was written.
    last_is_good: bool,
    /// Events whose origin is gone, until a deletion of their account explains it.
    without_origin: BTreeMap<AccountId, Vec<(i64, AuditEventId)>>,
    anchored: Option<(i64, [u8; 8])>,
}

impl<'a> Walk<'a> {
    pub(super) fn begin(core: &'a Core, chain: i64, anchored: Option<(i64, [u8; 8])>, report: &'a mut Report) -> Self {
        Self {
            core,
            chain,
            report,
            sequence: 0,
            before: vec![BEFORE_THE_FIRST.to_vec()],
            last_is_good: true,
            without_origin: BTreeMap::new(),
            // Before its first event a chain has nothing that could be gone.
            anchored: anchored.filter(|(sequence, _)| *sequence > 0),
        }
    }

    /// Events of all chains so far.
    pub(super) const fn events(&self) -> u64 {
        self.report.events
    }

    /// The next row.
    pub(super) fn step(&mut self, row: &AuditEventWithOrigin) {
        let event = &row.event;
        if !self.come_to(event.sequence, Some(event.id)) {
            return;
        }
        let hashes: Vec<_> = self.before.iter().map(|before| self.core.event_hash(before, event).to_vec()).collect();
        // Behind a gap nobody knows what it was made with.
        let good = hashes.is_empty() || hashes.iter().any(|hash| same(hash, &event.hash));
        if good {
            self.look_at_origin(row);
            self.note_deletion(event);
            self.hold_against_anchor(event);
            self.before = vec![event.hash.clone()];
        } else {
            self.report.add(AuditFault::at(FaultKind::Altered, self.chain, event.sequence, Some(event.id)));
            // Whether its hash was altered or the rest of it, the next event tells.
            self.before = hashes.into_iter().take(1).chain([event.hash.clone()]).collect();
        }
        self.last_is_good = good;
    }

    /// A row that cannot be read.
    pub(super) fn stumble(&mut self, sequence: i64) {
        if self.come_to(sequence, None) {
            self.report.add(AuditFault::at(FaultKind::Altered, self.chain, sequence, None));
            self.before.clear();
            self.last_is_good = false;
        }
    }

    /// Moves on to a place; `false` if none of ours can be there.
    fn come_to(&mut self, sequence: i64, event: Option<AuditEventId>) -> bool {
        self.report.events = self.report.events.saturating_add(1);
        if sequence <= self.sequence {
            self.report.add(AuditFault::at(FaultKind::Foreign, self.chain, sequence, event));
            return false;
        }
        let due = self.sequence.saturating_add(1);
        if sequence > due {
            let gap = AuditFault::between(FaultKind::Missing, self.chain, due, sequence.saturating_sub(1));
            self.report.add(gap);
            self.before.clear();
        }
        self.sequence = sequence;
        true
    }

    fn look_at_origin(&mut self, row: &AuditEventWithOrigin) {
        let event = &row.event;
        let good = match &row.nonce {
            None if event.origin_hash.is_empty() => true,
            None => {
                let waiting = event.account_id.map(|account| self.without_origin.entry(account).or_default());
                waiting.is_some_and(|waiting| {
                    waiting.push((event.sequence, event.id));
                    true
                })
            }
            Some(nonce) => {
                let origin =
                    event.account_id.filter(|account| Some(*account) == row.origin_account_id).map(|account_id| {
                        AuditOriginRecord {
                            event_id: event.id,
                            account_id,
                            nonce: nonce.clone(),
                            ip_address: row.ip_address.clone(),
                            user_agent: row.user_agent.clone(),
                        }
                    });
                origin.is_some_and(|origin| same(&self.core.origin_hash(&origin), &event.origin_hash))
            }
        };
        if !good {
            self.report.add(AuditFault::at(FaultKind::OriginAltered, self.chain, event.sequence, Some(event.id)));
        }
    }

    /// With its account goes where its events came from.
    fn note_deletion(&mut self, event: &AuditEventRecord) {
        let is_deletion =
            event.event_type == EventType::AccountDeleted.as_str() && event.result == AuditResult::Success;
        if let Some(account) = event.account_id.filter(|_| is_deletion) {
            self.without_origin.remove(&account);
        }
    }

    fn hold_against_anchor(&mut self, event: &AuditEventRecord) {
        let tag = || self.core.anchor_tag(self.chain, event.sequence, &event.hash);
        if self.anchored.is_some_and(|(sequence, known)| sequence == event.sequence && same(&known, &tag())) {
            self.anchored = None;
        }
    }

    /// Holds what was seen against the chain's end as the server noted it; answers where it ends.
    pub(super) fn end(mut self, head: Option<&AuditHeadRecord>) -> (i64, Vec<u8>) {
        self.look_at_head(head);
        for (sequence, event) in std::mem::take(&mut self.without_origin).into_values().flatten() {
            self.report.add(AuditFault::at(FaultKind::OriginMissing, self.chain, sequence, Some(event)));
        }
        if let Some((sequence, _)) = self.anchored {
            self.report.add(AuditFault::at(FaultKind::RolledBack, self.chain, sequence, None));
        }
        (self.sequence, self.before.pop().unwrap_or_default())
    }

    fn look_at_head(&mut self, head: Option<&AuditHeadRecord>) {
        // Without a seal: missing when the server started, and put back.
        let Some(head) = head.filter(|head| !head.seal.is_empty()) else {
            return self.report.add(AuditFault::of_chain(FaultKind::ChainMissing, self.chain));
        };
        let sealed = self.core.is_sealed(head);
        let (last, due) = (self.sequence, self.sequence.saturating_add(1));
        if head.sequence > last {
            self.report.add(AuditFault::between(FaultKind::CutOff, self.chain, due, head.sequence));
        } else if sealed && head.sequence < last {
            let behind = head.sequence.saturating_add(1);
            self.report.add(AuditFault::between(FaultKind::BehindTheEnd, self.chain, behind, last));
        }
        let is_last =
            head.sequence != last || !self.last_is_good || self.before.iter().any(|hash| same(hash, &head.hash));
        if !sealed || !is_last {
            self.report.add(AuditFault::of_chain(FaultKind::HeadAltered, self.chain));
        }
    }
}
