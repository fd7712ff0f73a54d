//! What one client may ask of this node, and how clients are told apart.
//!
//! These counts are the node's own and in memory: they guard against floods, before anything is looked up. What must
//! hold for all nodes together is counted in the database.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::future::Cache;
use tacit_shared::codes::Code;
use tacit_store::Timestamp;

use crate::caller::Origin;
use crate::core::Core;
use crate::fault::Fault;
use crate::keyring::mac;
use crate::throttle::{Meter, Usage, Window, bounds};

/// The node's own windows.
const MINUTE: Duration = Duration::from_mins(1);
/// Windows kept in memory at most, some 100 bytes each. Beyond it those that are seldom asked for go first.
const CAPACITY: u64 = 100_000;

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
    pub async fn admit(&self, ip: Option<IpAddr>, meter: &Meter) -> Result<(), TooManyRequests> {
        let core = &self.0;
        // The narrower windows of single operations are what clients are shown; this one only when it refuses.
        let usage = core.floods.count(Kind::Request, ip, core.settings.limits.client_requests, core.now()).await;
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
pub(crate) struct Floods(Cache<(Kind, Network, i64), Arc<AtomicU32>>);

impl Default for Floods {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(2 * MINUTE).build())
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
    async fn count(&self, kind: Kind, ip: Option<IpAddr>, limit: u32, now: Timestamp) -> Counted {
        let (start, resets_at) = bounds(MINUTE, now);
        let key = (kind, Network::of(ip), start.as_millis());
        let count = self.0.get_with(key, async { Arc::default() }).await;
        let before = count.fetch_add(1, Ordering::Relaxed);
        let usage = Usage { limit, remaining: limit.saturating_sub(before.saturating_add(1)), resets_at };
        Counted(usage, before < limit)
    }
}

impl Core {
    /// Counts the beginning of a login, which writes nothing and so has no window in the database.
    pub(crate) async fn admit_login_start(&self, origin: &Origin, now: Timestamp) -> Result<(), TooManyRequests> {
        let limit = self.settings.limits.client_logins;
        let counted = self.floods.count(Kind::LoginStart, origin.ip, limit, now).await;
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

    #[tokio::test]
    async fn a_minute_counts_anew() {
        let floods = Floods::default();
        let at = |second: i64| Timestamp::from_millis(1_800_000_000_000 + second * 1000);
        for expected in [1, 0] {
            let Counted(usage, within) = floods.count(Kind::Request, None, 2, at(1)).await;
            assert_eq!((usage.limit, usage.remaining, within), (2, expected, true));
            assert_eq!(usage.resets_at, at(60));
        }
        let refused = floods.count(Kind::Request, None, 2, at(59)).await;
        assert_eq!(refused.or_too_many(at(59)).unwrap_err().0, Duration::from_secs(1));
        assert!(floods.count(Kind::LoginStart, None, 2, at(59)).await.1);
        assert!(floods.count(Kind::Request, Some([192, 0, 2, 1].into()), 2, at(59)).await.1);
        assert!(floods.count(Kind::Request, None, 2, at(60)).await.1);
    }
}
