//! What happens at the same moment: two first starts, and the end of sessions against a login under way.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tacit_domain::accounts::AccountName;
use tacit_domain::address::Address;
use tacit_shared::entropy::Entropy as _;
use tacit_tests::{Answer, App, Engine, OsEntropy, Person, Process, Setup, User, both_engines};
use tokio::task::JoinHandle;

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
type Answered = (Result<User, Option<Box<Answer>>>, Instant);

/// Somebody who logs in, and about how long that takes them here and now.
struct Racer {
    person: Person,
    takes: Duration,
}

impl Racer {
    async fn of(app: &App) -> Self {
        let person = app.registered("person@example.com").await;
        let mut racer = Self { person, takes: Duration::ZERO };
        // As many at once as in the race.
        let begun = Instant::now();
        for login in racer.logins_under_way().await {
            login.await.unwrap().0.unwrap_or_else(|refused| panic!("{:?}", refused.map(|answer| answer.text())));
        }
        racer.takes = begun.elapsed();
        racer
    }

    /// Sends proofs at once, each a little later than the other.
    async fn logins_under_way(&self) -> Vec<JoinHandle<Answered>> {
        let mut handshakes = Vec::new();
        for _ in 0..LOGINS {
            handshakes.push(self.person.begin_login().await);
        }
        let login = |handshake| {
            let (person, pause) = (self.person.clone(), self.pause() / 2);
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                let outcome = person.try_prove(&handshake).await;
                (outcome, Instant::now())
            })
        };
        handshakes.into_iter().map(login).collect()
    }

    /// Up to as long as all of them take, so that one or the other is first.
    fn pause(&self) -> Duration {
        let mut random = [0; 1];
        OsEntropy.fill(&mut random);
        self.takes * u32::from(random[0]) / 256
    }
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

both_engines!(
    a_login_under_way_never_outlives_the_disabling_of_its_account,
    Setup::new().with("limits.proof_attempts", "100000"),
    async |app| {
        let racer = Racer::of(app).await;
        let name = AccountName::Address(Address::parse(&racer.person.email).unwrap());
        let accounts = app.domain().await.accounts;
        let (mut let_in, mut refused) = (0, 0);
        for round in 0..ROUNDS {
            let logins = racer.logins_under_way().await;
            tokio::time::sleep(racer.pause()).await;
            accounts.disable(&name).await.unwrap();
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
            app.database.execute("UPDATE accounts SET status = 'active', disabled_at = NULL").await;
        }
        report(app, "disabling", let_in, refused);
    }
);

both_engines!(sessions_opened_before_the_others_were_ended_are_ended, async |app| {
    let racer = Racer::of(app).await;
    let (mut ended, mut later) = (0, 0);
    for round in 0..ROUNDS {
        let keeper = racer.person.log_in().await;
        let logins = racer.logins_under_way().await;
        tokio::time::sleep(racer.pause()).await;
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
