//! The whole log held against its hashes.

use tacit_store::audit_events::{self, AuditEventWithOrigin};
use tacit_store::{StoreError, StoreErrorKind, Tx};

use super::anchor::Anchor;
use super::walk::Walk;
use super::{Audit, AuditFault, CHAINS, FaultKind};
use crate::core::Core;
use crate::fault::Internal;

/// Rows read at once.
const ROWS: i64 = 1000;
/// Faults kept; further ones are counted.
const KEPT: usize = 1000;

/// What a look at the whole log found.
#[derive(Default)]
pub struct Report {
    /// Events looked at.
    pub events: u64,
    /// What is wrong, chain by chain; the first thousand.
    pub faults: Vec<AuditFault>,
    /// How much is wrong.
    pub fault_count: u64,
    /// How far the log has come, to be kept elsewhere; only where nothing is wrong.
    pub anchor: Option<String>,
}

impl Report {
    pub(super) fn add(&mut self, fault: AuditFault) {
        self.fault_count = self.fault_count.saturating_add(1);
        if self.faults.len() < KEPT {
            self.faults.push(fault);
        }
    }
}

/// Why the log was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The text is no anchor of this log.
    #[error("this is no anchor that this server printed, or not all of it")]
    Anchor,
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for VerifyError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Audit {
    /// Looks at every event, chain by chain, each as it is at one moment while the server goes on writing.
    ///
    /// With an anchor from an earlier call it also notices that the whole log was put back to a state before that.
    /// `progress` is told now and then how many events have been looked at.
    ///
    /// # Errors
    /// [`VerifyError::Anchor`] for a text that is none of this server's. What is wrong with the log is no error but in
    /// the report.
    pub async fn verify(
        &self,
        anchor: Option<&str>,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Report, VerifyError> {
        let core = &self.0;
        let former = anchor.map(|text| core.read_anchor(text).ok_or(VerifyError::Anchor)).transpose()?;
        let mut report = Report::default();
        let mut ends = Anchor::new();
        for chain in 0..CHAINS {
            let anchored = former.as_ref().and_then(|anchor| anchor.of(chain));
            let (sequence, hash) = core.verify_chain(chain, anchored, &mut report, &mut progress).await?;
            ends.push(sequence, core.anchor_tag(chain, sequence, &hash));
        }
        core.look_outside(&mut report).await?;
        if report.fault_count == 0 {
            report.anchor = Some(core.write_anchor(&ends));
        }
        Ok(report)
    }
}

impl Core {
    /// Looks at one chain; answers where it ends.
    async fn verify_chain(
        &self,
        chain: i64,
        anchored: Option<(i64, [u8; 8])>,
        report: &mut Report,
        progress: &mut (impl FnMut(u64) + Send),
    ) -> Result<(i64, Vec<u8>), Internal> {
        // Head, events and origins as they were at one moment.
        let mut tx = self.store.snapshot().await?.patiently();
        let head = audit_events::list_heads(&mut tx).await?.into_iter().find(|head| head.chain == chain);
        let mut walk = Walk::begin(self, chain, anchored, report);
        let mut from = Some(i64::MIN);
        while let Some(first) = from {
            let rows = read_rows(&mut tx, chain, first).await?;
            from = rows.last().and_then(|row| row.sequence().checked_add(1));
            for row in rows {
                match row {
                    Row::Read(row) => walk.step(&row),
                    Row::Unreadable(sequence) => walk.stumble(sequence),
                }
            }
            progress(walk.events());
        }
        Ok(walk.end(head.as_ref()))
    }

    /// Rows that stand in no chain of ours.
    async fn look_outside(&self, report: &mut Report) -> Result<(), Internal> {
        let mut tx = self.store.read().await?.patiently();
        let places = audit_events::list_places_outside(&mut tx, 0..=CHAINS - 1, ROWS).await?;
        for (chain, sequence) in places {
            report.add(AuditFault::at(FaultKind::Foreign, chain, sequence, None));
        }
        let heads = audit_events::list_heads(&mut tx).await?;
        for head in heads.iter().filter(|head| !(0..CHAINS).contains(&head.chain)) {
            report.add(AuditFault::of_chain(FaultKind::HeadAltered, head.chain));
        }
        Ok(())
    }
}

enum Row {
    Read(Box<AuditEventWithOrigin>),
    /// Something is in it that the server never writes there.
    Unreadable(i64),
}

impl Row {
    fn sequence(&self) -> i64 {
        match self {
            Self::Read(row) => row.event.sequence,
            Self::Unreadable(sequence) => *sequence,
        }
    }
}

/// Some rows of a chain; one after the other where one among them cannot be read.
async fn read_rows(tx: &mut Tx, chain: i64, from: i64) -> Result<Vec<Row>, StoreError> {
    if let Some(rows) = readable(tx, chain, from, ROWS).await? {
        return Ok(rows);
    }
    let mut rows = Vec::new();
    let mut from = Some(from);
    while let Some(first) = from
        && i64::try_from(rows.len()).is_ok_and(|read| read < ROWS)
        && let Some(sequence) = audit_events::find_sequence(tx, chain, first).await?
    {
        let row = readable(tx, chain, sequence, 1).await?.and_then(|mut rows| rows.pop());
        rows.push(row.unwrap_or(Row::Unreadable(sequence)));
        from = sequence.checked_add(1);
    }
    Ok(rows)
}

async fn readable(tx: &mut Tx, chain: i64, from: i64, limit: i64) -> Result<Option<Vec<Row>>, StoreError> {
    match audit_events::list_chain(tx, chain, from, limit).await {
        Ok(rows) => Ok(Some(rows.into_iter().map(|row| Row::Read(Box::new(row))).collect())),
        Err(error) if error.kind() == StoreErrorKind::Other => Ok(None),
        Err(error) => Err(error),
    }
}
