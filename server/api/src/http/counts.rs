//! How many requests there were and how long they took, by operation and status.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram};
use poem::http::StatusCode;

/// The metrics of every operation and status that was seen: asking the recorder for one by its labels costs a dozen
/// allocations.
///
/// There are as many as there are operations and statuses of ours; nobody from outside can add one.
#[derive(Clone, Default)]
pub(crate) struct Counts(Arc<RwLock<Seen>>);

type Seen = HashMap<(Arc<str>, StatusCode), Metrics>;

struct Metrics {
    requests: Counter,
    seconds: Histogram,
}

impl Counts {
    /// A request for this operation was answered.
    pub(crate) fn count(&self, operation: Arc<str>, status: StatusCode, took: Duration) {
        let pair = (operation, status);
        if let Some(metrics) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&pair) {
            return metrics.count(took);
        }
        // Two that are the first at once get the same from the recorder.
        let metrics = Metrics::of(&pair.0, status);
        metrics.count(took);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(pair, metrics);
    }
}

impl Metrics {
    fn of(operation: &str, status: StatusCode) -> Self {
        let labels = [("operation", operation.to_owned()), ("status", status.as_str().to_owned())];
        Self {
            requests: metrics::counter!("http_requests_total", &labels),
            seconds: metrics::histogram!("http_request_duration_seconds", &labels),
        }
    }

    fn count(&self, took: Duration) {
        self.requests.increment(1);
        self.seconds.record(took.as_secs_f64());
    }
}
