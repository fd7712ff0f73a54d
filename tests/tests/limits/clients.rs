//! What one client may ask for, wherever it says it comes from.

use serde_json::json;
use tacit_domain::settings::Limits;
use tacit_tests::{Answer, App, Client, Engine, NewCredential, Person, Setup, both_engines};

const SIGN_UP: &str = "/api/auth/srp/sign-up";
const VERIFICATION: &str = "/api/auth/srp/sign-up/verification";
const RESET: &str = "/api/auth/srp/password/reset";
const LOGIN: &str = "/api/auth/srp/login/email";

/// The windows as they are by default, small enough to be used up in a test.
fn by_default() -> Setup {
    let limits = Limits::default();
    [
        ("limits.client_proofs", limits.client_proofs),
        ("limits.client_sign_ups", limits.client_sign_ups),
        ("limits.client_mails", limits.client_mails),
        ("limits.client_logins", limits.client_logins),
    ]
    .into_iter()
    .fold(Setup::new(), |setup, (key, limit)| setup.with(key, &limit.to_string()))
}

fn behind_a_proxy(setup: Setup) -> Setup {
    setup.with("trusted_proxies", "127.0.0.1/32")
}

fn from(app: &App, ip: &str) -> Client {
    app.anonymous().with("x-forwarded-for", ip)
}

async fn sign_up(client: &Client, email: &str) -> Answer {
    let body = json!({ "auth_id": email, "credential": NewCredential::of("a password").json() });
    client.post(SIGN_UP, body).await
}

async fn fail(person: &Person) -> Answer {
    person.guess(&json!({})).await
}

#[track_caller]
fn window(answer: &Answer) -> (u32, u32) {
    let reset: i64 = answer.header("x-ratelimit-reset").parse().unwrap();
    assert!(reset > 1_500_000_000, "seconds since 1970: {reset}");
    (answer.header("x-ratelimit-limit").parse().unwrap(), answer.header("x-ratelimit-remaining").parse().unwrap())
}

#[test]
fn the_defaults_are_those_of_the_documents() {
    let minutes = |duration: std::time::Duration| duration.as_secs() / 60;
    let limits = Limits::default();
    // The table of seed 004: registering, logging in, asking for mails, renewing.
    assert_eq!((limits.client_sign_ups, minutes(limits.sign_up_window)), (5, 60));
    assert_eq!((limits.client_proofs, minutes(limits.proof_window)), (10, 15));
    assert_eq!((limits.client_mails, minutes(limits.mail_window)), (5, 60));
    assert_eq!((limits.session_refreshes, minutes(limits.refresh_window)), (100, 15));
    // NIST SP 800-63B, section 5.2.2.
    assert_eq!((limits.proof_attempts, limits.proof_lock), (10, 100));
    assert_eq!((limits.client_requests, limits.client_logins), (3000, 120));
    assert_eq!((limits.mails, limits.address_sign_ups, limits.code_attempts), (5, 20, 10));
}

both_engines!(one_client_signs_up_five_times_an_hour, by_default(), async |app| {
    let client = app.anonymous();
    for number in 0..5 {
        let answer = sign_up(&client, &format!("person{number}@example.com")).await.expect_status(201);
        assert_eq!(window(&answer), (5, 4 - number));
    }
    let refused = sign_up(&client, "person5@example.com").await.expect_problem(429, "too_many_requests");
    assert_eq!(window(&refused), (5, 0));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!(wait <= 3600);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM pending_credentials").await, 5);
    app.clock.advance(std::time::Duration::from_secs(wait));
    sign_up(&client, "person5@example.com").await.expect_status(201).done();
});

both_engines!(one_client_asks_for_five_mails_an_hour_whether_or_not_there_is_a_sign_up, by_default(), async |app| {
    let client = app.anonymous();
    for remaining in (0..5).rev() {
        let answer = client.post(VERIFICATION, json!({ "auth_id": "nobody@example.com" })).await.expect_status(200);
        assert_eq!(window(&answer), (5, remaining));
    }
    let refused = client.post(VERIFICATION, json!({ "auth_id": "nobody@example.com" })).await;
    refused.expect_problem(429, "too_many_requests").done();
});

both_engines!(one_client_asks_for_five_resets_an_hour_and_those_refused_count_too, by_default(), async |app| {
    app.registered("person@example.com").await;
    app.clock.advance_to_next(std::time::Duration::from_hours(1));
    let client = app.anonymous();
    let ask = async |email: &str| client.post(RESET, json!({ "auth_id": email })).await;
    assert_eq!(window(&ask("person@example.com").await.expect_status(200)), (5, 4));
    assert_eq!(window(&ask("person@example.com").await.expect_problem(429, "resend_too_soon")), (5, 3));
    assert_eq!(window(&ask("nobody@example.com").await.expect_status(200)), (5, 2));
    assert_eq!(window(&ask("nobody@example.com").await.expect_problem(429, "resend_too_soon")), (5, 1));
    ask("other@example.com").await.expect_status(200).done();
    let refused = ask("person@example.com").await.expect_problem(429, "too_many_requests");
    assert_eq!(window(&refused), (5, 0));
    app.clock.advance(std::time::Duration::from_secs(refused.header("retry-after").parse().unwrap()));
    ask("person@example.com").await.expect_status(200).done();
});

both_engines!(one_client_fails_ten_times_whoever_it_claims_to_be, by_default(), async |app| {
    let person = app.registered("person@example.com").await;
    app.clock.advance_to_next(std::time::Duration::from_mins(15));
    for number in 0..10 {
        let answer = fail(&app.stranger(&format!("somebody{number}@example.com"))).await;
        assert_eq!(window(&answer.expect_problem(401, "proof_rejected")), (10, 9 - number));
    }
    let handshake = person.begin_login().await;
    let refused = person.prove(&handshake).await.expect_problem(429, "too_many_requests");
    assert_eq!(window(&refused), (10, 0));
    // The handshake was not spent by that.
    app.clock.advance(std::time::Duration::from_mins(1));
    person.prove(&handshake).await.expect_problem(429, "too_many_requests").done();
    app.clock.advance(std::time::Duration::from_mins(15));
    person.log_in().await;
});

both_engines!(a_login_that_succeeds_is_given_back_to_its_client, by_default(), async |app| {
    let person = app.registered("person@example.com").await;
    for _ in 0..12 {
        assert_eq!(window(&person.log_in().await.answer), (10, 10));
    }
});

both_engines!(one_client_begins_120_logins_a_minute, by_default(), async |app| {
    let client = app.anonymous();
    for number in 0..120 {
        let answer = client.post(LOGIN, json!({ "auth_id": "nobody@example.com" })).await.expect_status(200);
        assert_eq!(window(&answer), (120, 119 - number));
    }
    client
        .post(LOGIN, json!({ "auth_id": "nobody@example.com" }))
        .await
        .expect_problem(429, "too_many_requests")
        .done();
    app.clock.advance(std::time::Duration::from_mins(1));
    client.post(LOGIN, json!({ "auth_id": "nobody@example.com" })).await.expect_status(200).done();
});

both_engines!(behind_a_trusted_proxy_each_client_has_its_own_windows, behind_a_proxy(by_default()), async |app| {
    for number in 0..6 {
        let client = from(app, &format!("203.0.113.{number}"));
        assert_eq!(window(&sign_up(&client, &format!("person{number}@example.com")).await), (5, 4));
    }
    // What stands left of the address the proxy wrote is the client's own invention.
    for number in 0..5 {
        let client = from(app, &format!("198.51.100.{number}, 203.0.113.99"));
        sign_up(&client, &format!("other{number}@example.com")).await.expect_status(201).done();
    }
    let client = from(app, "198.51.100.77, 203.0.113.99");
    sign_up(&client, "last@example.com").await.expect_problem(429, "too_many_requests").done();
});

both_engines!(without_a_trusted_proxy_a_forged_header_buys_nothing, by_default(), async |app| {
    for number in 0..5 {
        let client = from(app, &format!("203.0.113.{number}"));
        sign_up(&client, &format!("person{number}@example.com")).await.expect_status(201).done();
    }
    let client = from(app, "203.0.113.99");
    sign_up(&client, "person5@example.com").await.expect_problem(429, "too_many_requests").done();
});

both_engines!(an_ipv6_client_is_its_network, behind_a_proxy(by_default()), async |app| {
    for number in 0..5 {
        let client = from(app, &format!("2001:db8:0:7::{number}"));
        sign_up(&client, &format!("person{number}@example.com")).await.expect_status(201).done();
    }
    let neighbour = from(app, "2001:db8:0:7:ffff::1");
    sign_up(&neighbour, "person5@example.com").await.expect_problem(429, "too_many_requests").done();
    sign_up(&from(app, "2001:db8:0:8::1"), "person6@example.com").await.expect_status(201).done();
});

both_engines!(one_address_collects_few_sign_ups, Setup::new().with("limits.address_sign_ups", "3"), async |app| {
    for _ in 0..3 {
        sign_up(&app.anonymous(), "person@example.com").await.expect_status(201).done();
    }
    sign_up(&app.anonymous(), "Person@Example.com").await.expect_problem(429, "too_many_requests").done();
    sign_up(&app.anonymous(), "other@example.com").await.expect_status(201).done();
});

both_engines!(a_session_is_renewed_only_so_often, Setup::new().with("limits.session_refreshes", "3"), async |app| {
    let person = app.registered("person@example.com").await;
    let (user, other) = (person.log_in().await, person.log_in().await);
    let refresh = async |token: &str| app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token })).await;
    let mut token = user.refresh_token().to_owned();
    for remaining in (0..3).rev() {
        let answer = refresh(&token).await.expect_status(200);
        assert_eq!(window(&answer), (3, remaining));
        token = answer.string("/tokens/refresh_token");
    }
    let refused = refresh(&token).await.expect_problem(429, "too_many_requests");
    refresh(other.refresh_token()).await.expect_status(200).done();
    // The token that was refused is not used up.
    app.clock.advance(std::time::Duration::from_secs(refused.header("retry-after").parse().unwrap()));
    refresh(&token).await.expect_status(200).done();
});

both_engines!(
    a_flood_of_whatever_requests_is_refused_and_health_still_answers,
    behind_a_proxy(Setup::new().with("limits.client_requests", "5")),
    async |app| {
        let client = from(app, "203.0.113.1");
        for _ in 0..5 {
            client.get("/nowhere").await.expect_problem(404, "not_found").done();
        }
        for path in ["/nowhere", "/docs", "/v1/auth/settings", "/.well-known/jwks.json", SIGN_UP] {
            let refused = client.get(path).await.expect_problem(429, "too_many_requests");
            assert_eq!(window(&refused), (5, 0), "{path}");
        }
        client.get("/health").await.expect_status(200).done();
        from(app, "203.0.113.2").get("/v1/auth/settings").await.expect_status(200).done();
        app.clock.advance(std::time::Duration::from_mins(1));
        client.get("/v1/auth/settings").await.expect_status(200).done();
    }
);

#[tokio::test]
async fn nodes_share_the_windows_of_the_database_and_keep_their_own_for_floods() {
    let setup = by_default().with("limits.client_requests", "40");
    tacit_tests::run(Engine::Postgres, setup, async |app: &App| {
        let node = app.node().await;
        let (here, there) = (app.anonymous(), app.client_of(&node));
        for number in 0..5 {
            let client = if number % 2 == 0 { &here } else { &there };
            sign_up(client, &format!("person{number}@example.com")).await.expect_status(201).done();
        }
        for client in [&here, &there] {
            sign_up(client, "last@example.com").await.expect_problem(429, "too_many_requests").done();
        }
        let stranger = app.stranger("nobody@example.com");
        for number in 0..10 {
            let client = if number % 2 == 0 { &here } else { &there };
            let somebody = app.stranger(&format!("nobody{number}@example.com")).through(client);
            fail(&somebody).await.expect_problem(401, "proof_rejected").done();
        }
        fail(&stranger).await.expect_problem(429, "too_many_requests").done();
        fail(&stranger.through(&there)).await.expect_problem(429, "too_many_requests").done();

        let mut answers = 0;
        while here.get("/v1/auth/settings").await.status == 200 {
            answers += 1;
            assert!(answers < 40, "the flood guard never closed");
        }
        there.get("/v1/auth/settings").await.expect_status(200).done();
        node.stop().await;
    })
    .await;
}
