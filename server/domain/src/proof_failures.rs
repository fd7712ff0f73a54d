//! What failed proofs cost: whoever goes on guessing waits longer and longer, and in the end is locked out.
//!
//! Counted by address, known or not, for devices nobody knows; a known device has a count of its own, so that an
//! attacker cannot shut the owner out.

use std::time::Duration;

use tacit_store::accounts::AccountRecord;
use tacit_store::proof_failures::{self, ProofFailures};
use tacit_store::{AccountId, StoreError, Timestamp, Tx, audit_events};

use crate::audit::chain_of;
use crate::core::Core;
use crate::handshake::SKEW_MS;
use crate::settings::Limits;

/// Failures in a row that cost nothing, at least: people mistype.
const FREE: i64 = 5;
/// As many failures as lock an address are remembered this long; fewer, a share of it. So no tempo gets around the lock:
/// whoever lets the count go before the next guess makes no more of them in this time than the lock allows.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// Whose failures a count is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// All that nobody knows, at one address.
    Strangers,
    /// One known device. It may fail half as often as all of an account's, so that it cannot shut the others out.
    Device,
}

/// Why the next proof is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Not yet.
    For(Duration),
    /// Not by password from a device nobody knows.
    Locked,
}

/// Whether another proof may be looked at after these failures.
///
/// The first five (half of `proof_attempts`, if that is more) cost nothing. Then the pause doubles from a second on, and from the tenth failure (`proof_attempts`) on
/// it is a quarter of an hour (`proof_window`). After a hundred (`proof_lock`; NIST SP 800-63B §5.2.2 allows no more) it
/// is over.
pub(crate) fn check(limits: &Limits, of: Of, stood: ProofFailures, now: Timestamp) -> Result<(), Held> {
    let most = match of {
        Of::Strangers => limits.proof_lock,
        Of::Device => limits.proof_lock.div_ceil(2),
    };
    if stood.failures >= i64::from(most) {
        return Err(Held::Locked);
    }
    let Some(last_at) = stood.last_at else { return Ok(()) };
    // A clock that was set back must not hold anybody until it has caught up.
    if last_at.as_millis() > now.as_millis().saturating_add(SKEW_MS) {
        return Ok(());
    }
    let pause = pause(limits, stood.failures);
    let until = last_at + pause;
    // Where nothing is to be waited for, another login of the same person may have been counted a moment later than this
    // one came: they do not take their turns in the order of their times.
    if pause.is_zero() || until <= now { Ok(()) } else { Err(Held::For(until.since(now))) }
}

/// The same for what all known devices of an account failed together: they do not wait for each other, but whoever has
/// hoarded their tokens is not given as many guesses as there are tokens.
pub(crate) fn check_together(limits: &Limits, stood: ProofFailures) -> Result<(), Held> {
    if stood.failures < i64::from(limits.proof_lock) { Ok(()) } else { Err(Held::Locked) }
}

fn pause(limits: &Limits, failures: i64) -> Duration {
    if failures >= i64::from(limits.proof_attempts) {
        return limits.proof_window;
    }
    let free = FREE.max(i64::from(limits.proof_attempts / 2));
    match u32::try_from(failures - free) {
        Ok(doublings) => Duration::from_secs(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(limits.proof_window),
        Err(_) => Duration::ZERO,
    }
}

/// How much longer each failure keeps a count.
pub(crate) fn kept_for_each(limits: &Limits) -> Duration {
    KEPT / limits.proof_lock.max(1)
}

impl Core {
    /// Counts another failure, beside the one that is counted with the handshake.
    pub(crate) async fn count_failure(
        &self,
        tx: &mut Tx,
        key: &[u8; 32],
        now: Timestamp,
    ) -> Result<ProofFailures, StoreError> {
        proof_failures::add(tx, key, now, kept_for_each(&self.settings.limits)).await
    }

    /// What failed proofs of an address are counted under.
    pub(crate) fn failures_key(&self, address_key: &str) -> [u8; 32] {
        self.address_hash("proof", address_key)
    }

    /// What failed proofs of somebody who has logged in are counted under: one count an account, whatever session or
    /// address they come from.
    pub(crate) fn account_failures_key(&self, account: AccountId) -> [u8; 32] {
        self.failures_key(&["account:", &account.to_string()].concat())
    }

    /// What failed proofs of all devices are counted under that an account knows.
    pub(crate) fn devices_failures_key(&self, account: AccountId) -> [u8; 32] {
        self.failures_key(&["devices:", &account.to_string()].concat())
    }

    /// Opens an account again, for logins and for what its sessions prove; answers how many failures in a row there were.
    pub(crate) async fn forgive(&self, tx: &mut Tx, account: &AccountRecord) -> Result<i64, StoreError> {
        // It is written to afterwards, and whoever logs in locks it before the failures.
        audit_events::lock_head(tx, chain_of(Some(account.id))).await?;
        let mut forgiven = 0_i64;
        for key in [
            self.failures_key(&account.email_key),
            self.account_failures_key(account.id),
            self.devices_failures_key(account.id),
        ] {
            forgiven = forgiven.saturating_add(proof_failures::find(tx, &key).await?.failures);
            proof_failures::clear(tx, &key).await?;
        }
        Ok(forgiven)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn after(failures: i64, seconds: i64) -> Result<(), Held> {
        let last_at = Some(Timestamp::from_millis(NOW.as_millis() - seconds * 1000));
        check(&Limits::default(), Of::Strangers, ProofFailures { failures, last_at }, NOW)
    }

    #[test]
    fn the_pause_grows_from_nothing_to_a_quarter_of_an_hour() {
        let wait = |seconds| Err(Held::For(Duration::from_secs(seconds)));
        let expected = [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), wait(1), wait(2), wait(4), wait(8), wait(16)];
        for (failures, expected) in (0..).zip(expected) {
            assert_eq!(after(failures, 0), expected, "{failures} failures");
        }
        for failures in 10..100 {
            assert_eq!(after(failures, 0), wait(15 * 60));
            assert_eq!(after(failures, 15 * 60), Ok(()));
        }
        assert_eq!(after(5, 1), Ok(()));
        assert_eq!(after(9, 15), wait(1));
    }

    #[test]
    fn logins_of_one_person_at_once_do_not_wait_for_each_other() {
        let limits = Limits::default();
        let later = |failures| ProofFailures { failures, last_at: Some(NOW + Duration::from_millis(30)) };
        for failures in 1..5 {
            assert_eq!(check(&limits, Of::Strangers, later(failures), NOW), Ok(()), "{failures} under way");
        }
        assert!(check(&limits, Of::Strangers, later(5), NOW).is_err(), "a pause that began later is not over");
    }

    #[test]
    fn after_a_hundred_no_pause_helps() {
        assert_eq!(after(99, 15 * 60), Ok(()));
        assert_eq!(after(100, 300 * 24 * 3600), Err(Held::Locked));
    }

    #[test]
    fn one_device_is_over_before_all_of_them_are() {
        let limits = Limits::default();
        let stood = |failures| ProofFailures { failures, last_at: None };
        assert_eq!(check(&limits, Of::Device, stood(49), NOW), Ok(()));
        assert_eq!(check(&limits, Of::Device, stood(50), NOW), Err(Held::Locked));
        assert_eq!(check_together(&limits, stood(99)), Ok(()));
        assert_eq!(check_together(&limits, stood(100)), Err(Held::Locked));
        let odd = Limits { proof_lock: 1, ..limits };
        assert_eq!(check(&odd, Of::Device, stood(0), NOW), Ok(()), "a lock at one leaves one proof");
    }

    #[test]
    fn whoever_lets_counts_go_guesses_no_more_in_a_year_than_whoever_does_not() {
        let limits = Limits::default();
        for failures in 1..=limits.proof_lock {
            let rounds = KEPT.as_secs_f64() / (kept_for_each(&limits) * failures).as_secs_f64();
            assert!(rounds * f64::from(failures) <= f64::from(limits.proof_lock) + 0.001, "{failures} at a time");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nobody() {
        assert_eq!(after(10, -3600), Ok(()));
        assert!(after(10, -4).is_err(), "clocks of two nodes differ by seconds");
    }
}
