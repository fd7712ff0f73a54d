//! The programs under load, and what they use of the processors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tacit_tests::wire::get;
use tacit_tests::{Cluster, Port, Wire, tool};
use tokio::process::{Child, Command};

use crate::fill::MASTER_KEY;

/// What it is called on PostgreSQL.
const DATABASE: &str = "load";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the accounts are.
pub(crate) struct Place {
    pub(crate) url: String,
    /// PostgreSQL's first process.
    postgres: Option<u32>,
    _cluster: Option<Cluster>,
}

impl Place {
    /// A file.
    pub(crate) fn sqlite(folder: &Path) -> Self {
        Self { url: format!("sqlite:{}", folder.join("tacit.db").display()), postgres: None, _cluster: None }
    }

    /// A PostgreSQL of our own that syncs what it acknowledges, on a socket.
    pub(crate) async fn postgres(folder: &Path) -> Self {
        let is_new = !folder.join("primary").is_dir();
        let cluster = Cluster::open_with(folder, &["shared_buffers=512MB", "max_wal_size=4GB"]).await;
        if is_new {
            let mut create = tool("createdb");
            create.args(["-U", "postgres", "-h"]).arg(folder).args(["-p", &cluster.port().to_string(), DATABASE]);
            tacit_tests::succeed(&mut create).await;
        }
        let url = format!("postgres://postgres@localhost/{DATABASE}?host={}&port={}", folder.display(), cluster.port());
        Self { url, postgres: cluster.pid(), _cluster: Some(cluster) }
    }
}

/// A running `tacit serve`, as users run it; ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
    postgres: Option<u32>,
    _port: Port,
}

impl Server {
    pub(crate) async fn start(binary: &Path, place: &Place, settings: &[(String, String)]) -> Self {
        let port = Port::claim();
        let address = port.address();
        let mut command = Command::new(binary);
        command.arg("serve").env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        command.kill_on_drop(true);
        let usual = [
            ("TACIT_LISTEN", address.clone()),
            ("TACIT_DATABASE__URL", place.url.clone()),
            ("TACIT_MASTER_KEY__VALUE", MASTER_KEY.to_owned()),
            // The generator plays a proxy with many clients behind it: nobody's limit is reached.
            ("TACIT_TRUSTED_PROXIES", "127.0.0.1".to_owned()),
        ];
        command.envs(usual).envs(settings.iter().cloned());
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        let mut server = Self { child, base: format!("http://{address}"), postgres: place.postgres, _port: port };
        server.ready().await;
        server
    }

    async fn ready(&mut self) {
        let begun = Instant::now();
        loop {
            if let Ok(mut wire) = Wire::try_from_address(&self.base, [127, 0, 0, 1].into()).await
                && wire.ask(&get("/health")).await.is_some_and(|(status, _)| status == 200)
            {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "tacit serve ended");
            assert!(begun.elapsed() < PATIENCE, "tacit serve is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn stop(mut self) {
        let pid = self.child.id().expect("it runs");
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().await.unwrap();
        self.child.wait().await.unwrap();
    }

    pub(crate) fn usage(&self) -> Usage {
        let pid = self.child.id().expect("it runs");
        Usage {
            server: of_process(pid),
            arithmetic: of_threads(pid, "srp-"),
            postgres: self.postgres.map_or(Duration::ZERO, of_family),
            generator: of_process(std::process::id()),
        }
    }
}

/// Processor time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Of the server, its arithmetic included.
    pub(crate) server: Duration,
    /// Of the server's threads that do exponentiations and nothing else but hash what goes into them.
    pub(crate) arithmetic: Duration,
    /// Of PostgreSQL, all its processes.
    pub(crate) postgres: Duration,
    /// Of this program.
    pub(crate) generator: Duration,
}

impl Usage {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            server: self.server.saturating_sub(before.server),
            arithmetic: self.arithmetic.saturating_sub(before.arithmetic),
            postgres: self.postgres.saturating_sub(before.postgres),
            generator: self.generator.saturating_sub(before.generator),
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            server: self.server + other.server,
            arithmetic: self.arithmetic + other.arithmetic,
            // Counted once: the nodes share it, and the generator is one.
            ..self
        }
    }
}

/// A process, threads that have ended and children waited for included, by its `stat` (proc(5)).
fn of_process(pid: u32) -> Duration {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return Duration::ZERO };
    let (_, fields) = stat.rsplit_once(')').unwrap();
    // From the third field on; utime to cstime are the fourteenth to seventeenth, in hundredths of a second.
    let ticks: u64 = fields.split_whitespace().skip(11).take(4).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// The threads of a process whose names begin so.
fn of_threads(pid: u32, name: &str) -> Duration {
    let folders = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let tasks = folders.map(|folder| folder.path());
    let named = tasks.filter(|task| fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.starts_with(name)));
    named.map(|task| of_task(&task)).sum()
}

/// A thread: the first number of its `schedstat`, in nanoseconds.
fn of_task(task: &Path) -> Duration {
    let stat = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    Duration::from_nanos(stat.split_whitespace().next().and_then(|time| time.parse().ok()).unwrap_or_default())
}

/// A process and its children.
fn of_family(parent: u32) -> Duration {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
        fields.split_whitespace().nth(1).is_some_and(|of| of == parent.to_string())
    };
    of_process(parent) + ids.filter(is_child).map(of_process).sum::<Duration>()
}

/// The server beside this program, built in the same profile.
pub(crate) fn binary() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let binary = this.with_file_name("tacit");
    assert!(binary.is_file(), "{} is missing: build the package tacit in the same profile", binary.display());
    binary
}
