//! Who may have a connection, and who makes room

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tacit_api::Cidr;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::line::Line;

/// A table that is full stays so for a while; the log says it this often.
const TOLD_EVERY: Duration = Duration::from_mins(1);

/// The part of an IPv6 address that a provider gives to one customer.
const IPV6_CUSTOMER: u32 = 64;

/// How many connections there may be.
#[derive(Debug, Clone)]
pub(crate) struct Caps {
    /// In all.
    pub(crate) total: usize,
    /// Of one client: an IPv4 address, or 64 bits of an IPv6 one.
    pub(crate) per_client: usize,
    /// Proxies speak for many clients and are counted in all only.
    pub(crate) proxies: Vec<Cidr>,
}

/// All connections of one listener.
pub(crate) struct Table {
    caps: Caps,
    rows: Mutex<Rows>,
    /// Rung when a new look at a full table may find a place.
    changed: Notify,
}

#[derive(Default)]
struct Rows {
    /// Connections there are.
    open: usize,
    /// Those of them that were told to go.
    leaving: usize,
    /// The next ticket; whoever has waited longest has the lowest.
    next: u64,
    /// Connections whose turn it is not ours, longest first.
    waiting: BTreeMap<u64, Arc<Line>>,
    clients: HashMap<IpAddr, Client>,
    /// When the log was last told that the table is too small.
    told: Option<Instant>,
}

/// The connections of one client, those told to go left out.
#[derive(Default)]
struct Client {
    open: usize,
    waiting: BTreeSet<u64>,
}

/// A place in the table, free again when dropped.
pub(super) struct Seat(Arc<Line>);

enum Attempt {
    Seated(Seat),
    Refused,
    Full,
}

impl Table {
    pub(crate) fn new(caps: Caps) -> Arc<Self> {
        Arc::new(Self { caps, rows: Mutex::default(), changed: Notify::new() })
    }

    /// A place for a connection from this address, as soon as there is one; at once if anybody can make room.
    ///
    /// `None` if the client has all the places it may have, and a request under way on each.
    pub(super) async fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Seat> {
        let client = self.client(peer);
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            match self.attempt(client) {
                Attempt::Seated(seat) => return Some(seat),
                Attempt::Refused => return None,
                Attempt::Full => changed.await,
            }
        }
    }

    /// Sends away whoever has waited longest: the system has no file left for another.
    pub(super) fn make_room(&self) {
        self.rows().push_out_oldest();
    }

    fn client(&self, peer: IpAddr) -> Option<IpAddr> {
        if self.caps.proxies.iter().any(|proxy| proxy.contains(peer)) {
            return None;
        }
        Some(match peer.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - IPV6_CUSTOMER))).into(),
            address @ IpAddr::V4(_) => address,
        })
    }

    fn attempt(self: &Arc<Self>, client: Option<IpAddr>) -> Attempt {
        let mut rows = self.rows();
        if let Some(client) = client
            && rows.clients.get(&client).is_some_and(|client| client.open >= self.caps.per_client)
            && !rows.push_out_oldest_of(client)
        {
            rows.tell("limits.connections_per_client is reached and all of them are in use");
            metrics::counter!("tacit_connections_closed_total", "why" => "refused").increment(1);
            return Attempt::Refused;
        }
        if rows.open >= self.caps.total {
            // One goes for one that comes: the rest has done nothing to deserve it.
            if rows.leaving == 0 {
                rows.tell("limits.connections is reached");
                rows.push_out_oldest();
            }
            return Attempt::Full;
        }
        rows.open += 1;
        if let Some(client) = client {
            rows.clients.entry(client).or_default().open += 1;
        }
        let line = Arc::new(Line::new(Arc::clone(self), client));
        rows.queue(&line);
        drop(rows);
        metrics::gauge!("tacit_connections").increment(1);
        Attempt::Seated(Seat(line))
    }

    /// Puts a connection at the end of those that wait for their clients, or takes it out.
    pub(super) fn requeue(&self, line: &Arc<Line>, waits: bool) {
        let mut rows = self.rows();
        rows.unqueue(line);
        if waits && !line.state().lost {
            rows.queue(line);
            if rows.open >= self.caps.total {
                self.changed.notify_one();
            }
        }
    }

    fn leave(&self, line: &Line) {
        let mut rows = self.rows();
        rows.unqueue(line);
        rows.open = rows.open.saturating_sub(1);
        if line.state().lost {
            rows.leaving = rows.leaving.saturating_sub(1);
        } else {
            rows.uncount(line);
        }
        drop(rows);
        self.changed.notify_one();
        metrics::gauge!("tacit_connections").decrement(1);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn queue(&mut self, line: &Arc<Line>) {
        let ticket = self.next;
        self.next += 1;
        line.state().ticket = Some(ticket);
        self.waiting.insert(ticket, Arc::clone(line));
        if let Some(client) = line.client.and_then(|client| self.clients.get_mut(&client)) {
            client.waiting.insert(ticket);
        }
    }

    fn unqueue(&mut self, line: &Line) {
        let Some(ticket) = line.state().ticket.take() else { return };
        self.waiting.remove(&ticket);
        if let Some(client) = line.client.and_then(|client| self.clients.get_mut(&client)) {
            client.waiting.remove(&ticket);
        }
    }

    fn uncount(&mut self, line: &Line) {
        let Some(address) = line.client else { return };
        if let Some(client) = self.clients.get_mut(&address) {
            client.open = client.open.saturating_sub(1);
            if client.open == 0 {
                self.clients.remove(&address);
            }
        }
    }

    fn push_out_oldest(&mut self) {
        if let Some(oldest) = self.waiting.first_key_value().map(|(_, line)| Arc::clone(line)) {
            self.push_out(&oldest, "full");
        }
    }

    fn push_out_oldest_of(&mut self, client: IpAddr) -> bool {
        let ticket = self.clients.get(&client).and_then(|client| client.waiting.first());
        let Some(oldest) = ticket.and_then(|ticket| self.waiting.get(ticket)).map(Arc::clone) else { return false };
        self.push_out(&oldest, "client");
        true
    }

    fn tell(&mut self, what: &'static str) {
        if self.told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
            self.told = Some(Instant::now());
            tracing::warn!(open = self.open, clients = self.clients.len(), "{what}");
        }
    }

    fn push_out(&mut self, line: &Arc<Line>, why: &'static str) {
        self.unqueue(line);
        self.uncount(line);
        line.state().lost = true;
        self.leaving += 1;
        line.pushed_out.notify_one();
        metrics::counter!("tacit_connections_closed_total", "why" => why).increment(1);
    }
}

impl Seat {
    pub(super) const fn line(&self) -> &Arc<Line> {
        &self.0
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.table.leave(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Phase;
    use super::*;

    fn table(total: usize, per_client: usize) -> Arc<Table> {
        Table::new(Caps { total, per_client, proxies: vec!["10.0.0.0/8".parse().unwrap()] })
    }

    async fn seat(table: &Arc<Table>, address: &str) -> Seat {
        table.admit(address.parse().unwrap()).await.expect("a seat")
    }

    async fn is_pushed_out(seat: &Seat) -> bool {
        tokio::time::timeout(Duration::ZERO, seat.line().pushed_out.notified()).await.is_ok()
    }

    /// Asks for a place, lets whoever is told to go go, and gives the place.
    async fn seat_after(table: &Arc<Table>, address: &str, goes: Seat) -> Seat {
        let (seat, ()) = tokio::join!(seat(table, address), async {
            goes.line().pushed_out.notified().await;
            drop(goes);
        });
        seat
    }

    #[tokio::test]
    async fn in_a_full_table_whoever_waited_longest_makes_room() {
        let table = table(3, 3);
        let first = seat(&table, "192.0.2.1").await;
        let second = seat(&table, "192.0.2.2").await;
        let third = seat(&table, "192.0.2.3").await;
        // The first has said something meanwhile; the second is being served.
        first.line().turn(Phase::Idle);
        second.line().turn(Phase::Served);
        let fourth = seat_after(&table, "192.0.2.4", third).await;
        let _fifth = seat_after(&table, "192.0.2.5", first).await;
        assert!(!is_pushed_out(&second).await && !is_pushed_out(&fourth).await);
        assert_eq!(table.rows().open, 3);
    }

    #[tokio::test]
    async fn where_all_are_being_served_a_new_one_waits_for_the_first_to_finish() {
        let table = table(2, 2);
        let (first, second) = (seat(&table, "192.0.2.1").await, seat(&table, "192.0.2.2").await);
        first.line().turn(Phase::Served);
        second.line().turn(Phase::Served);
        let waits = tokio::time::timeout(Duration::from_millis(20), seat(&table, "192.0.2.3"));
        assert!(waits.await.is_err());
        let (_third, ()) = tokio::join!(seat(&table, "192.0.2.3"), async {
            second.line().turn(Phase::Idle);
            second.line().pushed_out.notified().await;
            drop(second);
        });
        assert!(!is_pushed_out(&first).await);
    }

    #[tokio::test]
    async fn one_client_pushes_out_its_own_connections_only() {
        let table = table(100, 2);
        let other = seat(&table, "192.0.2.9").await;
        let (first, second) = (seat(&table, "192.0.2.1").await, seat(&table, "192.0.2.1").await);
        let third = seat(&table, "192.0.2.1").await;
        assert!(is_pushed_out(&first).await && !is_pushed_out(&second).await && !is_pushed_out(&other).await);
        second.line().turn(Phase::Served);
        third.line().turn(Phase::Served);
        assert!(table.admit("192.0.2.1".parse().unwrap()).await.is_none());
        drop(second);
        assert!(table.admit("192.0.2.1".parse().unwrap()).await.is_some());
        drop((first, third, other));
        let rows = table.rows();
        assert!(rows.clients.is_empty() && rows.waiting.is_empty());
        assert_eq!((rows.open, rows.leaving), (0, 0));
    }

    #[tokio::test]
    async fn a_customers_ipv6_addresses_are_one_client_and_proxies_are_none() {
        let table = table(100, 1);
        let first = seat(&table, "2001:db8::1").await;
        let neighbour = seat(&table, "2001:db8:0:1::1").await;
        let _second = seat(&table, "2001:db8::ffff:2").await;
        assert!(is_pushed_out(&first).await && !is_pushed_out(&neighbour).await);
        let (one, _two) = (seat(&table, "10.1.2.3").await, seat(&table, "::ffff:10.1.2.3").await);
        assert!(!is_pushed_out(&one).await);
    }
}
