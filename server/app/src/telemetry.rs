//! Log lines and the recorder of metrics; each set up once a process

use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{fmt, prelude::*};

use crate::config::{Log, LogFormat};

/// Bounds of the buckets of every `…_seconds` histogram.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

static RECORDER: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Writes log lines to standard output from now on.
///
/// # Errors
/// When something else in the process already does.
pub(crate) fn init(log: &Log) -> Result<(), TryInitError> {
    // `check` has tried the filter.
    let filter = EnvFilter::new(&log.filter);
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        LogFormat::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false))
            .try_init(),
        LogFormat::Text => registry.with(fmt::layer().with_ansi(io::stdout().is_terminal())).try_init(),
    }
}

/// Warnings go to standard error from now on; for commands, whose standard output is their answer.
pub(crate) fn init_for_command() {
    let warnings =
        fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).without_time().with_target(false);
    // A second command in one process finds the first one's.
    drop(tracing_subscriber::registry().with(EnvFilter::new("warn")).with(warnings).try_init());
}

/// The recorder of this process's metrics; several servers in one process share it.
pub(crate) fn recorder() -> Result<PrometheusHandle, BuildError> {
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = recorder.as_ref() {
        return Ok(handle.clone());
    }
    let suffix = metrics_exporter_prometheus::Matcher::Suffix("_seconds".to_owned());
    let handle = PrometheusBuilder::new().set_buckets_for_metric(suffix, &SECONDS)?.install_recorder()?;
    *recorder = Some(handle.clone());
    Ok(handle)
}
