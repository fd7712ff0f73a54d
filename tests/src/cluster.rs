//! A PostgreSQL of a test's own, to be killed, cut off and replaced by its standby.
//!
//! Unlike the one of `scripts/with-services.sh` it syncs to disk: what it acknowledged is to be there afterwards.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _};
use sqlx_postgres::PgConnection;
use tokio::process::{Child, Command};

use crate::{Port, is_root, services};

/// How long it may take to start, to stop, or to promote.
const PATIENCE: Duration = Duration::from_secs(30);

/// One server with its data; ended when dropped.
pub struct Cluster {
    data: PathBuf,
    port: Port,
    options: Vec<String>,
    server: Option<Child>,
}

impl Cluster {
    /// Makes one in a folder and starts it.
    pub async fn create(folder: &Path) -> Self {
        Self::create_with(folder, &["shared_buffers=16MB"]).await
    }

    /// The same with these settings of PostgreSQL's.
    pub async fn create_with(folder: &Path, options: &[&str]) -> Self {
        let data = folder.join("primary");
        reach(folder, &data).await;
        let mut initdb = tool("initdb");
        initdb.args(["--no-sync", "--locale=C", "--encoding=UTF8", "-A", "trust", "-U", "postgres", "-D"]).arg(&data);
        succeed(&mut initdb).await;
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Self::started(data, options).await
    }

    /// One that was made in this folder before, where there is one.
    pub async fn open_with(folder: &Path, options: &[&str]) -> Self {
        let data = folder.join("primary");
        if !data.is_dir() {
            return Self::create_with(folder, options).await;
        }
        Self::started(data, options.iter().map(|&option| option.to_owned()).collect()).await
    }

    /// A copy of this one that follows it, and without which it acknowledges nothing.
    pub async fn standby(&self, folder: &Path) -> Self {
        let data = folder.join("standby");
        reach(folder, &data).await;
        let mut copy = tool("pg_basebackup");
        copy.args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--wal-method=stream", "-U", "postgres"]);
        copy.args(["-h", "127.0.0.1", "-p", &self.port.number().to_string(), "-D"]).arg(&data);
        succeed(&mut copy).await;
        let standby = Self::started(data, self.options.clone()).await;
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        self.execute("SELECT pg_reload_conf()").await;
        self.until("SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'", 1).await;
        standby
    }

    async fn started(data: PathBuf, options: Vec<String>) -> Self {
        let mut cluster = Self { data, port: Port::claim(), options, server: None };
        cluster.start().await;
        cluster
    }

    /// Starts it, and waits until it lets clients in.
    pub async fn start(&mut self) {
        let mut command = tool("postgres");
        command.arg("-D").arg(&self.data).arg("-k").arg(self.data.parent().unwrap());
        command.args([
            "-p",
            &self.port.number().to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=60",
        ]);
        // After a crash it would sync its thousand files one by one.
        command.args(["-c", "max_wal_senders=4", "-c", "recovery_init_sync_method=syncfs"]);
        command.args(self.options.iter().flat_map(|option| ["-c", option.as_str()]));
        self.server = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while PgConnection::connect(&self.url()).await.is_err() {
            let ended = self.server.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "PostgreSQL does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends it as `pg_ctl stop -m immediate` does: like a crash, without a word to anybody.
    pub async fn crash(&mut self) {
        let mut server = self.server.take().expect("it runs");
        quit(server.id().unwrap());
        tokio::time::timeout(PATIENCE, server.wait()).await.expect("PostgreSQL ends").unwrap();
    }

    /// Makes a standby the one that is written to.
    pub async fn promote(&self) {
        self.execute("SELECT pg_promote()").await;
        self.until("SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END::bigint", 0).await;
        // It has no standby of its own to wait for.
        self.execute("ALTER SYSTEM RESET synchronous_standby_names").await;
        self.execute("SELECT pg_reload_conf()").await;
    }

    /// Its first process, whose children the others are.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().and_then(Child::id)
    }

    /// Its port on the loopback address.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// The address of its maintenance database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port.number())
    }

    async fn execute(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }

    async fn until(&self, count: &str, wanted: i64) {
        let begun = Instant::now();
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        while sqlx::query_scalar::<_, i64>(AssertSqlSafe(count.to_owned())).fetch_one(&mut connection).await.unwrap()
            != wanted
        {
            assert!(begun.elapsed() < PATIENCE, "not {wanted}: {count}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(pid) = self.server.as_ref().and_then(Child::id) {
            quit(pid);
        }
    }
}

/// A program of PostgreSQL's, run as a user it accepts: it refuses to be root.
#[must_use]
pub fn tool(name: &str) -> Command {
    let program = services::postgres_programs().join(name);
    let mut command = if is_root() { Command::new("setpriv") } else { Command::new(&program) };
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a program to its end; fails unless it succeeds.
pub async fn succeed(command: &mut Command) {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Lets PostgreSQL's user come to a new folder, and own it.
async fn reach(folder: &Path, data: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::create_dir(data).unwrap();
    std::fs::set_permissions(data, std::fs::Permissions::from_mode(0o700)).unwrap();
    if is_root() {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        succeed(Command::new("chown").arg("postgres:").arg(data)).await;
    }
}

/// Signals and does not wait.
fn quit(pid: u32) {
    drop(std::process::Command::new("kill").args(["-QUIT", &pid.to_string()]).status());
}
