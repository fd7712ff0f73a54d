//! Where a request really comes from, behind proxies the operator named.

use std::net::IpAddr;
use std::str::FromStr;

use poem::{FromRequest, Request, RequestBody, Result};

/// A network in CIDR notation, as `10.0.0.0/8`; a bare address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

/// Not an address, or a prefix longer than the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address or a network like 10.0.0.0/8")]
pub struct CidrError;

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| CidrError)?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse).map_err(|_| CidrError)?;
        if prefix > longest {
            return Err(CidrError);
        }
        Ok(Self { network, prefix })
    }
}

impl Cidr {
    /// Whether an address lies in this network. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                same_prefix(network.to_bits().into(), address.to_bits().into(), 32, self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                same_prefix(network.to_bits(), address.to_bits(), 128, self.prefix)
            }
            _ => false,
        }
    }
}

fn same_prefix(left: u128, right: u128, width: u8, prefix: u8) -> bool {
    let free = u32::from(width.saturating_sub(prefix));
    // A shift by the whole width leaves nothing to compare: every address is inside.
    (left ^ right).checked_shr(free).is_none_or(|difference| difference == 0)
}

/// Walks `X-Forwarded-For` from the right, as far as the hops are trusted proxies.
///
/// Each proxy appends the address it was called from, so everything left of the first hop we do not trust may be
/// invented. A peer that is no trusted proxy is the client, whatever it claims.
#[must_use]
pub(crate) fn client_ip<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[Cidr],
) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    for hop in forwarded.rev().flat_map(|header| header.rsplit(',')) {
        if !is_trusted(client) {
            return client;
        }
        match parse_hop(hop.trim()) {
            Some(address) => client = address.to_canonical(),
            None => return client,
        }
    }
    client
}

/// Some proxies write the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port).or_else(bracketed)
}

/// The client's address, put into the request by the trace middleware; none on a unix socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientIp(pub Option<IpAddr>);

impl<'a> FromRequest<'a> for ClientIp {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(request.data::<Self>().copied().unwrap_or(Self(None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<Cidr> = ["10.0.0.0/8", "::1"].iter().map(|network| network.parse().unwrap()).collect();
        client_ip(peer.parse().unwrap(), forwarded.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_the_client_whatever_it_claims() {
        assert_eq!(walk("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_names_the_client() {
        assert_eq!(walk("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(walk("::1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(walk("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_stands_left_of_the_first_untrusted_hop_is_ignored() {
        assert_eq!(walk("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.2.3.4"]), "198.51.100.1");
        assert_eq!(walk("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.2.3.4"]), "198.51.100.1");
    }

    #[test]
    fn a_hop_that_does_not_parse_ends_the_walk() {
        assert_eq!(walk("10.0.0.1", &["198.51.100.1, unknown, 10.2.3.4"]), "10.2.3.4");
        assert_eq!(walk("10.0.0.1", &[""]), "10.0.0.1");
    }

    #[test]
    fn a_hop_may_carry_a_port() {
        assert_eq!(walk("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(walk("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(walk("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
    }

    #[test]
    fn a_chain_of_proxies_only_ends_at_the_first_of_them() {
        assert_eq!(walk("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn networks_compare_by_their_prefix() {
        let network: Cidr = "192.0.2.128/25".parse().unwrap();
        assert!(network.contains("192.0.2.129".parse().unwrap()));
        assert!(!network.contains("192.0.2.127".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Cidr>().unwrap().contains("203.0.113.9".parse().unwrap()));
        assert!("::/0".parse::<Cidr>().unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(!"::/0".parse::<Cidr>().unwrap().contains("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn malformed_networks_are_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::1/129", "localhost", "10.0.0.0/8/8"] {
            assert_eq!(text.parse::<Cidr>(), Err(CidrError), "{text}");
        }
    }
}
