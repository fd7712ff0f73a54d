//! One connection from its first byte to its last

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Response};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::line::{Line, Phase};
use super::stream::{Watched, WatchedBody};
use super::table::Seat;

/// Longest head of a request; browsers send one or two KiB, other applications' cookies some more.
const HEAD_MAX: usize = 16 * 1024;
/// Most of a request that is read ahead of whoever uses it.
const BUFFER_MAX: usize = 32 * 1024;
/// A client that is still sending when the connection closes does not see the answer, so the rest is read and dropped:
/// up to this many bytes…
const DRAINED: usize = 1024 * 1024;
/// …and for this long.
const DRAIN: Duration = Duration::from_secs(1);

/// Both ends of a connection.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

/// Serves what is asked on a connection until it is over, too slow, pushed out or no longer wanted.
pub(super) async fn converse<S, E>(stream: S, ends: Ends, endpoint: Arc<E>, seat: Seat, stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    E: Endpoint<Output = Response> + 'static,
{
    let line = Arc::clone(seat.line());
    tokio::select! {
        biased;
        () = line.pushed_out.notified() => {}
        () = talk(stream, ends, endpoint, &line, stopped) => {}
    }
}

async fn talk<S, E>(stream: S, ends: Ends, endpoint: Arc<E>, line: &Arc<Line>, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    E: Endpoint<Output = Response> + 'static,
{
    let service = service_fn(|request| {
        let (endpoint, line) = (Arc::clone(&endpoint), Arc::clone(line));
        async move { Ok::<_, Infallible>(answer(request, ends, &*endpoint, &line).await) }
    });
    let mut http = http1::Builder::new();
    // The deadlines are ours: hyper's begins while nobody has asked anything yet.
    http.max_header_size(HEAD_MAX).max_buf_size(BUFFER_MAX).header_read_timeout(None);
    let mut connection = http.serve_connection(TokioIo::new(Watched::new(stream, Arc::clone(line))), service);
    let end = loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped), if !line.is_stopping() => {
                line.stopping();
                Pin::new(&mut connection).graceful_shutdown();
            }
            end = in_time(&mut connection, line) => break end,
        }
    };
    let Some(result) = end else {
        let phase = line.phase().name();
        tracing::debug!(phase, "a client kept us waiting for too long");
        return metrics::counter!("tacit_connections_closed_total", "why" => phase).increment(1);
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke off");
    }
    let watched = connection.into_parts().io.into_inner();
    if !watched.ended && !line.is_stopping() {
        drain(watched.stream).await;
    }
}

/// Drives a connection as long as whoever's turn it is takes it in time.
///
/// Whatever moves the deadline happens inside the connection, so it is looked at whenever that was polled.
async fn in_time<C: Future + Unpin>(connection: &mut C, line: &Line) -> Option<C::Output> {
    let mut alarm = pin!(sleep_until(line.deadline().unwrap_or_else(Instant::now)));
    poll_fn(|cx| {
        if let Poll::Ready(output) = Pin::new(&mut *connection).poll(cx) {
            return Poll::Ready(Some(output));
        }
        let Some(deadline) = line.deadline() else { return Poll::Pending };
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(cx).map(|()| None)
    })
    .await
}

async fn answer<E: Endpoint<Output = Response>>(
    request: hyper::Request<Incoming>,
    ends: Ends,
    endpoint: &E,
    line: &Arc<Line>,
) -> hyper::Response<BoxBody<Bytes, io::Error>> {
    let has_body = !request.body().is_end_stream();
    line.turn(if has_body { Phase::Body } else { Phase::Served });
    let (local, peer) = (LocalAddr(ends.local.into()), RemoteAddr(ends.peer.into()));
    let mut request = poem::Request::from((request, local, peer, Scheme::HTTP));
    if has_body {
        let body = request.take_body().into();
        request.set_body(BoxBody::new(WatchedBody { body, line: Arc::clone(line) }));
    }
    // On the heap: hyper keeps room for this future in every connection, idle ones too.
    let response = Box::pin(endpoint.get_response(request)).await;
    line.turn(Phase::Idle);
    response.into()
}

async fn drain(mut stream: impl AsyncRead + Unpin) {
    let mut chunk = [0; 4096];
    let rest = async {
        let mut dropped = 0;
        while dropped < DRAINED {
            match stream.read(&mut chunk).await {
                Ok(count) if count > 0 => dropped += count,
                _ => break,
            }
        }
    };
    // Whoever is not done by then was not listening either.
    drop(timeout(DRAIN, rest).await);
}

#[cfg(test)]
mod tests;
