//! A bare connection, for those who do not behave.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// One connection and what came over it.
pub struct Wire {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Wire {
    /// Connects to a server.
    pub async fn to(base: &str) -> Self {
        Self::try_from_address(base, [127, 0, 0, 1].into()).await.unwrap()
    }

    /// Connects from another of this machine's addresses: all of `127.0.0.0/8` are.
    ///
    /// # Errors
    /// What the system says.
    pub async fn try_from_address(base: &str, from: IpAddr) -> std::io::Result<Self> {
        let to: SocketAddr = base.strip_prefix("http://").unwrap().parse().unwrap();
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0))?;
        let stream = socket.connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, heard: Vec::new() })
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the other side has hung up.
    pub async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next answer: its status and its body. `None` when the other side hangs up instead.
    pub async fn hear(&mut self) -> Option<(u16, Vec<u8>)> {
        loop {
            if let Some(head) = self.heard.windows(4).position(|window| window == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.heard[..head]).to_ascii_lowercase();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
                let whole = head + 4 + length.map_or(0, |length| length.parse().unwrap());
                if self.heard.len() >= whole {
                    let rest = self.heard.split_off(whole);
                    let said = std::mem::replace(&mut self.heard, rest);
                    return Some((text[9..12].parse().unwrap(), said[head + 4..].to_vec()));
                }
            }
            match self.stream.read_buf(&mut self.heard).await {
                Ok(count) if count > 0 => {}
                _ => return None,
            }
        }
    }

    /// A request and its answer.
    pub async fn ask(&mut self, request: &[u8]) -> Option<(u16, Vec<u8>)> {
        self.say(request).await.ok()?;
        self.hear().await
    }

    /// Whether the other side hangs up within this time, whatever it says before.
    pub async fn is_hung_up_within(&mut self, time: Duration) -> bool {
        let mut dropped = [0; 4096];
        let end = async { while matches!(self.stream.read(&mut dropped).await, Ok(count) if count > 0) {} };
        tokio::time::timeout(time, end).await.is_ok()
    }
}

/// A GET, as it goes over the wire.
#[must_use]
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A POST of JSON, as it goes over the wire.
#[must_use]
pub fn post(path: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    let head = format!("Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    format!("POST {path} HTTP/1.1\r\n{head}\r\n{body}").into_bytes()
}
