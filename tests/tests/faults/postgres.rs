//! PostgreSQL restarted, cut off, and failed over, while people log in.

use std::time::{Duration, Instant};

use serde_json::json;
use tacit_tests::{App, Cluster, Person, Process, Proxy, Setup};

use super::load::{LONGEST, Load, Seen};

/// How long after the end of an outage everything must be as before.
const RECOVERY: Duration = Duration::from_secs(20);

/// A server in front of a proxy in front of a PostgreSQL, and people at work.
struct World {
    app: App,
    process: Process,
    load: Load,
}

impl World {
    async fn of(cluster: &Cluster, proxy: &Proxy) -> Self {
        let app = App::start_in(cluster, Setup::new()).await;
        let mut people = Vec::new();
        for name in ["ada", "ben", "cleo", "dan"] {
            people.push(app.registered(&format!("{name}@example.com")).await);
        }
        app.stop().await;
        let mut variables = app.variables();
        let port = |port: u16| format!("127.0.0.1:{port}/");
        let through = app.database.url().replace(&port(cluster.port()), &port(proxy.port()));
        variables.push(("TACIT_DATABASE__URL".to_owned(), through));
        let process = Process::serve(&variables).await;
        let load = Load::of(&people, &app.client_at(&process.base));
        let world = Self { app, process, load };
        world.all_is_well().await;
        world
    }

    async fn all_is_well(&self) {
        self.load.more(|seen| seen.users.len(), 12, RECOVERY).await;
        self.load.more(|seen| seen.signed_up.len(), 3, RECOVERY).await;
        let begun = Instant::now();
        while self.health().await != 200 {
            assert!(begun.elapsed() < RECOVERY, "not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until clients are told to come back later; a node says then that it is not ready.
    async fn all_is_not_well(&self) {
        self.load.more(|seen| seen.refused.len(), 4, LONGEST * 2).await;
        assert_eq!(self.health().await, 503);
    }

    async fn health(&self) -> u16 {
        let begun = Instant::now();
        let answer = self.app.client_at(&self.process.base).get("/health").await;
        assert!(begun.elapsed() < LONGEST, "health took {:?}", begun.elapsed());
        answer.status
    }

    /// Ends the load; everything acknowledged is in the database, which is perhaps another one by now.
    async fn nothing_acknowledged_is_lost(self, cluster: &Cluster) -> Seen {
        let seen = self.load.end().await;
        seen.every_refusal_says_come_back();
        assert_eq!(seen.unanswered, 0, "requests that nobody answered");
        assert!(seen.slowest < LONGEST, "a request took {:?}", seen.slowest);
        for user in &seen.users {
            user.client.get("/v1/auth/me").await.expect_status(200).done();
        }
        let database = self.app.database.in_cluster(&cluster.url());
        let addresses = database.texts("SELECT email FROM pending_credentials").await;
        let lost = |person: &&Person| !addresses.contains(&person.email);
        let lost: Vec<_> = seen.signed_up.iter().filter(lost).map(|person| &person.email).collect();
        assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
        let log = self.process.stop().await;
        assert!(!log.iter().any(|line| line.contains("panicked")), "{log:#?}");
        seen
    }
}

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(what: &str, seen: &Seen) {
    println!(
        "PostgreSQL {what}: {} logins and {} sign-ups acknowledged, all there; {} refused for the moment; the slowest \
         answer took {:.1?}",
        seen.users.len(),
        seen.signed_up.len(),
        seen.refused.len(),
        seen.slowest
    );
}

#[tokio::test]
async fn a_restart_is_waited_out_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::create(folder.path()).await;
    let proxy = Proxy::to(cluster.port()).await;
    let world = World::of(&cluster, &proxy).await;
    for _ in 0..2 {
        cluster.crash().await;
        world.all_is_not_well().await;
        cluster.start().await;
        world.all_is_well().await;
    }
    report("restarted twice", &world.nothing_acknowledged_is_lost(&cluster).await);
}

#[tokio::test]
async fn a_silent_network_is_told_in_time_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::create(folder.path()).await;
    let proxy = Proxy::to(cluster.port()).await;
    let world = World::of(&cluster, &proxy).await;

    proxy.fall_silent();
    world.all_is_not_well().await;
    proxy.speak_again();
    world.all_is_well().await;

    proxy.fall_silent();
    world.all_is_not_well().await;
    proxy.speak_to_new_connections();
    world.all_is_well().await;

    report("cut off twice", &world.nothing_acknowledged_is_lost(&cluster).await);
}

#[tokio::test]
async fn a_failover_to_the_standby_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::create(folder.path()).await;
    let standby = cluster.standby(folder.path()).await;
    let proxy = Proxy::to(cluster.port()).await;
    let world = World::of(&cluster, &proxy).await;

    // Led to the standby before it may be written to: nodes must not take it for a database that works.
    proxy.lead_to(standby.port());
    world.all_is_not_well().await;
    cluster.crash().await;
    standby.promote().await;
    world.all_is_well().await;

    report("failed over", &world.nothing_acknowledged_is_lost(&standby).await);
}

/// Counts go to the disk with what is told, and not before; see `Tx::commit_unsynced`.
#[tokio::test]
async fn a_proof_that_was_told_to_be_wrong_is_counted_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing else takes to the disk what does not wait for it.
    let mut cluster = Cluster::create_with(folder.path(), &["shared_buffers=16MB", "wal_writer_delay=10s"]).await;
    let app = App::start_in(&cluster, Setup::new()).await;
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    for round in 1..=3 {
        person.guess(&json!({})).await.expect_problem(401, "proof_rejected").done();
        cluster.crash().await;
        cluster.start().await;
        app.until("SELECT failures FROM proof_failures", round).await;
        assert_eq!(app.database.number("SELECT COUNT(*) FROM spent_handshakes").await, round);
    }
    person.prove(&handshake).await.expect_status(200).done();
    cluster.crash().await;
    cluster.start().await;
    person.prove(&handshake).await.expect_problem(401, "handshake_spent").done();
    app.stop().await;
}
