//! A PostgreSQL that cannot be used at start: the cause is told, the password never.

use std::time::{Duration, Instant};

use tacit_tests::{App, Engine, Port, Process, Setup};
use tokio::net::TcpListener;

const CANARY: &str = "canary-5f2e";
/// How soon an operator knows.
const SOON: Duration = Duration::from_secs(15);

/// What `serve` and `migrate` say about an address they cannot use. It holds no secret.
async fn complaints(address: &str) -> Vec<String> {
    let mut said = Vec::new();
    for command in ["serve", "migrate"] {
        let begun = Instant::now();
        let variables = [
            ("TACIT_DATABASE__URL", address),
            ("TACIT_MASTER_KEY__VALUE", &"5a".repeat(32)),
            ("TACIT_LISTEN", "127.0.0.1:0"),
            ("TACIT_LOG__FILTER", "trace"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let output = Process::run(&[command], &variables).await;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let all = format!("{out}{err}");
        assert!(!output.status.success(), "{command}: {all}");
        assert!(!all.contains(CANARY), "{command} tells a secret: {all}");
        assert!(!all.contains("panicked"), "{command}: {all}");
        assert!(begun.elapsed() < SOON, "{command} took {:?}", begun.elapsed());
        said.push(err.into_owned());
    }
    said
}

#[tokio::test]
async fn a_server_that_is_not_there_is_reported_with_the_cause() {
    let port = Port::claim();
    for said in complaints(&format!("postgres://tacit:{CANARY}@{}/tacit", port.address())).await {
        assert!(said.contains("cannot be reached") && said.contains("refused"), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_reported_with_the_cause() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    for said in complaints(&format!("postgres://tacit:{CANARY}@127.0.0.1:{port}/tacit?sslmode=disable")).await {
        assert!(said.contains("cannot be reached") && said.contains("did not answer"), "{said}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_reported_with_the_cause() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let address = app.database.url().replace("/tacit_", "/no_tacit_").replace('@', &format!(":{CANARY}@"));
        for said in complaints(&address).await {
            assert!(said.contains("does not exist"), "{said}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_parameter_nobody_knows_is_refused_and_its_value_untold() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        for parameter in ["sslpassword", "passwrod", "pass%77ord2"] {
            for said in complaints(&format!("{}&{parameter}={CANARY}", app.database.url())).await {
                assert!(said.contains("parameter") && said.contains("sslmode"), "{said}");
            }
        }
    })
    .await;
}
