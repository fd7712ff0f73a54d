//! What open handshakes and idle connections cost.

use std::time::Duration;

use serde_json::json;
use tacit_tests::wire::{get, post};
use tacit_tests::{App, Flood, Process, Setup, Wire, both_engines};

/// For the full 100,000: `TACIT_TEST_HANDSHAKES=100000`.
#[expect(clippy::disallowed_methods, reason = "a longer run is asked for by whoever starts it")]
fn handshakes() -> usize {
    std::env::var("TACIT_TEST_HANDSHAKES").map_or(4_000, |number| number.parse().unwrap())
}

/// Connections left open at once, as far as this process may have them.
const IDLE: usize = 5_000;

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(app: &App, what: &str, before: u64, after: u64) {
    println!("{:?}: {what}: from {} to {} kB", app.engine, before / 1000, after / 1000);
}

both_engines!(
    open_handshakes_cost_no_memory,
    Setup::new().with("limits.connections_per_client", "1000"),
    async |app| {
        app.stop().await;
        let process = Process::serve(&app.variables()).await;
        // Each for another address, and none of them ever finished.
        let requests: Vec<_> = (0..handshakes())
            .map(|number| post("/api/auth/srp/login/email", &json!({ "auth_id": format!("{number}@example.com") })))
            .collect();
        let run = async |requests: Vec<Vec<u8>>| {
            let wanted = requests.len();
            let base = process.base.clone();
            // Each wire takes its share and does not begin again.
            let mut wires = Vec::new();
            for share in requests.chunks(wanted.div_ceil(4)) {
                let (share, mut wire) = (share.to_vec(), Wire::to(&base).await);
                wires.push(tokio::spawn(async move {
                    for request in share {
                        assert_eq!(wire.ask(&request).await.unwrap().0, 200);
                    }
                }));
            }
            for wire in wires {
                wire.await.unwrap();
            }
        };
        // What is set up once is not counted.
        run(requests.iter().take(500).cloned().collect()).await;
        let before = process.memory();
        run(requests).await;
        let after = process.memory();
        report(app, &format!("{} handshakes", handshakes()), before, after);
        assert!(after < before + 8_000_000, "from {before} to {after} bytes");
        process.stop().await;
        app.start_again().await;
    }
);

#[tokio::test]
async fn thousands_of_idle_connections_cost_little_and_are_in_nobodys_way() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum },
    )
    .unwrap();
    let fits = limit.maximum.map_or(IDLE, |limit| usize::try_from(limit).unwrap().saturating_sub(500));
    let count = IDLE.min(fits);
    assert!(count >= 500, "the limit of open files is too low to test anything");
    let many = (count + 100).to_string();
    let setup = Setup::new().with("limits.connections", &many).with("limits.connections_per_client", &many);
    tacit_tests::run(tacit_tests::Engine::Sqlite, setup, async |app| {
        let person = app.registered("person@example.com").await;
        app.stop().await;
        let process = Process::serve(&app.variables()).await;
        let before = process.memory();
        let mut wires = Vec::with_capacity(count);
        for _ in 0..count {
            let mut wire = Wire::to(&process.base).await;
            // Each has been used once, as a browser's is.
            assert_eq!(wire.ask(&get("/health")).await.unwrap().0, 200);
            wires.push(wire);
        }
        let after = process.memory();
        report(app, &format!("{count} idle connections"), before, after);
        assert!(process.open_files() >= count, "they are all open");
        let each = after.saturating_sub(before) / u64::try_from(count).unwrap();
        assert!(each < 40_000, "{each} bytes each");
        person.through(&app.client_at(&process.base)).log_in().await;
        let probe =
            Flood { requests: vec![get("/health")], connections: 1, rate: Some(200.0), time: Duration::from_secs(1) };
        let probe = probe.begin(&process.base);
        let health = tokio::task::spawn_blocking(|| probe.join().unwrap()).await.unwrap();
        assert!(health.within(50) < Duration::from_millis(50), "{:?}", health.within(50));
        drop(wires);
        process.stop().await;
        app.start_again().await;
    })
    .await;
}
