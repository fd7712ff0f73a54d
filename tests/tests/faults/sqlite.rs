//! SQLite on a bad day: locked, read-only, full, moved away, damaged, open to everybody.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tacit_tests::{App, Client, Database, Engine, Launch, Person, Process, Setup, User, give_to_nobody};

const PROOF: &str = "/api/auth/srp/login/proof";

/// A little longer than the five seconds that a lock is waited for, and once more for whoever waits behind.
const LONGEST: Duration = Duration::from_secs(14);

/// A server in a process of its own on the database of a test.
async fn sentence(sentence: impl AsyncFnOnce(&App, &Path)) {
    tacit_tests::run(Engine::Sqlite, Setup::new(), async |app: &App| {
        let Database::Sqlite(file) = &app.database else { unreachable!() };
        Box::pin(sentence(app, file)).await;
    })
    .await;
}

/// The same database served by a process of its own, and somebody with an account there.
async fn served(app: &App) -> (Process, Client, Person) {
    let person = app.registered("person@example.com").await;
    app.stop().await;
    let process = Process::serve(&app.variables()).await;
    let there = app.client_at(&process.base);
    let person = person.through(&there);
    (process, there, person)
}

async fn health(client: &Client) -> u16 {
    client.get("/health").await.status
}

/// Refused for the moment, in time.
async fn refused(person: &Person) {
    let begun = Instant::now();
    let answer = person.try_log_in().await.err().expect("nothing can be written").expect("the server answers");
    answer.expect_problem(503, "unavailable").done();
    assert!(begun.elapsed() < LONGEST, "told after {:?}", begun.elapsed());
}

/// Waits until the server says that it is ready again.
async fn ready_again(client: &Client) {
    let begun = Instant::now();
    while health(client).await != 200 {
        assert!(begun.elapsed() < LONGEST, "it works again and does not say so");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn says(log: &[String], what: &str) {
    assert!(log.iter().any(|line| line.contains(what)), "no {what:?} in {log:#?}");
}

fn no_panic(log: &[String]) {
    assert!(!log.iter().any(|line| line.contains("panicked")), "{log:#?}");
}

#[tokio::test]
async fn a_lock_held_for_long_is_told_and_survived() {
    sentence(async |app, _| {
        let (process, there, person) = served(app).await;
        let user = person.log_in().await;

        let lock = app.database.cut_off().await;
        refused(&person).await;
        assert_eq!(health(&there).await, 503);
        // What only reads goes on.
        user.client.get("/v1/auth/me").await.expect_status(200).done();
        // Nor does a token that somebody made up take the writer's time.
        let made_up = serde_json::json!({ "refresh_token": format!("rt_{}", "A".repeat(43)) });
        there.post("/v1/auth/refresh", made_up).await.expect_problem(401, "refresh_invalid").done();
        lock.end().await;

        person.log_in().await;
        ready_again(&there).await;
        no_panic(&process.stop().await);
        app.start_again().await;
    })
    .await;
}

#[tokio::test]
async fn a_proof_that_cannot_be_counted_tells_nothing_and_counts_when_it_can_be() {
    sentence(async |app, _| {
        let (process, there, person) = served(app).await;
        let handshake = person.begin_login().await;
        let mut wrong = person.proof_body(&handshake);
        wrong["M1"] = "00".repeat(32).into();

        let lock = app.database.cut_off().await;
        there.post(PROOF, wrong).await.expect_problem(503, "unavailable").done();
        person.prove(&handshake).await.expect_problem(401, "handshake_spent").done();
        lock.end().await;

        app.until("SELECT COUNT(*) FROM proof_failures WHERE failures = 1", 1).await;
        person.prove(&handshake).await.expect_problem(401, "handshake_spent").done();
        person.log_in().await;
        no_panic(&process.stop().await);
        app.start_again().await;
    })
    .await;
}

#[tokio::test]
async fn a_file_or_folder_that_cannot_be_written_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::unprivileged(folder.path());
    sentence(async |app, file| {
        app.registered("person@example.com").await;
        app.stop().await;
        for (name, of_file, of_folder) in [("file", 0o400, 0o700), ("folder", 0o600, 0o500)] {
            let place = folder.path().join(name);
            std::fs::create_dir(&place).unwrap();
            let copy = place.join("tacit.db");
            std::fs::copy(file, &copy).unwrap();
            give_to_nobody(&place).await;
            std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(of_file)).unwrap();
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(of_folder)).unwrap();

            let output = Process::run_by(&launch, &["serve"], &on(app, &copy)).await;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{name}: {said}");
            assert!(said.contains(&copy.display().to_string()), "{name}: {said}");
            assert!(!said.contains("panicked"), "{name}: {said}");
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        app.start_again().await;
    })
    .await;
}

/// The test's variables with another database file.
fn on(app: &App, file: &Path) -> Vec<(String, String)> {
    let mut variables = app.variables();
    variables.push(("TACIT_DATABASE__URL".to_owned(), format!("sqlite:{}", file.display())));
    variables
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("disk");
    std::fs::create_dir(&place).unwrap();
    let Some(launch) = Launch::unprivileged(folder.path()).on_a_small_disk(&place, "4m").await else {
        return skipped();
    };
    sentence(async |app, _| {
        app.stop().await;
        let process = Process::serve_by(&launch, &on(app, &place.join("tacit.db"))).await;
        let disk = PathBuf::from(format!("/proc/{}/root{}", process.id(), place.display()));
        let there = app.client_at(&process.base);
        let mut post = app.post();
        let person = register(&there, &mut post, "person@example.com").await;
        let before = person.log_in().await;

        for _ in 0..2 {
            let acknowledged = until_nothing_fits(&disk, &there, &person).await;
            assert_eq!(health(&there).await, 503);
            before.client.get("/v1/auth/me").await.expect_status(200).done();
            std::fs::remove_file(disk.join("filler")).unwrap();
            ready_again(&there).await;
            person.log_in().await;
            for user in acknowledged {
                user.client.get("/v1/auth/me").await.expect_status(200).done();
            }
        }
        let log = process.stop().await;
        says(&log, "full");
        no_panic(&log);
        app.start_again().await;
    })
    .await;
}

/// Takes all room there is, and logs in until the server says that it cannot; gives who was let in meanwhile.
async fn until_nothing_fits(disk: &Path, there: &Client, person: &Person) -> Vec<User> {
    use std::io::Write as _;

    let mut filler = std::fs::File::create(disk.join("filler")).unwrap();
    let mut size = 64 * 1024;
    while size > 0 {
        if filler.write_all(&vec![0; size]).is_err() {
            size /= 2;
        }
    }
    let mut users = Vec::new();
    for _ in 0..500 {
        match person.through(there).try_log_in().await {
            Ok(user) => users.push(user),
            Err(answer) => {
                answer.expect("the server answers").expect_problem(503, "unavailable").done();
                return users;
            }
        }
    }
    panic!("the disk is full, and 500 logins were acknowledged");
}

/// Signs up and activates on a server of its own.
async fn register(there: &Client, post: &mut tacit_tests::Post, email: &str) -> Person {
    let mut person = Person::new(there.clone(), email);
    person.sign_up().await.expect_status(201).done();
    let begun = Instant::now();
    let mail = loop {
        if let Some(mail) = post.fresh().pop() {
            break mail;
        }
        assert!(begun.elapsed() < LONGEST, "no mail");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    super::people::activate(there, &mail.link_secret()).await.unwrap().expect_status(200).done();
    person
}

#[expect(clippy::print_stdout, reason = "a test that is not run says so")]
fn skipped() {
    println!("SKIPPED: this user may not mount a small disk (needs root, or CAP_SYS_ADMIN)");
}

#[tokio::test]
async fn a_file_that_is_taken_away_is_not_served_any_more() {
    sentence(async |app, file| {
        let person = app.registered("person@example.com").await;
        app.stop().await;
        let away = app.folder().join("away.db");
        let process = Process::serve(&app.variables()).await;
        let there = app.client_at(&process.base);
        let person = person.through(&there);
        let user = person.log_in().await;

        std::fs::rename(file, &away).unwrap();
        refused(&person).await;
        user.client.get("/v1/auth/me").await.expect_problem(503, "unavailable").done();
        assert_eq!(health(&there).await, 503);

        // Another one in its place is no better: what is written would go to the one that is away.
        std::fs::copy(&away, file).unwrap();
        refused(&person).await;
        assert_eq!(health(&there).await, 503);

        std::fs::rename(&away, file).unwrap();
        person.log_in().await;
        user.client.get("/v1/auth/me").await.expect_status(200).done();
        ready_again(&there).await;
        let log = process.stop().await;
        says(&log, "not the one this server opened");
        no_panic(&log);
        app.start_again().await;
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_at_start() {
    sentence(async |app, file| {
        app.stop().await;
        let broken = app.folder().join("broken.db");
        std::fs::write(&broken, b"this is a shopping list: ".repeat(1000)).unwrap();
        let output = Process::run(&["serve"], &on(app, &broken)).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("not a database") && said.contains("broken.db"), "{said}");

        // The start of a real one, and nothing behind it.
        let mut bytes = std::fs::read(file).unwrap();
        bytes[4096..].fill(0xa5);
        std::fs::write(&broken, bytes).unwrap();
        let output = Process::run(&["serve"], &on(app, &broken)).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("malformed") && !said.contains("panicked"), "{said}");
        app.start_again().await;
    })
    .await;
}

#[tokio::test]
async fn damage_found_while_serving_is_logged_and_told() {
    sentence(async |app, file| {
        let person = app.registered("person@example.com").await;
        app.stop().await;
        let pages =
            app.database.texts("SELECT CAST(rootpage AS TEXT) FROM sqlite_schema WHERE tbl_name = 'credentials'");
        let pages: Vec<usize> = pages.await.iter().map(|page| page.parse().unwrap()).collect();
        let broken = app.folder().join("broken.db");
        let mut bytes = std::fs::read(file).unwrap();
        for page in pages.iter().filter(|page| **page > 1) {
            bytes[(page - 1) * 4096..page * 4096].fill(0xa5);
        }
        std::fs::write(&broken, bytes).unwrap();

        let process = Process::serve(&on(app, &broken)).await;
        let there = app.client_at(&process.base);
        person.through(&there).try_begin_login().await.expect_problem(500, "internal").done();
        assert_eq!(health(&there).await, 503);
        // It stays so: nothing mends itself.
        assert_eq!(health(&there).await, 503);
        let log = process.stop().await;
        says(&log, "malformed");
        no_panic(&log);
        app.start_again().await;
    })
    .await;
}

#[tokio::test]
async fn a_file_that_others_can_read_is_warned_about() {
    sentence(async |app, file| {
        app.stop().await;
        for (mode, warned) in [(0o600, false), (0o644, true), (0o640, true)] {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
            let log = Process::serve(&app.variables()).await.stop().await;
            let line = log.iter().find(|line| line.contains("chmod 600"));
            assert_eq!(line.is_some(), warned, "{mode:o}: {log:#?}");
            assert!(line.is_none_or(|line| line.contains("tacit.db") && line.contains("WARN")), "{line:?}");
        }
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        app.start_again().await;
    })
    .await;
}
