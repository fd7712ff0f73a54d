//! How long to wait before a job is tried again

use std::time::Duration;

/// The wait after the first failure; it doubles with each further one.
const FIRST: Duration = Duration::from_secs(5);
/// No wait is longer.
const LONGEST: Duration = Duration::from_mins(15);

/// The wait after `failures` failures in a row: `5 s · 2^(failures − 1)`, at most a quarter of an hour.
///
/// Jitter comes on top of it, by [`Outbox::jitter`](tacit_domain::outbox::Outbox::jitter).
pub(crate) fn wait(failures: u32) -> Duration {
    let doubled = 2_u32.checked_pow(failures.saturating_sub(1)).and_then(|factor| FIRST.checked_mul(factor));
    doubled.unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        for (failures, seconds) in [(0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (40, 900), (u32::MAX, 900)] {
            assert_eq!(wait(failures), Duration::from_secs(seconds), "{failures} failures");
        }
    }
}
