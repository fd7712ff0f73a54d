//! What happens at the same moment: two first starts, and the end of sessions against a login under way.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tacit_domain::accounts::AccountName;
use tacit_domain::address::Address;
use tacit_shared::entropy::Entropy as _;
use tacit_tests::{App, Engine, OsEntropy, Person, Process, Setup, User, both_engines};

const FIRST_STARTS: usize = 6;
const ROUNDS: usize = 40;
/// Logins under way when sessions end.
const LOGINS: usize = 3;

#[tokio::test]
async fn two_nodes_that_start_at_once_make_one_signing_key() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        app.stop().await;
        for _ in 0..FIRST_STARTS {
            app.database.execute("DROP SCHEMA public CASCADE").await;
            app.database.execute("CREATE SCHEMA public").await;
            let mut nodes = [Process::start(&app.variables()), Process::start(&app.variables())];
            let [first, second] = &mut nodes;
            tokio::join!(first.ready(), second.ready());
            for state in ["signing", "published"] {
                let count = format!("SELECT COUNT(*) FROM signing_keys WHERE state = '{state}'");
                assert_eq!(app.database.number(&count).await, 1, "{state}");
            }
            let callers = nodes.each_ref().map(|node| app.client_at(&node.base));
            let keys = async |number: usize| callers[number].get("/.well-known/jwks.json").await.json();
            let (one, other): (Value, Value) = (keys(0).await, keys(1).await);
            assert_eq!(one["keys"].as_array().unwrap().len(), 2);
            assert_eq!(one, other);
            for node in nodes {
                node.stop().await;
            }
        }
        app.start_again().await;
        app.user("person@example.com").await;
    })
    .await;
}

/// A login, and when its answer came.
type Answered = (Result<User, Option<Box<tacit_tests::Answer>>>, Instant);

/// Sends proofs at once, each a little later than the other.
fn logins_under_way(
    person: &Person,
    handshakes: Vec<tacit_tests::Handshake>,
) -> Vec<tokio::task::JoinHandle<Answered>> {
    let login = |handshake| {
        let person = person.clone();
        tokio::spawn(async move {
            short_pause().await;
            let outcome = person.try_prove(&handshake).await;
            (outcome, Instant::now())
        })
    };
    handshakes.into_iter().map(login).collect()
}

/// Up to 25 ms: about as long as a login takes.
async fn short_pause() {
    let mut random = [0; 1];
    OsEntropy.fill(&mut random);
    tokio::time::sleep(Duration::from_micros(u64::from(random[0]) * 100)).await;
}

/// Whether the session lives; its access token and its refresh token must agree.
async fn lives(app: &App, user: &User) -> bool {
    let me = user.client.get("/v1/auth/me").await;
    let body = json!({ "refresh_token": user.refresh_token() });
    let refreshed = app.anonymous().post("/v1/auth/refresh", body).await;
    assert_eq!(me.status, refreshed.status, "{} {}", me.text(), refreshed.text());
    match me.status {
        200 => true,
        401 => false,
        status => panic!("{status}: {}", me.text()),
    }
}

async fn handshakes(person: &Person) -> Vec<tacit_tests::Handshake> {
    let mut handshakes = Vec::new();
    for _ in 0..LOGINS {
        handshakes.push(person.begin_login().await);
    }
    handshakes
}

both_engines!(a_login_under_way_never_outlives_the_disabling_of_its_account, async |app| {
    let (mut let_in, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let email = format!("person{round}@example.com");
        let person = app.registered(&email).await;
        let logins = logins_under_way(&person, handshakes(&person).await);
        short_pause().await;
        let name = AccountName::Address(Address::parse(&email).unwrap());
        app.domain().await.accounts.disable(&name).await.unwrap();
        for login in logins {
            match login.await.unwrap().0 {
                Ok(user) => {
                    let_in += 1;
                    assert!(!lives(app, &user).await, "round {round}: a session outlived its account's disabling");
                }
                Err(answer) => {
                    refused += 1;
                    answer.unwrap().expect_problem(403, "account_disabled").done();
                }
            }
        }
        let living = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL";
        assert_eq!(app.database.number(living).await, 0, "round {round}");
    }
    report(app, "disabling", let_in, refused);
});

both_engines!(sessions_opened_before_the_others_were_ended_are_ended, async |app| {
    let person = app.registered("person@example.com").await;
    let (mut ended, mut later) = (0, 0);
    for round in 0..ROUNDS {
        let keeper = person.log_in().await;
        let logins = logins_under_way(&person, handshakes(&person).await);
        short_pause().await;
        let asked = Instant::now();
        keeper.client.post_nothing("/api/auth/sessions/logout-all").await.expect_status(200).done();
        for login in logins {
            let (outcome, answered) = login.await.unwrap();
            let user = outcome.unwrap_or_else(|answer| panic!("{:?}", answer.map(|answer| answer.text())));
            if lives(app, &user).await {
                later += 1;
                assert!(answered > asked, "round {round}: a session opened before outlived the end of all others");
            } else {
                ended += 1;
            }
        }
        assert!(lives(app, &keeper).await, "round {round}: who ended the others stays");
    }
    report(app, "ending all others", ended, later);
});

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(app: &App, what: &str, one: usize, other: usize) {
    println!(
        "{:?}: {what} against {LOGINS} logins under way, {ROUNDS} times: {one} fell before, {other} after",
        app.engine
    );
    assert!(one > 0 && other > 0, "the two never met");
}
