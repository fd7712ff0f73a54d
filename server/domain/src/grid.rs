//! Answers that would tell by their time leave at points of a grid.

use std::time::Duration;

use tokio::time::Instant;

/// The distance of two points, counted from a request's arrival.
const GRID: Duration = Duration::from_millis(25);
/// The same where an address with an account has more written to the disk than one without: on a busy machine one answer
/// in fifty missed the finer grid's first point for that.
const WIDE_GRID: Duration = Duration::from_millis(100);

/// Waits for the next point, so that the time of an answer tells little of how it came about.
pub(crate) async fn release(arrived: Instant) {
    next(arrived, GRID).await;
}

/// The same on a grid that more work fits into.
pub(crate) async fn release_widely(arrived: Instant) {
    next(arrived, WIDE_GRID).await;
}

async fn next(arrived: Instant, grid: Duration) {
    let points = arrived.elapsed().as_millis() / grid.as_millis() + 1;
    tokio::time::sleep_until(arrived + grid * u32::try_from(points).unwrap_or(u32::MAX)).await;
}
