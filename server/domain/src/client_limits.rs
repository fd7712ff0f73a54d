//! What one client may ask of this node, and how clients are told apart.
//!
//! These counts are the node's own and in memory: they guard against floods, before anything is looked up. What must
//! hold for all nodes together is counted in the database.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_store::Timestamp;

use crate::caller::Origin;
use crate::core::Core;
use crate::fault::Fault;
use crate::keyring::mac;
use crate::throttle::{Meter, Usage, Window, bounds};

/// The node's own windows.
const MINUTE: Duration = Duration::from_mins(1);
const MINUTE_MS: i64 = 60_000;
/// Windows kept in memory at most, some 50 bytes each. Beyond it those that are seldom asked for go first.
const CAPACITY: usize = 100_000;
/// Who asked no more often than this in a minute is seldom heard of.
const SELDOM: u32 = 8;

/// Guards a node against floods.
#[derive(Clone)]
pub struct ClientLimits(pub(crate) Arc<Core>);

/// One client asks too often.
#[derive(Debug, thiserror::Error)]
#[error("too many requests from one client")]
pub struct TooManyRequests(pub Duration);

impl Fault for TooManyRequests {
    fn code(&self) -> Code {
        Code::TooManyRequests
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(self.0)
    }
}

impl ClientLimits {
    /// Counts a request of whatever kind.
    ///
    /// # Errors
    /// [`TooManyRequests`], with the window noted in `meter`.
    pub fn admit(&self, ip: Option<IpAddr>, meter: &Meter) -> Result<(), TooManyRequests> {
        let core = &self.0;
        // The narrower windows of single operations are what clients are shown; this one only when it refuses.
        let usage = core.floods.count(Kind::Request, ip, core.settings.limits.client_requests, core.now());
        usage.or_too_many(core.now()).inspect_err(|_| meter.note(usage.0))
    }
}

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Request,
    LoginStart,
}

/// The counts of the current minute.
#[derive(Default)]
pub(crate) struct Floods(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    start: i64,
    counts: HashMap<(Kind, Network), u32>,
}

impl Minute {
    /// Counts one more; answers how many there were before.
    fn count(&mut self, start: i64, key: (Kind, Network)) -> u32 {
        // Who looked at the clock a moment before the others counts in their minute; a clock that was set back begins anew.
        let late = (start..=start.saturating_add(MINUTE_MS)).contains(&self.start);
        if !late {
            self.start = start;
            self.counts.clear();
        }
        if self.counts.len() >= CAPACITY && !self.counts.contains_key(&key) {
            self.counts.retain(|_, count| *count > SELDOM);
            // As many who ask often as there are places: it is no guard against so many.
            if self.counts.len() >= CAPACITY {
                self.counts.clear();
            }
        }
        let count = self.counts.entry(key).or_default();
        let before = *count;
        *count = before.saturating_add(1);
        before
    }
}

/// A window after a request was counted in it.
#[derive(Clone, Copy)]
pub(crate) struct Counted(Usage, bool);

impl Counted {
    fn or_too_many(self, now: Timestamp) -> Result<(), TooManyRequests> {
        if self.1 { Ok(()) } else { Err(TooManyRequests(self.0.resets_at.since(now))) }
    }
}

impl Floods {
    fn count(&self, kind: Kind, ip: Option<IpAddr>, limit: u32, now: Timestamp) -> Counted {
        let (start, resets_at) = bounds(MINUTE, now);
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = minute.count(start.as_millis(), (kind, Network::of(ip)));
        drop(minute);
        let usage = Usage { limit, remaining: limit.saturating_sub(before.saturating_add(1)), resets_at };
        Counted(usage, before < limit)
    }
}

impl Core {
    /// Counts the beginning of a login, which writes nothing and so has no window in the database.
    pub(crate) fn admit_login_start(&self, origin: &Origin, now: Timestamp) -> Result<(), TooManyRequests> {
        let limit = self.settings.limits.client_logins;
        let counted = self.floods.count(Kind::LoginStart, origin.ip, limit, now);
        origin.meter.note(counted.0);
        counted.or_too_many(now)
    }

    /// A client's window in the database.
    pub(crate) fn client_window(
        &self,
        scope: &'static str,
        origin: &Origin,
        limit: u32,
        length: Duration,
        now: Timestamp,
    ) -> Window {
        let key = mac(&self.keyring.throttles, &[scope.as_bytes(), &Network::of(origin.ip).0]);
        Window::at(scope, key, limit, length, now)
    }
}

/// What counts as one client: an IPv4 address, or the 64 bits of an IPv6 address that a provider gives to one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network([u8; 9]);

impl Network {
    fn of(ip: Option<IpAddr>) -> Self {
        let mut bytes = [0; 9];
        let (kind, prefix) = match ip.map(|ip| ip.to_canonical()) {
            None => (0, [0; 8]),
            Some(IpAddr::V4(ip)) => (4, u64::from(ip.to_bits()).to_be_bytes()),
            Some(IpAddr::V6(ip)) => (6, (u64::try_from(ip.to_bits() >> 64).unwrap_or_default()).to_be_bytes()),
        };
        for (to, from) in bytes.iter_mut().zip([kind].iter().chain(&prefix)) {
            *to = *from;
        }
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> Network {
        Network::of(Some(ip.parse().unwrap()))
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_64_bits_of_an_ipv6_address() {
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("2001:db8:0:7::1"), network("2001:db8:0:7:ffff::9"));
        assert_ne!(network("2001:db8:0:7::1"), network("2001:db8:0:8::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("::c000:201"), network("192.0.2.1"));
        assert_ne!(Network::of(None), network("0.0.0.0"));
    }

    #[test]
    fn a_minute_counts_anew() {
        let floods = Floods::default();
        let at = |second: i64| Timestamp::from_millis(1_800_000_000_000 + second * 1000);
        for expected in [1, 0] {
            let Counted(usage, within) = floods.count(Kind::Request, None, 2, at(1));
            assert_eq!((usage.limit, usage.remaining, within), (2, expected, true));
            assert_eq!(usage.resets_at, at(60));
        }
        let refused = floods.count(Kind::Request, None, 2, at(59));
        assert_eq!(refused.or_too_many(at(59)).unwrap_err().0, Duration::from_secs(1));
        assert!(floods.count(Kind::LoginStart, None, 2, at(59)).1);
        assert!(floods.count(Kind::Request, Some([192, 0, 2, 1].into()), 2, at(59)).1);
        assert!(floods.count(Kind::Request, None, 2, at(60)).1);
    }

    #[test]
    fn whoever_asks_often_is_not_forgotten_because_many_others_ask() {
        let (floods, now) = (Floods::default(), Timestamp::from_millis(1_800_000_000_000));
        let often = Some([192, 0, 2, 1].into());
        for _ in 0..=SELDOM {
            floods.count(Kind::Request, often, 100, now);
        }
        for other in 0..u32::try_from(2 * CAPACITY).unwrap() {
            floods.count(Kind::Request, Some(IpAddr::V4((0x0a00_0000 + other).into())), 100, now);
        }
        assert_eq!(floods.count(Kind::Request, often, 100, now).0.remaining, 100 - SELDOM - 2);
        assert!(floods.0.lock().unwrap().counts.len() <= CAPACITY);
    }
}
