//! More logins than the server can compute.

use std::time::{Duration, Instant};

use serde_json::json;
use tacit_tests::wire::{get, post};
use tacit_tests::{App, Flood, Outcomes, Process, Setup, Wire, both_engines};

const BEGIN: &str = "/api/auth/srp/login/email";
/// Queues fill and the pool finds out that it is flooded.
const SETTLING: Duration = Duration::from_millis(500);
/// The flood comes from the same two processors: whoever is served may have to wait for the scheduler, too.
const SLICE: Duration = Duration::from_millis(6);
/// Measured again when the machine was busy with something else.
const TRIES: usize = 5;
/// Requests a second, at most: a kernel computes so many challenges by now that ten times as many would measure who of
/// server and generator gets the processors.
const MOST: f64 = 4000.0;
/// On a slower machine that is so already with fewer: at most so many times what it can compute.
const TIMES: f64 = 2.5;

/// One thread for the arithmetic, so that the flood has a processor to come from, and nothing ahead of time.
fn one_worker() -> Setup {
    Setup::new().with("limits.srp_workers", "1").with("limits.srp_pairs", "0")
}

/// The server with the slowest kernel: what is measured shall be the pool, not the flood's own speed.
async fn slow_server(app: &App) -> Process {
    let mut variables = app.variables();
    variables.push(("TACIT_SRP__KERNEL".to_owned(), "crypto-bigint".to_owned()));
    Process::serve(&variables).await
}

struct Measured {
    capacity: f64,
    idle: Duration,
    flood: Outcomes,
    health: Outcomes,
}

both_engines!(a_flood_beyond_what_it_can_compute_slows_nobody_who_is_served, one_worker(), async |app| {
    // The largest group, for the same reason.
    let person = app.registered_with("person@example.com", 2).await;
    let requests = vec![post(BEGIN, &json!({ "auth_id": person.email }))];
    app.stop().await;
    let process = slow_server(app).await;
    let before = process.memory();
    for attempt in 1..=TRIES {
        let measured = measure(&process.base, &requests).await;
        let served = measured.flood.with(200);
        let quick = served.within(99) <= 2 * measured.idle + SLICE;
        let healthy = measured.health.within(99) < Duration::from_millis(50);
        report(app, &measured);
        assert_eq!(measured.flood.count(), served.count() + measured.flood.with(503).count(), "only 200 and 503");
        assert!(f64::from(served.count()) > 0.4 * measured.capacity, "half of its time goes into refusals");
        assert!(measured.flood.with(503).count() > served.count(), "there was no flood");
        if quick && healthy {
            break;
        }
        assert!(attempt < TRIES, "slow: {quick}, {healthy}");
    }
    let grown = process.memory().saturating_sub(before);
    assert!(grown < 40_000_000, "{grown} bytes more");
    // It is over, and has left nothing behind.
    person.through(&app.client_at(&process.base)).log_in().await;
    process.stop().await;
    app.start_again().await;
});

both_engines!(a_flood_of_proofs_leaves_challenges_their_places, one_worker(), async |app| {
    let person = app.registered("person@example.com").await;
    app.stop().await;
    let process = slow_server(app).await;
    let there = app.client_at(&process.base);
    let mut requests = Vec::new();
    for number in 0..600 {
        // Each for an address of its own: failed proofs of one are few.
        let begun = there.post(BEGIN, json!({ "auth_id": format!("{number}@example.com") })).await.expect_status(200);
        let proof = json!({ "handshake": begun.string("/handshake"), "A": "02".repeat(384), "M1": "5a".repeat(32) });
        requests.push(post("/api/auth/srp/login/proof", &proof));
    }
    let flood = Flood { requests, connections: 100, rate: None, time: Duration::from_secs(2) };
    let flood = flood.begin(&process.base);
    let person = person.through(&there);
    let begun = Instant::now();
    let mut served = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        served += u32::from(person.try_begin_login().await.status == 200);
    }
    let outcomes = flood.join().unwrap();
    assert!(outcomes.with(503).count() > 0, "there was no flood");
    assert!(served > 20, "only {served} challenges");
    person.log_in().await;
    process.stop().await;
    app.start_again().await;
});

async fn measure(base: &str, requests: &[Vec<u8>]) -> Measured {
    let run = |connections, rate, time| Flood { requests: requests.to_vec(), connections, rate, time }.begin(base);
    let second = Duration::from_secs(1);
    let join = async |thread: std::thread::JoinHandle<Outcomes>| {
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap()
    };
    let idle = join(run(1, None, second)).await.with(200).within(99);
    let capacity = f64::from(join(run(2, None, second)).await.with(200).count());
    let flood = run(200, Some(MOST.min(TIMES * capacity)), 3 * second + SETTLING);
    let health = health(base, 3 * second + SETTLING).await;
    Measured { capacity, idle, flood: join(flood).await.after(SETTLING), health: health.after(SETTLING) }
}

/// Looks at `/health` a hundred times a second.
async fn health(base: &str, time: Duration) -> Outcomes {
    let flood = Flood { requests: vec![get("/health")], connections: 1, rate: Some(100.0), time };
    let thread = flood.begin(base);
    let outcomes = tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    assert_eq!(outcomes.count(), outcomes.with(200).count());
    outcomes
}

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(app: &App, it: &Measured) {
    let (served, refused) = (it.flood.with(200), it.flood.with(503));
    println!(
        "{:?}: alone {:.0}/s, p99 {:.2?}; under the flood {} served (p50 {:.2?}, p99 {:.2?}) and {} refused \
         (p50 {:.2?}, p99 {:.2?}) in 3 s; health p99 {:.2?}",
        app.engine,
        it.capacity,
        it.idle,
        served.count(),
        served.within(50),
        served.within(99),
        refused.count(),
        refused.within(50),
        refused.within(99),
        it.health.within(99),
    );
}

#[tokio::test]
async fn the_generator_counts_those_who_hang_up() {
    // A server that hangs up is status 0, and the next request goes over a new connection.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    assert!(Wire::to(&base).await.ask(&get("/")).await.is_none());
    let flood = Flood { requests: vec![get("/")], connections: 2, rate: None, time: Duration::from_millis(50) };
    let thread = flood.begin(&base);
    let outcomes = tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    assert!(outcomes.count() > 2 && outcomes.count() == outcomes.with(0).count());
    server.abort();
}
