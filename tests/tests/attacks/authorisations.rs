//! A stolen token, a proof meant for something else, a sealed body that was altered: none of them changes a password.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_domain::accounts::AccountName;
use tacit_domain::address::Address;
use tacit_shared::encoding::{from_base64url, to_base64url};
use tacit_shared::entropy::Entropy as _;
use tacit_shared::sealed::Purpose;
use tacit_tests::{App, Handshake, NewCredential, OsEntropy, Person, Setup, User, both_engines};

const CONFIRM: &str = "/api/auth/srp/password/change/confirm";
const STEP_UP: &str = "/api/auth/srp/step-up/confirm";
const LOGIN: &str = "/api/auth/srp/login/proof";
const NEW: &str = "the thief's own password";
const ROUNDS: usize = 25;

async fn logged_in(app: &App, email: &str) -> (Person, User) {
    let person = app.registered(email).await;
    let user = person.log_in().await;
    (person, user)
}

fn wish() -> Vec<u8> {
    json!({ "credential": NewCredential::of(NEW).json() }).to_string().into_bytes()
}

/// Fails if anything came of it.
async fn nothing_changed(app: &App) {
    assert_eq!(app.database.number("SELECT COUNT(*) FROM credentials WHERE version <> 1").await, 0);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions WHERE stepped_up_at IS NOT NULL").await, 0);
}

both_engines!(a_stolen_access_token_alone_changes_no_password, async |app| {
    let (person, user) = logged_in(app, "person@example.com").await;
    let thief = person.mistyping("a guess");
    for _ in 0..2 {
        let answer = user.change_password(&thief, &NewCredential::of(NEW), &json!({})).await;
        answer.expect_problem(401, "proof_rejected").done();
        let handshake = user.begin(Purpose::Change).await;
        let body = json!({ "handshake": handshake.sealed, "A": "02", "M1": "00".repeat(32), "sealed": "AAAA" });
        user.client.post(CONFIRM, body).await.expect_problem(401, "proof_rejected").done();
    }
    nothing_changed(app).await;
    person.log_in().await;
});

both_engines!(
    a_stolen_token_buys_few_guesses_in_whatever_session,
    Setup::new().with("limits.proof_attempts", "3").with("limits.proof_lock", "6"),
    async |app| {
        let (person, first) = logged_in(app, "person@example.com").await;
        let second = person.log_in().await;
        let guess = async |user: &User| {
            let handshake = user.begin(Purpose::Change).await;
            let body = json!({ "handshake": handshake.sealed, "A": "02", "M1": "00".repeat(32), "sealed": "AAAA" });
            user.client.post(CONFIRM, body).await
        };
        for user in [&first, &second, &first] {
            guess(user).await.expect_problem(401, "proof_rejected").done();
        }
        for user in [&first, &second] {
            guess(user).await.expect_problem(429, "too_many_attempts").done();
            user.step_up(&person).await.expect_problem(429, "too_many_attempts").done();
        }
        for _ in 0..3 {
            app.clock.advance(Duration::from_mins(16));
            let user = person.log_in().await;
            guess(&user).await.expect_problem(401, "proof_rejected").done();
        }
        app.clock.advance(Duration::from_mins(16));
        let user = person.log_in().await;
        guess(&user).await.expect_problem(403, "login_locked").done();
    }
);

both_engines!(a_proof_for_one_purpose_is_none_for_another, async |app| {
    let (person, user) = logged_in(app, "person@example.com").await;
    let begun = async |purpose| match purpose {
        Purpose::Login => person.begin_login().await,
        other => user.begin(other).await,
    };
    let authorised = |handshake: &Handshake, sealed_for| user.authorisation(&person, handshake, sealed_for, &wish()).0;

    // Made for a login or a step-up, shown as a change; and the other way round.
    for made_for in [Purpose::Login, Purpose::StepUp] {
        for sealed_for in [Purpose::Change, Purpose::Upgrade, Purpose::StepUp] {
            let body = authorised(&begun(made_for).await, sealed_for);
            user.client.post(CONFIRM, body).await.expect_problem(401, "handshake_invalid").done();
        }
    }
    for made_for in [Purpose::Login, Purpose::Change, Purpose::Upgrade] {
        let body = authorised(&begun(made_for).await, Purpose::StepUp);
        user.client.post(STEP_UP, body).await.expect_problem(401, "handshake_invalid").done();
    }
    for made_for in [Purpose::Change, Purpose::Upgrade, Purpose::StepUp] {
        let mut body = authorised(&begun(made_for).await, Purpose::Change);
        body.as_object_mut().unwrap().remove("sealed");
        app.anonymous().post(LOGIN, body).await.expect_problem(401, "handshake_invalid").done();
    }
    // A change and an upgrade meet at the same operation: what was sealed for the one does not open for the other.
    for (made_for, sealed_for) in [
        (Purpose::Change, Purpose::Upgrade),
        (Purpose::Change, Purpose::StepUp),
        (Purpose::Upgrade, Purpose::Change),
        (Purpose::Upgrade, Purpose::StepUp),
    ] {
        let body = authorised(&begun(made_for).await, sealed_for);
        user.client.post(CONFIRM, body).await.expect_problem(400, "sealed_invalid").done();
    }
    nothing_changed(app).await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 1);
});

both_engines!(a_handshake_is_for_the_session_that_began_it, async |app| {
    let (person, here) = logged_in(app, "person@example.com").await;
    let there = person.log_in().await;
    let (other, stranger) = logged_in(app, "other@example.com").await;
    let handshake = here.begin(Purpose::Change).await;
    let body = here.authorisation(&person, &handshake, Purpose::Change, &wish()).0;
    for foreign in [&there, &stranger] {
        foreign.client.post(CONFIRM, body.clone()).await.expect_problem(401, "handshake_invalid").done();
    }
    // One's own handshake, the other's account in mind.
    let own = stranger.begin(Purpose::Change).await;
    let body = stranger.authorisation(&other, &own, Purpose::Change, &wish()).0;
    here.client.post(CONFIRM, body).await.expect_problem(401, "handshake_invalid").done();
    // Sealed in one session, its handshake begun in another.
    let handshake = there.begin(Purpose::Change).await;
    let body = here.authorisation(&person, &handshake, Purpose::Change, &wish()).0;
    there.client.post(CONFIRM, body).await.expect_problem(400, "sealed_invalid").done();
    nothing_changed(app).await;
});

both_engines!(a_proxy_that_alters_what_is_sealed_achieves_nothing, async |app| {
    let (person, user) = logged_in(app, "person@example.com").await;
    let length = {
        let handshake = user.begin(Purpose::Change).await;
        let body = user.authorisation(&person, &handshake, Purpose::Change, &wish()).0;
        from_base64url(body["sealed"].as_str().unwrap()).unwrap().len()
    };
    let flipped = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        to_base64url(&bytes)
    };
    for at in (0..length).step_by(61).chain([length - 1]) {
        let handshake = user.begin(Purpose::Change).await;
        let mut body = user.authorisation(&person, &handshake, Purpose::Change, &wish()).0;
        let bytes = from_base64url(body["sealed"].as_str().unwrap()).unwrap();
        body["sealed"] = json!(flipped(&bytes, at));
        user.client.post(CONFIRM, body).await.expect_problem(400, "sealed_invalid").done();
    }
    for sealed in ["A", "AAAA", "====", "not base64url", &"A".repeat(4096)] {
        let handshake = user.begin(Purpose::Change).await;
        let mut body = user.authorisation(&person, &handshake, Purpose::Change, &wish()).0;
        body["sealed"] = json!(sealed);
        user.client.post(CONFIRM, body).await.expect_problem(400, "sealed_invalid").done();
    }
    // What was sealed under another handshake's key.
    let (first, second) = (user.begin(Purpose::Change).await, user.begin(Purpose::Change).await);
    let former = user.authorisation(&person, &first, Purpose::Change, &wish()).0;
    let mut body = user.authorisation(&person, &second, Purpose::Change, &wish()).0;
    body["sealed"] = former["sealed"].clone();
    user.client.post(CONFIRM, body).await.expect_problem(400, "sealed_invalid").done();
    nothing_changed(app).await;
    // None of it was a failed attempt.
    user.change_password(&person, &NewCredential::of(NEW), &json!({})).await.expect_status(204).done();
});

both_engines!(an_authorisation_is_good_once, async |app| {
    let (person, user) = logged_in(app, "person@example.com").await;
    let handshake = user.begin(Purpose::StepUp).await;
    let body = user.authorisation(&person, &handshake, Purpose::StepUp, b"").0;
    user.client.post(STEP_UP, body.clone()).await.expect_status(200).done();
    user.client.post(STEP_UP, body).await.expect_problem(401, "handshake_spent").done();

    let handshake = user.begin(Purpose::Change).await;
    let body = user.authorisation(&person, &handshake, Purpose::Change, &wish()).0;
    user.client.post(CONFIRM, body.clone()).await.expect_status(204).done();
    user.client.post(CONFIRM, body).await.expect_problem(401, "handshake_spent").done();
});

both_engines!(a_change_begun_before_the_credential_was_replaced_is_void, async |app| {
    let (person, user) = logged_in(app, "person@example.com").await;
    let handshake = user.begin(Purpose::Change).await;
    let first = NewCredential::of("first");
    user.change_password(&person, &first, &json!({})).await.expect_status(204).done();
    let answer = user.authorise(&person, &handshake, Purpose::Change, &wish()).await;
    answer.expect_problem(401, "proof_rejected").done();
    assert_eq!(app.database.number("SELECT version FROM credentials").await, 2);
    person.with_password("first", &first).log_in().await;
});

both_engines!(an_authorisation_without_its_session_is_worth_nothing, async |app| {
    let (person, user) = logged_in(app, "person@example.com").await;
    let handshake = user.begin(Purpose::Change).await;
    let body = user.authorisation(&person, &handshake, Purpose::Change, &wish()).0;
    app.anonymous().post(CONFIRM, body.clone()).await.expect_problem(401, "unauthenticated").done();
    user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    user.client.post(CONFIRM, body).await.expect_problem(401, "unauthenticated").done();
    nothing_changed(app).await;
});

both_engines!(
    an_administrator_opens_what_a_stolen_token_locked,
    Setup::new().with("limits.proof_lock", "1"),
    async |app| {
        let (person, user) = logged_in(app, "person@example.com").await;
        user.step_up(&person.mistyping("a guess")).await.expect_problem(401, "proof_rejected").done();
        user.step_up(&person).await.expect_problem(403, "login_locked").done();
        let name = AccountName::Address(Address::parse(&person.email).unwrap());
        assert_eq!(app.domain().await.accounts.unlock(&name).await.unwrap(), 1);
        user.step_up(&person).await.expect_status(200).done();
    }
);

both_engines!(
    challenges_of_a_session_are_counted_with_those_of_logins,
    Setup::new().with("limits.client_logins", "3"),
    async |app| {
        let (_, user) = logged_in(app, "person@example.com").await;
        let answer = user.client.post_nothing("/api/auth/srp/step-up/initiate").await.expect_status(200);
        assert_eq!(answer.header("x-ratelimit-remaining"), "1");
        let change = "/api/auth/srp/password/change/initiate";
        let answer = user.client.post(change, json!({})).await.expect_status(200);
        assert_eq!(answer.header("x-ratelimit-remaining"), "0");
        for answer in [
            user.client.post(change, json!({})).await,
            user.client.post_nothing("/api/auth/srp/step-up/initiate").await,
        ] {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
            answer.expect_problem(429, "too_many_requests").done();
        }
    }
);

both_engines!(what_leaves_events_for_ever_is_done_sixty_times_an_hour_in_one_session, async |app| {
    let (person, user) = logged_in(app, "person@example.com").await;
    for turn in 0..60 {
        let name = json!({ "display_name": format!("Name {turn}") });
        user.client.put("/api/auth/users/", name).await.expect_status(205).done();
    }
    let name = json!({ "display_name": "one too many" });
    user.client.put("/api/auth/users/", name).await.expect_problem(429, "too_many_requests").done();
    user.step_up(&person).await.expect_problem(429, "too_many_requests").done();
    // In another session it is possible: that of a stolen token keeps the owner from nothing.
    person.log_in().await.step_up(&person).await.expect_status(200).done();
    app.clock.advance(Duration::from_hours(1));
    let renewed = json!({ "refresh_token": user.refresh_token() });
    let renewed = app.anonymous().post("/v1/auth/refresh", renewed).await.expect_status(200);
    let client = app.anonymous().bearer(&renewed.string("/tokens/access_token"));
    client.put("/api/auth/users/", json!({ "display_name": "an hour later" })).await.expect_status(205).done();
});

/// A random share of some milliseconds, so that one or the other of two is first.
async fn some_time() {
    let mut random = [0; 1];
    OsEntropy.fill(&mut random);
    tokio::time::sleep(Duration::from_micros(u64::from(random[0]) * 100)).await;
}

async fn lives(user: &User) -> bool {
    user.client.get("/v1/auth/me").await.status == 200
}

both_engines!(
    a_login_with_the_old_password_never_outlives_its_change,
    Setup::new().with("limits.proof_attempts", "100000"),
    async |app| {
        let (mut person, user) = logged_in(app, "person@example.com").await;
        for round in 0..ROUNDS {
            let begun = person.begin_login().await;
            let new = NewCredential::of("the next password");
            let login = async {
                some_time().await;
                person.try_prove(&begun).await
            };
            let change = async {
                some_time().await;
                user.change_password(&person, &new, &json!({})).await.expect_status(204).done();
            };
            let (login, ()) = tokio::join!(login, change);
            match login {
                Ok(opened) => assert!(!lives(&opened).await, "round {round}: it outlived the change"),
                Err(answer) => answer.unwrap().expect_problem(401, "proof_rejected").done(),
            }
            assert!(lives(&user).await);
            person = person.with_password("the next password", &new);
        }
    }
);

both_engines!(a_refresh_under_way_never_outlives_the_disabling_of_its_account, async |app| {
    let person = app.registered("person@example.com").await;
    let name = AccountName::Address(Address::parse(&person.email).unwrap());
    let accounts = app.domain().await.accounts;
    for round in 0..ROUNDS {
        let user = person.log_in().await;
        let refresh = async {
            some_time().await;
            let body = json!({ "refresh_token": user.refresh_token() });
            app.anonymous().post("/v1/auth/refresh", body).await
        };
        let disable = async {
            some_time().await;
            accounts.disable(&name).await.unwrap()
        };
        let (answer, _) = tokio::join!(refresh, disable);
        if answer.status == 200 {
            let renewed = app.anonymous().bearer(&answer.string("/tokens/access_token"));
            assert_eq!(renewed.get("/v1/auth/me").await.status, 401, "round {round}: a token outlived the disabling");
            let next = json!({ "refresh_token": answer.string("/tokens/refresh_token") });
            let again: Value = app.anonymous().post("/v1/auth/refresh", next).await.json();
            assert_eq!(again["code"], "refresh_invalid", "round {round}");
        } else {
            answer.expect_problem(401, "refresh_invalid").done();
        }
        app.database.execute("UPDATE accounts SET status = 'active', disabled_at = NULL").await;
    }
});
