//! Nothing an anonymous caller can ask, and no clock beside it, tells an address with an account from one without.
//!
//! As many known addresses as unknown ones, each asked once an operation, in random order: status, members, sizes and
//! headers must be the same, and the times must pass the Kolmogorov–Smirnov test. `TACIT_TEST_ADDRESSES` says how many
//! of each kind. Chance alone fails one time in a hundred, so a test fails only when three in a row do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Instant;

use serde_json::{Value, json};
use tacit_domain::address::Address;
use tacit_domain::caller::Origin;
use tacit_shared::encoding::to_hex;
use tacit_shared::messages::Activate;
use tacit_shared::srp::Identity;
use tacit_tests::statistics::{kolmogorov_smirnov, median};
use tacit_tests::{Answer, App, Client, OsEntropy, Setup, both_engines, random};

const EMAIL: &str = "/api/auth/srp/login/email";
const PROOF: &str = "/api/auth/srp/login/proof";
const RESET: &str = "/api/auth/srp/password/reset";

/// How many ask at a time where there is much to ask.
const ASKERS: usize = 4;
/// How often chance may play a trick before it is none.
const TURNS: usize = 3;
/// Differences rarer than this are taken for real.
const SIGNIFICANT: f64 = 0.01;

#[expect(clippy::disallowed_methods, reason = "the number is for whoever runs the tests, not for the server")]
fn addresses() -> usize {
    std::env::var("TACIT_TEST_ADDRESSES").map_or(600, |count| count.parse().unwrap())
}

/// What an operation showed of each kind of address.
#[derive(Default)]
struct Seen {
    shapes: [BTreeSet<String>; 2],
    times: [Vec<f64>; 2],
}

impl Seen {
    fn add(&mut self, known: bool, answer: &Answer, seconds: f64) {
        let kind = usize::from(known);
        self.shapes[kind].insert(shape(answer));
        self.times[kind].push(seconds);
    }

    /// Whether somebody who saw this could tell the two apart.
    #[expect(clippy::print_stdout, reason = "figures are what this test is for")]
    fn tells(&self) -> Option<String> {
        if self.shapes[0] != self.shapes[1] {
            return Some(format!("shapes: {:?} and {:?}", self.shapes[0], self.shapes[1]));
        }
        let p = kolmogorov_smirnov(&self.times[0], &self.times[1]);
        let [unknown, known] = [0, 1].map(|kind| median(&self.times[kind]) * 1e6);
        println!("p = {p:.3}, medians {unknown:.0} and {known:.0} µs, {} each", self.times[0].len());
        (p < SIGNIFICANT).then(|| format!("times: p = {p:.5}, medians {unknown:.1} and {known:.1} µs"))
    }
}

/// Everything of an answer but its random content.
fn shape(answer: &Answer) -> String {
    let members = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(Value::Object(members)) => members
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(text) if name != "code" => format!("{name}: {} characters", text.len()),
                _ => format!("{name}: {value}"),
            })
            .collect(),
        _ => vec![answer.text()],
    };
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        // What is counted for the client goes on from request to request.
        .filter(|(name, _)| !name.as_str().starts_with("x-ratelimit-") && *name != "date" && *name != "x-request-id")
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    format!("{} {members:?} {headers:?}", answer.status)
}

/// Addresses of both kinds, in pairs.
struct Crowd {
    tag: String,
    count: usize,
}

impl Crowd {
    /// Makes the known half: accounts like any other, whose passwords nobody knows.
    async fn gather(app: &App, count: usize) -> Self {
        let crowd = Self { tag: format!("{:016x}", u64::from_be_bytes(random())), count };
        let running = app.running().await;
        let domain = running.as_ref().unwrap().domain();
        for number in 0..count {
            let address = Address::parse(&crowd.address(number, true)).unwrap();
            let secret = domain.accounts.invite_admin(&address).await.unwrap();
            let activation: Activate =
                serde_json::from_value(json!({ "token": *secret, "credential": anonymous_credential() })).unwrap();
            Box::pin(domain.sign_ups.activate(activation.try_into().unwrap(), &Origin::default()))
                .await
                .map(drop)
                .unwrap();
        }
        crowd
    }

    /// Both kinds are spread alike over the order of addresses.
    fn address(&self, number: usize, known: bool) -> String {
        let name = u64::try_from(number).unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
        format!("{name:016x}.{}.{}@example.com", if known { "aa" } else { "bb" }, self.tag)
    }

    /// Asks for every address once, one after the other, in random order within each pair; by one asker, or by [`ASKERS`].
    async fn ask(&self, askers: usize, request: &impl AsyncFn(&str) -> (Answer, f64)) -> Seen {
        let seen = Mutex::new(Seen::default());
        let ask = async |asker: usize| {
            for number in (asker..self.count).step_by(askers) {
                let first = random::<1>()[0].is_multiple_of(2);
                for known in [first, !first] {
                    let (answer, seconds) = request(&self.address(number, known)).await;
                    seen.lock().unwrap().add(known, &answer, seconds);
                }
            }
        };
        if askers == 1 {
            ask(0).await;
        } else {
            tokio::join!(ask(0), ask(1), ask(2), ask(3));
        }
        seen.into_inner().unwrap()
    }
}

/// A credential of the default preset; the verifier is as good as any, since nobody ever proves anything against it.
fn anonymous_credential() -> Value {
    let (salt, verifier) = (to_hex(&random::<31>()), to_hex(&random::<383>()));
    let identity = Identity::random(&OsEntropy);
    json!({ "identity": identity.as_str(), "salt": format!("01{salt}"), "preset": 1, "verifier": format!("01{verifier}") })
}

async fn timed(client: &Client, path: &str, body: Value) -> (Answer, f64) {
    let begun = Instant::now();
    let answer = client.post(path, body).await;
    (answer, begun.elapsed().as_secs_f64())
}

/// Fails if the two kinds can be told apart time after time.
async fn alike(crowd: &Crowd, what: &str, request: impl AsyncFn(&str) -> (Answer, f64)) {
    alike_to(1, crowd, what, request).await;
}

/// The same to several askers at a time.
async fn alike_to(askers: usize, crowd: &Crowd, what: &str, request: impl AsyncFn(&str) -> (Answer, f64)) {
    let mut told = Vec::new();
    for _ in 0..TURNS {
        match crowd.ask(askers, &request).await.tells() {
            None => return,
            Some(difference) => told.push(difference),
        }
    }
    panic!("{what} tells who has an account: {told:#?}");
}

fn quiet() -> Setup {
    // Nobody reads these mails; the limits of an address would end the test early.
    Setup::new().with("limits.mails", "1").with("limits.address_sign_ups", "1000000").with("limits.srp_workers", "1")
}

both_engines!(the_first_step_of_a_login_tells_nothing, quiet(), async |app| {
    let crowd = Crowd::gather(app, addresses()).await;
    let client = app.anonymous();
    alike(&crowd, "login/email", async |address| timed(&client, EMAIL, json!({ "auth_id": address })).await).await;
});

both_engines!(a_wrong_proof_tells_nothing, quiet(), async |app| {
    // Each takes a point of the grid, 25 ms.
    let crowd = Crowd::gather(app, addresses() / 2).await;
    let client = app.anonymous();
    alike(&crowd, "login/proof", async |address| {
        let challenge = client.post(EMAIL, json!({ "auth_id": address })).await.expect_status(200);
        let body = json!({ "handshake": challenge.string("/handshake"), "A": "02", "M1": "00".repeat(32) });
        timed(&client, PROOF, body).await
    })
    .await;
});

both_engines!(signing_up_tells_nothing, quiet(), async |app| {
    app.leaves_jobs();
    let crowd = Crowd::gather(app, addresses() / 2).await;
    let client = app.anonymous();
    let tickets = Mutex::new(HashMap::new());
    alike(&crowd, "sign-up", async |address| {
        let body = json!({ "auth_id": address, "credential": anonymous_credential() });
        let (answer, seconds) = timed(&client, "/api/auth/srp/sign-up", body).await;
        tickets.lock().unwrap().insert(address.to_owned(), answer.string("/ticket"));
        (answer, seconds)
    })
    .await;
    // Who signed up shows the ticket, and asks for the mail again.
    app.clock.advance(std::time::Duration::from_secs(90));
    alike(&crowd, "sign-up/verification with a ticket", async |address| {
        let body = json!({ "auth_id": address, "ticket": tickets.lock().unwrap()[address] });
        timed(&client, "/api/auth/srp/sign-up/verification", body).await
    })
    .await;
});

both_engines!(asking_for_mails_codes_and_free_addresses_tells_nothing, quiet(), async |app| {
    let crowd = Crowd::gather(app, addresses() / 2).await;
    let client = app.anonymous();
    alike(&crowd, "sign-up/check", async |address| {
        timed(&client, "/api/auth/srp/sign-up/check", json!({ "auth_id": address })).await
    })
    .await;
    alike(&crowd, "sign-up/verification", async |address| {
        timed(&client, "/api/auth/srp/sign-up/verification", json!({ "auth_id": address })).await
    })
    .await;
    alike(&crowd, "sign-up/activate with a code", async |address| {
        let body = json!({ "auth_id": address, "code": "ZZZZZ-ZZZZZ" });
        timed(&client, "/api/auth/srp/sign-up/activate", body).await
    })
    .await;
});

both_engines!(asking_for_a_reset_tells_nothing, quiet().with("limits.mails", "1000"), async |app| {
    app.leaves_jobs();
    let crowd = Crowd::gather(app, addresses() / 2).await;
    let client = app.anonymous();
    let pause = std::time::Duration::from_mins(1);
    alike_to(ASKERS, &crowd, "password/reset", async |address| {
        // A minute and more pass before an address is asked for again.
        app.clock.advance(pause * 2 / u32::try_from(crowd.count).unwrap());
        timed(&client, RESET, json!({ "auth_id": address })).await
    })
    .await;
    app.clock.advance(pause);
    let again = async |address: &str| timed(&client, RESET, json!({ "auth_id": address })).await;
    let asked = crowd.ask(ASKERS, &again).await;
    assert!(asked.shapes.iter().flatten().all(|shape| shape.starts_with("200")));
    alike_to(ASKERS, &crowd, "password/reset, too soon", async |address| {
        timed(&client, RESET, json!({ "auth_id": address })).await
    })
    .await;
});

both_engines!(guessing_the_code_of_a_reset_tells_nothing, quiet(), async |app| {
    let crowd = Crowd::gather(app, addresses() / 2).await;
    let client = app.anonymous();
    // Known addresses have a reset that waits, so that there is something to compare with.
    let ask = async |address: &str| timed(&client, RESET, json!({ "auth_id": address })).await;
    crowd
        .ask(ASKERS, &async |address: &str| {
            if address.contains(".aa.") { ask(address).await } else { ask("nobody@example.com").await }
        })
        .await;
    app.settle().await;
    let secret = |address: &str| json!({ "auth_id": address, "code": "ZZZZZ-ZZZZZ" });
    alike(&crowd, "password/reset/validate", async |address| {
        timed(&client, &format!("{RESET}/validate"), secret(address)).await
    })
    .await;
    alike(&crowd, "password/reset/complete", async |address| {
        let mut body = secret(address);
        body["credential"] = anonymous_credential();
        timed(&client, &format!("{RESET}/complete"), body).await
    })
    .await;
});

both_engines!(the_same_test_finds_a_leak_that_was_planted, quiet(), async |app| {
    let crowd = Crowd::gather(app, addresses()).await;
    let client = app.anonymous();
    // A known address takes a third longer.
    let slow = async |address: &str| {
        let (answer, seconds) = timed(&client, EMAIL, json!({ "auth_id": address })).await;
        (answer, if address.contains(".aa.") { seconds * 1.33 } else { seconds })
    };
    assert!(crowd.ask(1, &slow).await.tells().is_some(), "a difference in time is seen");
    let long = async |address: &str| {
        let (mut answer, seconds) = timed(&client, EMAIL, json!({ "auth_id": address })).await;
        if address.contains(".aa.") {
            answer.headers.insert("x-cache", "hit".parse().unwrap());
        }
        (answer, seconds)
    };
    assert!(crowd.ask(1, &long).await.tells().unwrap().starts_with("shapes"), "another header is seen");
});

both_engines!(the_same_test_finds_what_a_revealing_server_reveals, Setup::revealing(), async |app| {
    let crowd = Crowd::gather(app, 3).await;
    let client = app.anonymous();
    for (path, more) in [
        (EMAIL, json!({})),
        ("/api/auth/srp/sign-up/check", json!({})),
        ("/api/auth/srp/sign-up/activate", json!({ "code": "ZZZZZ-ZZZZZ" })),
        ("/api/auth/srp/sign-up/verification", json!({})),
    ] {
        let request = async |address: &str| {
            let mut body = more.clone();
            body["auth_id"] = json!(address);
            timed(&client, path, body).await
        };
        assert!(crowd.ask(1, &request).await.tells().unwrap().starts_with("shapes"), "{path}");
    }
});
