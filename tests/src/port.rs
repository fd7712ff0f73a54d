//! Ports for programs that are told where to listen.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use crate::seams::random;

/// Below the ports that systems give to whoever asks for any, 32768 and more on Linux (`ip_local_port_range`): a
/// connection or a listener of another test never lands here by chance.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port of the loopback address that no other test has as long as this one keeps it.
///
/// A port that was merely free a moment ago may be another test's before the program comes to it. Whoever has the UDP
/// port of the same number has the port: the program wants the TCP one, and the system lets go of both when we end.
pub struct Port {
    number: u16,
    _claim: UdpSocket,
}

impl Port {
    /// One that nobody has and nobody listens on.
    #[must_use]
    pub fn claim() -> Self {
        let start = u16::from_le_bytes(random()) % COUNT;
        let mut numbers = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
        let claimed = numbers.find_map(|number| {
            let claim = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
            TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
            Some(Self { number, _claim: claim })
        });
        claimed.expect("a port is left")
    }

    /// The address to listen on, as settings have it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", Ipv4Addr::LOCALHOST, self.number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }
}
