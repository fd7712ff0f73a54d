//! `tacit audit …`

use std::io::{self, Write as _};

use tacit_domain::audit::VerifyError;
use tacit_store::Access;

use super::Failure;
use crate::config::Config;
use crate::{assemble, seams};

/// After how many events it is said how far the work is.
const STEP: u64 = 50_000;
/// Faults that are told one by one.
const TOLD: usize = 100;

pub(super) async fn verify(config: Config, anchor: Option<String>) -> Result<(), Failure> {
    let settings = assemble::domain_settings(&config)?;
    let (store, domain) = Box::pin(assemble::open(&config, settings, seams::system_seams(), Access::Read)).await?;
    let mut next = STEP;
    let progress = move |events: u64| {
        if events >= next {
            next = (events / STEP).saturating_add(1).saturating_mul(STEP);
            // When standard error is gone there is nobody to tell.
            drop(writeln!(io::stderr(), "{events} events looked at"));
        }
    };
    let report = domain.audit.verify(anchor.as_deref(), progress).await?;
    store.close().await;
    let mut out = io::stdout().lock();
    if report.fault_count == 0 {
        let anchored = if anchor.is_some() { ", and the anchor is met" } else { "" };
        writeln!(out, "{} event(s), all as they were recorded{anchored}", report.events)?;
        writeln!(out, "anchor: {}", report.anchor.unwrap_or_default())?;
        return Ok(());
    }
    for fault in report.faults.iter().take(TOLD) {
        writeln!(out, "{fault}")?;
    }
    let told = u64::try_from(report.faults.len().min(TOLD)).unwrap_or(0);
    if report.fault_count > told {
        writeln!(out, "and {} more", report.fault_count.saturating_sub(told))?;
    }
    Err(Failure::untrue(format!(
        "the audit log is not what the server wrote: {} fault(s) in {} event(s)",
        report.fault_count, report.events
    )))
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Anchor => Self::wrong(error.to_string()),
            VerifyError::Internal(error) => Self::new(error),
        }
    }
}
