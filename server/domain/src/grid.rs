//! Answers that would tell by their time leave at points of a grid.

use std::time::Duration;

use tokio::time::Instant;

/// The distance of two points, counted from a request's arrival.
const GRID_MS: u128 = 25;

/// Waits for the next point, so that the time of an answer tells little of how it came about.
pub(crate) async fn release(arrived: Instant) {
    let points = arrived.elapsed().as_millis() / GRID_MS + 1;
    let until = Duration::from_millis(u64::try_from(points * GRID_MS).unwrap_or(0));
    tokio::time::sleep_until(arrived + until).await;
}
