//! Clients that connect and do not behave: the others are served meanwhile.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tacit_tests::wire::get;
use tacit_tests::{App, Engine, Person, Process, Setup, Wire};

const LOGIN: &str = "POST /api/auth/srp/login/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// A server of its own process, and somebody who has an account there.
async fn with_process(setup: Setup, files: Option<u32>, sentence: impl AsyncFnOnce(&App, &Process, &Person)) {
    tacit_tests::run(Engine::Sqlite, setup, async |app| {
        let person = app.registered("person@example.com").await;
        app.stop().await;
        let process = match files {
            Some(files) => Process::serve_with_files(files, &app.variables()).await,
            None => Process::serve(&app.variables()).await,
        };
        sentence(app, &process, &person).await;
        process.stop().await;
        app.start_again().await;
    })
    .await;
}

/// Somebody honest, on connections of their own each time: health is shown and a login goes through, all of it soon.
async fn honest_people_are_served(app: &App, process: &Process, person: &Person) {
    for _ in 0..5 {
        let begun = Instant::now();
        let health = tokio::time::timeout(Duration::from_secs(5), async {
            Wire::to(&process.base).await.ask(&get("/health")).await
        });
        assert_eq!(health.await.expect("health in time").expect("an answer").0, 200);
        let there = app.client_at(&process.base);
        tokio::time::timeout(Duration::from_secs(10), person.through(&there).log_in()).await.expect("a login in time");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

/// Hosts of a slow-loris: each keeps as many connections as it can get and sends over each, byte by byte, again and
/// again from the start.
struct Loris {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    thread: std::thread::JoinHandle<()>,
}

impl Loris {
    async fn begin(base: &str, hosts: u8, each: usize, what: &'static [u8], pause: Duration) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (base, stop_too, sent_too) = (base.to_owned(), Arc::clone(&stop), Arc::clone(&sent));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let hosts = (0..hosts).flat_map(|host| std::iter::repeat_n(IpAddr::from([127, 0, 1, host + 1]), each));
                let tasks: Vec<_> = hosts
                    .map(|host| tokio::spawn(drip(base.clone(), host, what, pause, stop_too.clone(), sent_too.clone())))
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            });
        });
        let it = Self { stop, sent, thread };
        // It is well under way.
        let begun = Instant::now();
        while it.sent.load(Ordering::Relaxed) < usize::from(hosts) * each * 3 {
            assert!(begun.elapsed() < Duration::from_secs(20), "the attack does not begin");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        it
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap();
    }
}

async fn drip(
    base: String,
    host: IpAddr,
    what: &'static [u8],
    pause: Duration,
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut wire) = Wire::try_from_address(&base, host).await else { continue };
        // A head at once, if the rest is a body.
        let (begin, rest) = what.split_at(what.windows(4).rposition(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4));
        let mut gone = wire.say(begin).await.is_err();
        for byte in rest {
            if gone || stop.load(Ordering::Relaxed) {
                break;
            }
            gone = wire.say(&[*byte]).await.is_err();
            sent.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
        }
    }
}

#[tokio::test]
async fn more_silent_connections_than_files_keep_nobody_out() {
    with_process(Setup::new(), Some(200), async |app, process, person| {
        let mut silent = Vec::new();
        for _ in 0..400 {
            silent.push(Wire::to(&process.base).await);
        }
        honest_people_are_served(app, process, person).await;
        let files = process.open_files();
        assert!((50..200).contains(&files), "{files} open files");
        // It sleeps while nobody says anything, rather than asking for files it does not get.
        let ticks = process.ticks();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let used = process.ticks() - ticks;
        assert!(used < 50, "{used} % of a processor");
    })
    .await;
}

#[tokio::test]
async fn one_host_takes_no_more_than_its_share() {
    let setup = Setup::new().with("limits.connections", "200").with("limits.connections_per_client", "50");
    with_process(setup, None, async |_, process, _| {
        let mut mine = Vec::new();
        for _ in 0..20 {
            let mut wire = Wire::to(&process.base).await;
            wire.ask(&get("/health")).await.unwrap();
            mine.push(wire);
        }
        // With what these opened of the database.
        let before = process.open_files();
        let greedy = IpAddr::from([127, 0, 0, 2]);
        let mut theirs = Vec::new();
        for _ in 0..400 {
            theirs.push(Wire::try_from_address(&process.base, greedy).await.unwrap());
        }
        // Its newest ones are there, its oldest gone, and everybody else's as they were.
        assert_eq!(theirs.last_mut().unwrap().ask(&get("/health")).await.unwrap().0, 200);
        assert!(theirs[0].is_hung_up_within(Duration::from_secs(5)).await);
        let deadline = Instant::now() + Duration::from_secs(5);
        while process.open_files() > before + 50 + 2 {
            assert!(Instant::now() < deadline, "{} open files, {before} before", process.open_files());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for wire in &mut mine {
            assert_eq!(wire.ask(&get("/health")).await.unwrap().0, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_proxy_may_have_as_many_as_there_are() {
    let setup = Setup::new().with("limits.connections_per_client", "10").with("trusted_proxies", "127.0.0.3");
    with_process(setup, None, async |_, process, _| {
        let mut wires = Vec::new();
        for _ in 0..100 {
            wires.push(Wire::try_from_address(&process.base, [127, 0, 0, 3].into()).await.unwrap());
        }
        for wire in &mut wires {
            assert_eq!(wire.ask(&get("/health")).await.unwrap().0, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn heads_that_drip_in_from_many_hosts_keep_nobody_out() {
    let setup = Setup::new().with("limits.connections", "300").with("limits.connections_per_client", "100");
    with_process(setup, None, async |app, process, person| {
        let head =
            b"GET /health HTTP/1.1 X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let loris = Loris::begin(&process.base, 5, 100, head, Duration::from_millis(200)).await;
        honest_people_are_served(app, process, person).await;
        assert!(process.open_files() < 400, "{}", process.open_files());
        loris.end().await;
    })
    .await;
}

#[tokio::test]
async fn bodies_that_drip_in_from_many_hosts_keep_nobody_out() {
    let setup = Setup::new().with("limits.connections", "300").with("limits.connections_per_client", "100");
    with_process(setup, None, async |app, process, person| {
        let body = b"POST /api/auth/srp/login/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
            Content-Length: 1000\r\n\r\n{\"auth_id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let before = process.memory();
        let loris = Loris::begin(&process.base, 5, 100, body, Duration::from_millis(200)).await;
        honest_people_are_served(app, process, person).await;
        let grown = process.memory().saturating_sub(before);
        assert!(grown < 40_000_000, "{grown} bytes more");
        loris.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_flood_of_connections_keeps_nobody_out() {
    with_process(Setup::new(), None, async |app, process, person| {
        let (stop, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (base, stop_too, made_too) = (process.base.clone(), Arc::clone(&stop), Arc::clone(&made));
        let thread = std::thread::spawn(move || {
            let to = base.strip_prefix("http://").unwrap();
            while !stop_too.load(Ordering::Relaxed) {
                // Some say something before they go.
                if let Ok(mut stream) = std::net::TcpStream::connect(to)
                    && made_too.fetch_add(1, Ordering::Relaxed) % 2 == 0
                {
                    drop(std::io::Write::write_all(&mut stream, b"GET /health HTTP/1.1\r\n"));
                }
            }
        });
        let before = process.memory();
        let begun = Instant::now();
        while made.load(Ordering::Relaxed) < 2_000 {
            assert!(begun.elapsed() < Duration::from_secs(30), "there is no flood");
            honest_people_are_served(app, process, person).await;
        }
        stop.store(true, Ordering::Relaxed);
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
        let grown = process.memory().saturating_sub(before);
        assert!(grown < 40_000_000, "{grown} bytes more");
    })
    .await;
}

#[tokio::test]
async fn heads_without_end_are_refused_and_not_kept() {
    with_process(Setup::new(), None, async |app, process, person| {
        let before = process.memory();
        for _ in 0..50 {
            let mut wire = Wire::to(&process.base).await;
            wire.say(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ").await.unwrap();
            // The answer comes although we go on.
            wire.say("x".repeat(500_000).as_bytes()).await.unwrap();
            assert_eq!(wire.hear().await.expect("an answer").0, 431);
            assert!(wire.is_hung_up_within(Duration::from_secs(5)).await);
        }
        let mut many = Wire::to(&process.base).await;
        many.say(format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(200)).as_bytes())
            .await
            .unwrap();
        assert_eq!(many.hear().await.expect("an answer").0, 431);
        let grown = process.memory().saturating_sub(before);
        assert!(grown < 20_000_000, "{grown} bytes more");
        honest_people_are_served(app, process, person).await;
    })
    .await;
}

/// Sends over and over until the server has had enough; gives the status of what it said.
async fn pour(process: &Process, head: &str, again: &str) -> Option<u16> {
    let mut wire = Wire::to(&process.base).await;
    wire.say(format!("{LOGIN}{head}\r\n\r\n").as_bytes()).await.unwrap();
    let piece = again.repeat(16 * 1024 / again.len() + 1);
    let poured = tokio::time::timeout(Duration::from_secs(20), async {
        // 64 MB: more than anybody would keep.
        for _ in 0..4_096 {
            if wire.say(piece.as_bytes()).await.is_err() {
                return;
            }
        }
        panic!("it takes all that it is given");
    });
    poured.await.expect("it has had enough some time");
    wire.hear().await.map(|(status, _)| status)
}

#[tokio::test]
async fn bodies_without_end_are_refused_and_not_kept() {
    with_process(Setup::new(), None, async |app, process, person| {
        let before = process.memory();
        let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
        let extended = format!("400;name={}\r\n{}\r\n", "v".repeat(64), "x".repeat(1024));
        let cases = [
            ("Content-Length: 99999999999", "x"),
            ("Transfer-Encoding: chunked", chunk.as_str()),
            ("Transfer-Encoding: chunked", extended.as_str()),
            ("Transfer-Encoding: chunked\r\n\r\n1;", "extension"),
            ("Transfer-Encoding: chunked\r\n\r\n", "0"),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", "trailer"),
        ];
        for (head, again) in cases {
            // Whether the answer can still be read depends on who closes first.
            let status = pour(process, head, again).await;
            assert!(matches!(status, None | Some(400 | 413)), "{head}: {status:?}");
        }
        let grown = process.memory().saturating_sub(before);
        assert!(grown < 20_000_000, "{grown} bytes more");
        honest_people_are_served(app, process, person).await;
    })
    .await;
}

#[tokio::test]
async fn a_length_that_is_a_lie_hurts_the_liar_only() {
    with_process(Setup::new(), None, async |app, process, person| {
        // Two lengths, a negative one, one that is no number, a length and chunks.
        for head in [
            "Content-Length: 2\r\nContent-Length: 3",
            "Content-Length: -1",
            "Content-Length: 1e3",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: chunked, identity",
        ] {
            let mut wire = Wire::to(&process.base).await;
            wire.say(format!("{LOGIN}{head}\r\n\r\n{{}}").as_bytes()).await.unwrap();
            assert_eq!(wire.hear().await.expect("an answer").0, 400, "{head}");
        }
        // Shorter than said, and gone.
        let mut wire = Wire::to(&process.base).await;
        wire.say(format!("{LOGIN}Content-Length: 100\r\n\r\n{{").as_bytes()).await.unwrap();
        drop(wire);
        // Longer than said: what is too much is no request.
        let mut wire = Wire::to(&process.base).await;
        wire.say(format!("{LOGIN}Content-Length: 2\r\n\r\n{{}}garbage\r\n\r\n").as_bytes()).await.unwrap();
        assert_eq!(wire.hear().await.expect("an answer").0, 400);
        assert_eq!(wire.hear().await.expect("an answer").0, 400);
        assert!(wire.is_hung_up_within(Duration::from_secs(5)).await);
        // Chunks and a length at once, as in request smuggling: the chunks hold, so this body is empty. What follows is
        // a request of the same client, who could have sent it anyway; a proxy must refuse such heads, and nginx does.
        let mut wire = Wire::to(&process.base).await;
        let both = "Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        wire.say(format!("{LOGIN}{both}").as_bytes()).await.unwrap();
        assert_eq!(wire.hear().await.expect("an answer").0, 400);
        honest_people_are_served(app, process, person).await;
    })
    .await;
}

#[tokio::test]
async fn the_head_of_a_request_has_ten_seconds_and_a_connection_between_two_has_more() {
    tacit_tests::run(Engine::Sqlite, Setup::new(), async |app| {
        let base = app.anonymous().base();
        let (mut silent, mut begun, mut idle) = (Wire::to(&base).await, Wire::to(&base).await, Wire::to(&base).await);
        begun.say(b"GET /health HTTP/1.1\r\n").await.unwrap();
        idle.ask(&get("/health")).await.unwrap();
        let start = Instant::now();
        let limit = Duration::from_secs(15);
        let (silent, begun) = tokio::join!(silent.is_hung_up_within(limit), begun.is_hung_up_within(limit));
        assert!(silent && begun);
        assert!((9..15).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        assert_eq!(idle.ask(&get("/health")).await.unwrap().0, 200);
    })
    .await;
}
