//! The canary: one password through every flow there is, with the log at its most talkative, and then a search for it,
//! and for all that stands for it, in everything the server wrote or said.

use serde_json::json;
use tacit_tests::{Client, Engine, MailPort, Person, Process, Setup, both_engines, mail_authority};

mod blunders;
mod flows;
mod search;
mod story;

use self::blunders::blunder;
use self::flows::{come_in, forget, leave, live, move_about, renew};
use self::search::{MAY_BE_FOUND, Seed, assert_every_form_is_found_everywhere, kept, leaks};
use self::story::{Places, Story};

const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";
const RESEND: &str = "/api/auth/srp/sign-up/verification";
const RESET: &str = "/api/auth/srp/password/reset";
const VALIDATE: &str = "/api/auth/srp/password/reset/validate";
const COMPLETE: &str = "/api/auth/srp/password/reset/complete";
const USERS: &str = "/api/auth/users/";
const EXPORT: &str = "/api/auth/users/export";
const CONFIRM: &str = "/api/auth/users/email/confirm";
const UNDO: &str = "/api/auth/users/email/undo";
const REFRESH: &str = "/v1/auth/refresh";
const ORIGIN: &str = "http://localhost:8080";
const METRICS_TOKEN: &str = "a-metrics-token-that-nobody-may-see";

fn settings() -> Setup {
    Setup::new()
        .with("log.filter", "trace")
        .with("log.format", "json")
        .with("metrics.token", METRICS_TOKEN)
        .with("limits.resend_after", "1ms")
        .with("trusted_proxies", "127.0.0.1/32")
        .with("mail.port", &MailPort::StartTls.number())
        .with("mail.security", "starttls")
        .with("mail.username", "tacit")
        .with("mail.password", "a mail password")
        .with("mail.ca_file", &mail_authority())
}

both_engines!(the_canary_and_what_stands_for_it_are_found_nowhere, settings(), async |app| {
    app.stop().await;
    let mut variables = app.variables();
    variables.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    let process = Process::serve(&variables).await;
    let mut story = Story::begin(app, &process);

    let (ada, root) = Box::pin(come_in(&mut story)).await;
    live(&mut story, &ada, &root).await;
    let ada = forget(&mut story, &ada).await;
    let ada = Box::pin(renew(&mut story, &ada)).await;
    Box::pin(move_about(&mut story, &ada, &root)).await;
    leave(&mut story).await;
    blunder(&mut story, &root).await;
    let seed = Seed::plant(&mut story, &root).await;
    story.command(&["user", "show", "ada@example.com"]).await;
    story.command(&["keys", "rotate"]).await;
    story.command(&["check"]).await;
    story.command(&["audit", "verify"]).await;
    story.command(&["mail", "test", "operator@example.com"]).await;
    story.command(&["user", "disable", "bob@example.com"]).await;

    let mut places = kept(&story, "running").await;
    if app.engine == Engine::Sqlite {
        let file = app.folder().join("backup.db");
        story.command(&["backup", file.to_str().unwrap()]).await;
        places.insert("backup".to_owned(), std::fs::read(file).unwrap());
    }
    let metrics = app.client_at(&process.base).bearer(METRICS_TOKEN).get("/metrics").await.expect_status(200);
    assert!(metrics.text().contains("prove_login"));
    places.insert("metrics".to_owned(), metrics.body);
    places.insert("log".to_owned(), process.stop().await.join("\n").into_bytes());
    places.extend(kept(&story, "stopped").await);
    places.insert("mails".to_owned(), app.filed_mails().concat());
    places.extend(story.answers());
    places.append(&mut story.outputs);

    assert!(String::from_utf8_lossy(&places["log"]).contains("\"TRACE\""), "the log is at its most talkative");
    for (place, bytes) in &places {
        assert!(!bytes.is_empty() || place.contains('/'), "{place} is empty");
    }
    seed.assert_found(&places, app.engine);
    assert_every_form_is_found_everywhere(&story.secrets, &places);
    let (leaks, used) = leaks(&story.secrets, &places);
    assert!(leaks.is_empty(), "{leaks:#?}");
    let unused: Vec<_> = MAY_BE_FOUND.iter().filter(|row| !used.contains(*row)).collect();
    assert!(unused.is_empty(), "the table allows what does not happen: {unused:?}");
    app.start_again().await;
});

/// Keeps a server busy with the canary until told to stop.
fn busy(people: &[Person], password: &str, client: &Client) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    for person in people {
        let base = client.base();
        let auth_id = person.email.clone();
        let body = json!({ "auth_id": auth_id, "credential": person.credential.json(), "display_name": password });
        let http = reqwest::Client::new();
        tasks.push(tokio::spawn(async move {
            loop {
                for path in ["/api/auth/srp/login/email", "/api/auth/srp/sign-up"] {
                    let sent = http.post(format!("{base}{path}")).header("content-type", "application/json");
                    if sent.body(body.to_string()).send().await.is_err() {
                        return;
                    }
                }
            }
        }));
    }
    tasks
}

both_engines!(a_crash_says_nothing_secret, settings().with("limits.mails", "1"), async |app| {
    app.stop().await;
    let mut variables = app.variables();
    variables.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    let process = Process::serve(&variables).await;
    let mut story = Story::begin(app, &process);
    let people: Vec<Person> = (0..4).map(|number| story.person(&format!("person{number}@example.com"))).collect();
    let password = story.password.clone();
    let working = busy(&people, &password, &story.there);
    let arrived = "SELECT COUNT(DISTINCT email_key) FROM pending_credentials";
    app.until(arrived, 4).await;
    let said = process.crash("-ABRT").await.join("\n");
    for task in working {
        task.await.unwrap();
    }
    let places = Places::from([("crash output".to_owned(), said.into_bytes())]);
    assert!(places["crash output"].windows(5).any(|window| window == b"TRACE"));
    let (leaks, _) = leaks(&story.secrets, &places);
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert_every_form_is_found_everywhere(&story.secrets, &places);
    // What was acknowledged is there after the crash, and the mails that were under way go out.
    app.clock.advance(std::time::Duration::from_mins(10));
    app.start_again().await;
    for person in &people {
        assert!(!app.inbox(&person.email).await.is_empty());
    }
    app.user("later@example.com").await;
});
