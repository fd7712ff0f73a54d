//! The running server

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use tacit_api::{Metrics, metrics_routes, routes};
use tacit_domain::Domain;
use tacit_domain::seams::Seams;
use tacit_jobs::{Cleaner, Mailer, Worker};
use tacit_store::{Access, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::assemble::{self, AssembleError, engine_name};
use crate::config::{Config, MailTransport, Network, Setting as _};
use crate::connections::{self, Caps, Table};
use crate::telemetry;

/// Connections of those who collect metrics: a few, and not of the others' share.
const METRICS_CONNECTIONS: usize = 32;
/// How often the recorder of metrics tidies its histograms.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {1}: {2} (set {0} to another address)")]
    Listen(&'static str, SocketAddr, #[source] io::Error),
    /// A part is missing or does not fit.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// Another recorder of metrics is in the way.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] BuildError),
}

/// A server that answers.
pub struct Running {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    domain: Domain,
    worker: Worker,
    store: Store,
    mailer: Arc<Mailer>,
    deadline: Duration,
    stop_listening: watch::Sender<bool>,
    listening: JoinSet<()>,
    stop_jobs: watch::Sender<bool>,
    jobs: JoinSet<()>,
}

/// Starts everything; the server answers when this returns.
///
/// # Errors
/// [`StartError`], with nothing left running.
pub async fn start(config: Config, seams: Seams) -> Result<Running, StartError> {
    // First, because it is the likeliest to fail and leaves nothing behind.
    let (listener, address) = listen("listen", config.listen).await?;
    let metrics_listener = match config.metrics.listen {
        Some(address) => Some(listen("metrics.listen", address).await?),
        None => None,
    };
    let recorder = telemetry::recorder()?;

    metrics::gauge!("tacit_srp_kernel", "kernel" => assemble::kernel(&config).name()).set(1);
    let settings = assemble::domain_settings(&config)?;
    let (store, domain) = assemble::open(&config, settings.clone(), seams.clone(), Access::Make).await?;
    let mailbox = (config.mail.transport == MailTransport::Mailbox).then(|| domain.mailbox.clone());
    let mailer = Arc::new(assemble::mailer(&config, &settings, mailbox)?);
    let worker = Worker::new(&domain, Arc::clone(&mailer), Arc::clone(&seams.clock));

    let (stop_listening, stopped) = watch::channel(false);
    let mut listening = JoinSet::new();
    let metrics_token = config.metrics.token.clone();
    let metrics = metrics_token.map(|token| Metrics::new(render(recorder.clone()), token));
    let api = routes(&domain, assemble::api_settings(&config, &settings, &seams, metrics));
    let caps = caps(&config);
    let per_client = caps.per_client.min(METRICS_CONNECTIONS);
    let for_metrics = Caps { total: METRICS_CONNECTIONS, per_client, proxies: caps.proxies.clone() };
    listening.spawn(connections::serve(listener, api, Table::new(caps), stopped.clone()));
    let metrics_address = metrics_listener.as_ref().map(|(_, address)| *address);
    if let Some((listener, _)) = metrics_listener {
        let page = metrics_routes(render(recorder.clone()));
        listening.spawn(connections::serve(listener, page, Table::new(for_metrics), stopped));
    }

    let (stop_jobs, stopped) = watch::channel(false);
    let jobs = start_jobs(&worker, &domain, recorder, &stopped);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        listen = %address,
        public_url = config.public_url.show(),
        database = engine_name(store.engine()),
        realm = config.realm,
        kernel = assemble::kernel(&config).name(),
        demo = config.demo,
        "tacit is serving"
    );
    Ok(Running {
        address,
        metrics_address,
        domain,
        worker,
        store,
        mailer,
        deadline: config.shutdown_deadline,
        stop_listening,
        listening,
        stop_jobs,
        jobs,
    })
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics are, when they have a listener of their own.
    #[must_use]
    pub const fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// The rules it serves.
    #[must_use]
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// What sends its mails.
    #[must_use]
    pub const fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Accepts nothing more, finishes what is under way, stops the jobs, closes the database.
    ///
    /// What is not finished by the deadline is cut off; nothing stored is lost by that.
    pub async fn stop(mut self) {
        let deadline = Instant::now() + self.deadline;
        self.stop_listening.send_replace(true);
        let finished = timeout_at(deadline, async { while self.listening.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("requests were cut off: shutdown_deadline is over");
            self.listening.shutdown().await;
        }
        self.stop_jobs.send_replace(true);
        let finished = timeout_at(deadline, async { while self.jobs.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("jobs were cut off: shutdown_deadline is over; they are taken up again");
            self.jobs.shutdown().await;
        }
        self.mailer.close().await;
        self.store.close().await;
        tracing::info!("tacit has stopped");
    }
}

async fn listen(key: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen(key, address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// How many connections there may be, as far as the system gives files for them.
fn caps(config: &Config) -> Caps {
    let count = |setting: u32| usize::try_from(setting).unwrap_or(usize::MAX);
    let reserve = connections::reserve(config.database.max_connections) + METRICS_CONNECTIONS;
    Caps {
        total: connections::fitting(count(config.connections.total), reserve),
        per_client: count(config.connections.per_client),
        proxies: config.trusted_proxies.iter().map(Network::cidr).collect(),
    }
}

fn start_jobs(
    worker: &Worker,
    domain: &Domain,
    recorder: PrometheusHandle,
    stopped: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    let (worker, cleaner) = (worker.clone(), Cleaner::new(domain.clone()));
    let (for_worker, for_cleaner, mut for_metrics) = (stopped.clone(), stopped.clone(), stopped.clone());
    jobs.spawn(async move { worker.run(for_worker).await });
    jobs.spawn(async move { cleaner.run(for_cleaner).await });
    jobs.spawn(async move {
        loop {
            tokio::select! {
                _ = for_metrics.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(METRICS_UPKEEP) => recorder.run_upkeep(),
            }
        }
    });
    jobs
}

fn render(recorder: PrometheusHandle) -> tacit_api::Render {
    Box::new(move || recorder.render())
}
