//! One connection: whose turn it is, and since when

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::table::Table;

/// From the connection, or a request's first byte, to the end of the request's head.
const HEAD: Duration = Duration::from_secs(10);
/// Between two requests, and between two pieces of an answer that the client takes; proxies keep theirs for a minute.
const IDLE: Duration = Duration::from_secs(75);
/// For a request's body, where the endpoint does not give up sooner.
const BODY: Duration = Duration::from_secs(30);
/// For the rest of a request that was begun when the server is asked to stop.
const STOPPING: Duration = Duration::from_secs(1);

/// What happens on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The head of a request is on its way.
    Head,
    /// The body of a request is on its way.
    Body,
    /// We are at work.
    Served,
    /// The answer was given, and perhaps is still being taken.
    Idle,
}

impl Phase {
    const fn patience(self) -> Option<Duration> {
        match self {
            Self::Head => Some(HEAD),
            Self::Body => Some(BODY),
            Self::Served => None,
            Self::Idle => Some(IDLE),
        }
    }

    /// For log lines and metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Body => "body",
            Self::Served => "served",
            Self::Idle => "idle",
        }
    }
}

/// A connection, as its own task and the table see it.
pub(super) struct Line {
    pub(super) table: Arc<Table>,
    /// Whose connections it counts among; `None` for a proxy's.
    pub(super) client: Option<IpAddr>,
    /// Rung to make the task end.
    pub(super) pushed_out: Notify,
    state: Mutex<State>,
}

/// What changes.
pub(super) struct State {
    phase: Phase,
    since: Instant,
    stopping: bool,
    /// Its place in the table's row of those that wait for their clients.
    pub(super) ticket: Option<u64>,
    /// The table gave its place away.
    pub(super) lost: bool,
}

impl Line {
    pub(super) fn new(table: Arc<Table>, client: Option<IpAddr>) -> Self {
        let state = State { phase: Phase::Head, since: Instant::now(), stopping: false, ticket: None, lost: false };
        Self { table, client, pushed_out: Notify::new(), state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self) -> Phase {
        self.state().phase
    }

    /// When the client's time is over, if it is the client's turn.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        let patience = state.phase.patience()?;
        let hurried = state.stopping && state.phase != Phase::Body;
        Some(state.since + if hurried { patience.min(STOPPING) } else { patience })
    }

    /// It is somebody else's turn now.
    pub(super) fn turn(self: &Arc<Self>, phase: Phase) {
        {
            let mut state = self.state();
            state.phase = phase;
            state.since = Instant::now();
        }
        self.table.requeue(self, phase.patience().is_some());
    }

    /// Bytes came in.
    pub(super) fn received(self: &Arc<Self>) {
        if self.phase() == Phase::Idle {
            self.turn(Phase::Head);
        }
    }

    /// Bytes went out.
    pub(super) fn taken(&self) {
        let mut state = self.state();
        if state.phase == Phase::Idle {
            state.since = Instant::now();
        }
    }

    /// The server is asked to stop: nobody keeps it waiting for long.
    pub(super) fn stopping(&self) {
        let mut state = self.state();
        state.stopping = true;
        state.since = Instant::now();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.state().stopping
    }
}
