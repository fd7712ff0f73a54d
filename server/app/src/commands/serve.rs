//! `tacit serve`

use std::num::NonZero;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;
use crate::config::Config;
use crate::{seams, start, telemetry};

pub(super) fn run(config: Config) -> Result<(), Failure> {
    telemetry::init(&config.log).map_err(Failure::new)?;
    let threads = threads(&config);
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?.block_on(serve(config))
}

/// As many as there are processors, and one more where SQLite is read on them: one is kept from that, should the disk not answer.
fn threads(config: &Config) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    processors + usize::from(config.database.url.sqlite_file().is_some())
}

async fn serve(config: Config) -> Result<(), Failure> {
    // Before anything else, so that a stop while it starts is not lost.
    let mut stops = Stops { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
    let running = tokio::select! {
        started = start(config, seams::system_seams()) => started?,
        () = stops.next() => return Ok(()),
    };
    stops.next().await;
    tokio::select! {
        () = running.stop() => Ok(()),
        () = stops.next() => Err(Failure::new("stopped at once, by a second signal")),
    }
}

struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    /// The next SIGTERM or SIGINT.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    #[test]
    fn where_sqlite_is_read_on_the_threads_that_serve_there_is_one_more() {
        let of = |url: &str| {
            let variables = vec![("TACIT_DATABASE__URL".to_owned(), url.to_owned())];
            threads(&Config::load(&Sources { variables, ..Sources::default() }).unwrap())
        };
        assert_eq!(of("sqlite:tacit.db"), of("postgres://tacit@localhost/tacit") + 1);
    }
}
