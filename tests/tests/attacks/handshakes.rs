//! Handshakes that were altered, are somebody else's, or come at the wrong time.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_shared::encoding::{from_base64url, to_base64url};
use tacit_tests::{Answer, App, Engine, Setup, both_engines};

const PROOF: &str = "/api/auth/srp/login/proof";
const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";

/// The hour whose key sealed it, and the key's name: both in clear, both covered by the seal.
const HEADER: usize = 16;

fn with_handshake(body: &Value, handshake: &str) -> Value {
    let mut body = body.clone();
    body["handshake"] = json!(handshake);
    body
}

async fn sessions(app: &App) -> i64 {
    app.database.number("SELECT COUNT(*) FROM sessions").await
}

fn refused_as(answer: &Answer, codes: &[&str], what: &str) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    assert!(codes.contains(&answer.string("/code").as_str()), "{what}: {}", answer.text());
}

both_engines!(no_byte_of_a_handshake_can_be_altered, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let (good, client) = (person.proof_body(&handshake), app.anonymous());
    let sealed = from_base64url(&handshake.sealed).unwrap();
    for position in 0..sealed.len() {
        let mut forged = sealed.clone();
        forged[position] ^= 1 << (position % 8);
        let answer = client.post(PROOF, with_handshake(&good, &to_base64url(&forged))).await;
        // One that names a key which is not there is told like one whose key was destroyed.
        let codes: &[_] =
            if position < HEADER { &["handshake_invalid", "handshake_expired"] } else { &["handshake_invalid"] };
        refused_as(&answer, codes, &format!("byte {position}"));
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM spent_handshakes").await, 0);
    client.post(PROOF, good).await.expect_status(200).done();
});

both_engines!(nothing_can_be_cut_off_a_handshake_or_put_to_it, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let (good, client, sealed) = (person.proof_body(&handshake), app.anonymous(), handshake.sealed);
    let half = sealed.len() / 2;
    let altered = [
        sealed[1..].to_owned(),
        sealed[4..].to_owned(),
        sealed[..sealed.len() - 1].to_owned(),
        sealed[..sealed.len() - 4].to_owned(),
        sealed[..half].to_owned(),
        sealed[half..].to_owned(),
        sealed[..4].to_owned(),
        sealed[..1].to_owned(),
        format!("{sealed}A"),
        format!("{sealed}AAAA"),
        format!("AAAA{sealed}"),
        sealed.repeat(2),
        format!("{sealed}="),
        format!("{sealed}===="),
        format!(" {sealed}"),
        format!("{sealed}\n"),
        format!("{}\0", &sealed[1..]),
        format!("+{}", &sealed[1..]),
        format!("/{}", &sealed[1..]),
        format!("{}é", &sealed[2..]),
        sealed.to_uppercase(),
        "A".repeat(sealed.len()),
        "_".repeat(sealed.len()),
    ];
    for altered in altered {
        let answer = client.post(PROOF, with_handshake(&good, &altered)).await;
        refused_as(&answer, &["handshake_invalid", "handshake_expired"], &altered);
    }
    for no_handshake in [String::new(), sealed.repeat(3)] {
        let answer = client.post(PROOF, with_handshake(&good, &no_handshake)).await;
        assert_eq!(answer.expect_problem(400, "invalid_request").member("/fields/0/name"), "handshake");
    }
    // The handshake is looked at before `A` is: what no group could hold says nothing about a forgery.
    let mut forged = with_handshake(&good, &sealed.to_uppercase());
    forged["A"] = json!("0");
    refused_as(&client.post(PROOF, forged).await, &["handshake_invalid", "handshake_expired"], "a forgery with A = 0");
    client.post(PROOF, good).await.expect_status(200).done();
});

both_engines!(a_handshake_of_another_server_is_worth_nothing_here, async |app| {
    let here = app.registered("person@example.com").await;
    // Another database under the same master key; another master key.
    for setup in [Setup::new(), Setup::new().with("master_key.value", &"c3".repeat(32))] {
        let other = Box::pin(App::start(app.engine, setup)).await;
        let there = other.registered("person@example.com").await;
        let foreign = there.begin_login().await;
        let body = there.proof_body(&foreign);
        app.anonymous().post(PROOF, body.clone()).await.expect_problem(401, "handshake_expired").done();
        // The victim's own proof, relayed with the rogue's state.
        let relayed = here.proof_body(&foreign);
        app.anonymous().post(PROOF, relayed).await.expect_problem(401, "handshake_expired").done();
        other.anonymous().post(PROOF, body).await.expect_status(200).done();
        other.finish().await;
    }
    assert_eq!(sessions(app).await, 0);
    here.log_in().await;
});

both_engines!(a_handshake_of_another_accounts_login_proves_nothing, async |app| {
    let (ada, mallory) = (app.registered("ada@example.com").await, app.registered("mallory@example.com").await);
    let (for_ada, for_mallory) = (ada.begin_login().await, mallory.begin_login().await);
    // Mallory's own good proof under Ada's handshake, and a proof by Mallory's password for all that Ada was told.
    let good = mallory.proof_body(&for_mallory);
    let swapped = with_handshake(&good, &for_ada.sealed);
    app.anonymous().post(PROOF, swapped).await.expect_problem(401, "proof_rejected").done();
    let for_ada = ada.begin_login().await;
    mallory.prove(&for_ada).await.expect_problem(401, "proof_rejected").done();
    assert_eq!(sessions(app).await, 0);
    let opened = app.anonymous().post(PROOF, good).await.expect_status(200);
    let me = app.anonymous().bearer(&opened.string("/tokens/access_token")).get("/v1/auth/me").await;
    assert_eq!(me.expect_status(200).member("/user/email"), "mallory@example.com");
});

both_engines!(a_handshake_of_a_former_credential_proves_nothing, async |app| {
    let person = app.registered("person@example.com").await;
    let (by_the_old, by_the_new) = (person.begin_login().await, person.begin_login().await);
    // The same account takes another credential: behind the server's back it is made to wait for an invitation again.
    app.database.execute("DELETE FROM credentials").await;
    app.database.execute("UPDATE accounts SET status = 'invited'").await;
    let secret = app.invite_admin("person@example.com").await;
    let renewed = app.stranger("person@example.com");
    let body = json!({ "token": secret, "credential": renewed.credential.json() });
    app.anonymous().post(ACTIVATE, body).await.expect_status(200).done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM accounts").await, 1);

    person.prove(&by_the_old).await.expect_problem(401, "proof_rejected").done();
    renewed.prove(&by_the_new).await.expect_problem(401, "proof_rejected").done();
    assert_eq!(sessions(app).await, 0);
    renewed.log_in().await;
});

both_engines!(a_restart_leaves_no_handshake_that_could_be_used_twice, async |app| {
    let person = app.registered("person@example.com").await;
    let (open, spent) = (person.begin_login().await, person.begin_login().await);
    person.prove(&spent).await.expect_status(200).done();
    app.stop().await;
    app.start_again().await;
    match app.engine {
        // The keys were in the process's memory, and are gone with it.
        Engine::Sqlite => {
            person.prove(&open).await.expect_problem(401, "handshake_expired").done();
            person.prove(&spent).await.expect_problem(401, "handshake_expired").done();
        }
        Engine::Postgres => {
            person.prove(&open).await.expect_status(200).done();
            person.prove(&spent).await.expect_problem(401, "handshake_spent").done();
        }
    }
    person.log_in().await;
});

both_engines!(a_handshake_is_good_from_five_seconds_before_its_time_to_two_minutes_after, async |app| {
    const INSTANT: Duration = Duration::from_millis(1);
    let person = app.registered("person@example.com").await;
    let ahead = person.begin_login().await;
    app.clock.set_back(Duration::from_secs(5) + INSTANT);
    person.prove(&ahead).await.expect_problem(401, "handshake_invalid").done();
    app.clock.advance(INSTANT);
    // Having been too early spent nothing.
    person.prove(&ahead).await.expect_status(200).done();

    let (last, late) = (person.begin_login().await, person.begin_login().await);
    app.clock.advance(Duration::from_mins(2));
    person.prove(&last).await.expect_status(200).done();
    app.clock.advance(INSTANT);
    person.prove(&late).await.expect_problem(401, "handshake_expired").done();

    let old = person.begin_login().await;
    app.clock.advance(Duration::from_hours(5));
    person.prove(&old).await.expect_problem(401, "handshake_expired").done();
    let new = person.begin_login().await;
    app.clock.set_back(Duration::from_hours(5));
    person.prove(&new).await.expect_problem(401, "handshake_invalid").done();
    person.log_in().await;
});

both_engines!(a_spent_handshake_stays_spent_for_as_long_as_any_key_opens_it, async |app| {
    let person = app.registered("person@example.com").await;
    // At the beginning of an hour, where the key of a handshake has its longest life before it.
    app.clock.advance_to_next(Duration::from_hours(1));
    let body = person.proof_body(&person.begin_login().await);
    app.anonymous().post(PROOF, body.clone()).await.expect_status(200).done();
    // The clock runs ahead, the server tidies up, somebody corrects the clock.
    for ahead in [Duration::from_mins(63), Duration::from_mins(64)] {
        app.clock.advance(ahead);
        app.tidy().await;
        app.clock.set_back(ahead);
        let again = app.anonymous().post(PROOF, body.clone()).await;
        refused_as(&again, &["handshake_spent", "handshake_expired"], "replayed");
    }
    assert_eq!(sessions(app).await, 1);
});
