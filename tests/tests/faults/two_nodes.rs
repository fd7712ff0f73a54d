//! Two nodes on one database, and one of them killed: clients go on with the other.

use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use serde_json::json;
use tacit_tests::{App, Client, Engine, Handshake, Person, Process, Setup};
use tokio::sync::watch;
use tokio::task::JoinSet;

const ROUNDS: usize = 12;

type Node = Arc<RwLock<String>>;

/// What a person did, and what went wrong.
#[derive(Default)]
struct Seen {
    logins: usize,
    finished_on_the_other: usize,
    refreshes: usize,
    refreshed_on_the_other: usize,
}

#[tokio::test]
async fn clients_go_on_with_the_node_that_is_left() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let mut people = Vec::new();
        for name in ["ada", "ben", "cleo"] {
            people.push(app.registered(&format!("{name}@example.com")).await);
        }
        app.stop().await;
        let mut nodes = [Process::serve(&app.variables()).await, Process::serve(&app.variables()).await];
        let bases = [0, 1].map(|number| Node::new(RwLock::new(nodes[number].base.clone())));
        let callers = bases.each_ref().map(|base| app.client_following(base));

        let (stop, stopped) = watch::channel(false);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut clients = JoinSet::new();
        for person in people {
            clients.spawn(work(person, callers.clone(), Arc::clone(&seen), stopped.clone()));
        }
        for round in 0..ROUNDS {
            tokio::time::sleep(Duration::from_millis(150 + 37 * u64::try_from(round).unwrap())).await;
            let victim = round % 2;
            let fresh = Process::start(&app.variables());
            std::mem::replace(&mut nodes[victim], fresh).kill().await;
            // Only now do clients learn where it is.
            nodes[victim].ready().await;
            nodes[victim].base.clone_into(&mut bases[victim].write().unwrap());
        }
        stop.send_replace(true);
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
        report(&seen.lock().unwrap());
        for node in nodes {
            let log = node.stop().await;
            assert!(!log.iter().any(|line| line.contains("panicked")), "{log:#?}");
        }
        app.start_again().await;
    })
    .await;
}

/// Logs in and refreshes. Each step begins with the one node; where nobody answers, with the other.
async fn work(person: Person, nodes: [Client; 2], seen: Arc<Mutex<Seen>>, stopped: watch::Receiver<bool>) {
    for turn in 0.. {
        if *stopped.borrow() {
            return;
        }
        let order = [&nodes[turn % 2], &nodes[(turn + 1) % 2]];
        let user = log_in(&person, order, &seen).await;
        let mut token = user;
        for _ in 0..3 {
            token = refresh(&token, order, &seen).await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Gives the refresh token.
async fn log_in(person: &Person, nodes: [&Client; 2], seen: &Mutex<Seen>) -> String {
    let email = json!({ "auth_id": person.email });
    let mut begun = nodes[0].try_post("/api/auth/srp/login/email", email.clone()).await;
    if begun.is_none() {
        begun = nodes[1].try_post("/api/auth/srp/login/email", email).await;
    }
    let handshake = Handshake::of(&begun.expect("one of two nodes answers").expect_status(200));
    let outcome = match person.through(nodes[0]).try_prove(&handshake).await {
        Err(None) => {
            let other = person.through(nodes[1]);
            match other.try_prove(&handshake).await {
                // The node that died had spent it already: from the beginning, then.
                Err(Some(answer)) if answer.status == 401 => {
                    answer.expect_problem(401, "handshake_spent").done();
                    other.try_log_in().await
                }
                outcome => {
                    seen.lock().unwrap().finished_on_the_other += 1;
                    outcome
                }
            }
        }
        outcome => outcome,
    };
    seen.lock().unwrap().logins += 1;
    let refused = |answer: Option<Box<tacit_tests::Answer>>| panic!("{:?}", answer.map(|answer| answer.text()));
    outcome.unwrap_or_else(refused).refresh_token().to_owned()
}

async fn refresh(token: &str, nodes: [&Client; 2], seen: &Mutex<Seen>) -> String {
    let body = json!({ "refresh_token": token });
    let mut answer = nodes[0].try_post("/v1/auth/refresh", body.clone()).await;
    if answer.is_none() {
        // It may have been rotated by the node that died: then the other gives the same successor.
        answer = nodes[1].try_post("/v1/auth/refresh", body).await;
        seen.lock().unwrap().refreshed_on_the_other += 1;
    }
    seen.lock().unwrap().refreshes += 1;
    answer.expect("one of two nodes answers").expect_status(200).string("/tokens/refresh_token")
}

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(seen: &Seen) {
    println!(
        "two nodes, one killed {ROUNDS} times: {} logins, {} finished on the other node; {} refreshes, {} on the other",
        seen.logins, seen.finished_on_the_other, seen.refreshes, seen.refreshed_on_the_other
    );
    assert!(seen.logins > ROUNDS, "hardly anybody logged in");
}

#[tokio::test]
async fn what_one_node_began_the_other_finishes_after_its_death() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let person = app.registered("person@example.com").await;
        app.stop().await;
        let other = Process::serve(&app.variables()).await;
        let there = app.client_at(&other.base);
        for _ in 0..3 {
            let dying = Process::serve(&app.variables()).await;
            let here = person.through(&app.client_at(&dying.base));
            let user = here.log_in().await;
            let handshake = here.begin_login().await;
            dying.kill().await;

            person.through(&there).prove(&handshake).await.expect_status(200).done();
            there.bearer(&user.access_token).get("/v1/auth/me").await.expect_status(200).done();
            let body = json!({ "refresh_token": user.refresh_token() });
            there.post("/v1/auth/refresh", body).await.expect_status(200).done();
        }
        other.stop().await;
        app.start_again().await;
    })
    .await;
}
