//! Takes connections in

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use super::converse::{Ends, converse};
use super::table::Table;

/// When the system gives no more connections, it is asked again after this long.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves an endpoint until told to stop, and then what is under way to its end. Dropping it cuts everything off.
pub(crate) async fn serve<E>(listener: TcpListener, endpoint: E, table: Arc<Table>, mut stopped: watch::Receiver<bool>)
where
    E: Endpoint<Output = Response> + 'static,
{
    let endpoint = Arc::new(endpoint);
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            // An error means that nobody is left to say stop.
            _ = stopped.wait_for(|stopped| *stopped) => break,
            Some(ended) = connections.join_next() => {
                note(ended);
                continue;
            }
            accepted = accept(&listener, &table) => accepted,
        };
        let seat = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => break,
            seat = table.admit(peer.ip()) => seat,
        };
        // Answers are written in one piece; waiting for more would only delay them.
        if let (Some(seat), Ok(local), Ok(())) = (seat, stream.local_addr(), stream.set_nodelay(true)) {
            let ends = Ends { local, peer };
            connections.spawn(converse(stream, ends, Arc::clone(&endpoint), seat, stopped.clone()));
        }
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        note(ended);
    }
}

async fn accept(listener: &TcpListener, table: &Table) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // It was gone before we came to it.
            Err(error) if is_its_own(&error) => {}
            // Out of files or memory: asking again at once would be answered the same.
            Err(error) => {
                tracing::warn!(%error, "the system gives no connection");
                table.make_room();
                sleep(PAUSE).await;
            }
        }
    }
}

fn is_its_own(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task ended early");
    }
}
