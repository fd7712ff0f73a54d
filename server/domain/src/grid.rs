//! Answers that would tell by their time leave at points of a grid.

use std::time::Duration;

use tokio::time::Instant;

/// The distance of two points, counted from a request's arrival.
const GRID: Duration = Duration::from_millis(25);

/// Waits for the next point, so that the time of an answer tells little of how it came about.
pub(crate) async fn release(arrived: Instant) {
    let points = arrived.elapsed().as_millis() / GRID.as_millis() + 1;
    tokio::time::sleep_until(arrived + GRID * u32::try_from(points).unwrap_or(u32::MAX)).await;
}
