//! A network between two programs that can fall silent, forget connections, and lead elsewhere.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Forwards a port of the loopback address to another; ends when dropped.
pub struct Proxy {
    port: u16,
    target: Arc<Mutex<u16>>,
    state: watch::Sender<State>,
    connections: Arc<Mutex<JoinSet<()>>>,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Copy)]
struct State {
    silent: bool,
    /// Connections of an earlier time are never heard of again.
    epoch: u32,
}

impl Proxy {
    /// Leads to this port of the loopback address.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (state, seen) = watch::channel(State { silent: false, epoch: 0 });
        let (target, connections) = (Arc::new(Mutex::new(port)), Arc::new(Mutex::new(JoinSet::new())));
        let (to, all) = (Arc::clone(&target), Arc::clone(&connections));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let port = *to.lock().unwrap();
                all.lock().unwrap().spawn(forward(client, port, seen.clone()));
            }
        });
        Self { port: own, target, state, connections, accepting }
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Forwards nothing from now on. No connection is closed, and new ones are taken: a hole that swallows all.
    pub fn fall_silent(&self) {
        self.state.send_modify(|state| state.silent = true);
    }

    /// Goes on where it stopped, like a cable that is plugged in again.
    pub fn speak_again(&self) {
        self.state.send_modify(|state| state.silent = false);
    }

    /// Forwards again, new connections only: what there was is never heard of again, and nobody is told, like a
    /// firewall that has lost its memory.
    pub fn speak_to_new_connections(&self) {
        self.state.send_modify(|state| *state = State { silent: false, epoch: state.epoch + 1 });
    }

    /// Closes what is open, and leads elsewhere.
    pub fn lead_to(&self, port: u16) {
        *self.target.lock().unwrap() = port;
        self.connections.lock().unwrap().abort_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn forward(client: TcpStream, port: u16, mut state: watch::Receiver<State>) {
    let epoch = state.borrow_and_update().epoch;
    if heard(&mut state, epoch).await.is_none() {
        return;
    }
    // Refused is refused: the client's connection is closed.
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let (one, other) = (state.clone(), state);
    tokio::select! {
        () = copy(from_client, to_server, one, epoch) => {}
        () = copy(from_server, to_client, other, epoch) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
    epoch: u32,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes).await;
        // An end is kept secret as well.
        if heard(&mut state, epoch).await.is_none() {
            return;
        }
        let Ok(count @ 1..) = read else { return };
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Returns when a connection of this epoch is forwarded; `None` when the proxy is gone.
async fn heard(state: &mut watch::Receiver<State>, epoch: u32) -> Option<()> {
    state.wait_for(|state| !state.silent && state.epoch == epoch).await.ok().map(drop)
}
