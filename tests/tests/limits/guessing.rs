//! Who guesses waits longer and longer; who logged in here before is not shut out by it.

use std::time::Duration;

use serde_json::json;
use tacit_tests::{Answer, App, Engine, Person, Setup, both_engines};

/// A wrong proof from a device nobody knows.
async fn guess(person: &Person) -> Answer {
    person.guess(&json!({})).await
}

async fn guess_with(person: &Person, token: &str) -> Answer {
    person.guess(&json!({ "device_token": token })).await
}

async fn log_in_with(person: &Person, token: &str) -> Answer {
    let handshake = person.begin_login().await;
    person.prove_with(&handshake, &json!({ "device_token": token })).await
}

async fn remembered(person: &Person) -> String {
    person.log_in_with(&json!({ "remember_device": true })).await.answer.string("/device_token")
}

/// Wrong proofs, each as soon as it is allowed, until that many were looked at.
async fn guess_patiently(app: &App, person: &Person, times: usize) {
    for number in 0..times {
        let mut answer = guess(person).await;
        if answer.status == 429 {
            let wait: u64 = answer.expect_problem(429, "too_many_attempts").header("retry-after").parse().unwrap();
            app.clock.advance(Duration::from_secs(wait));
            answer = guess(person).await;
        }
        assert_eq!(answer.status, 401, "guess {number}: {}", answer.text());
    }
}

both_engines!(failures_in_a_row_cost_more_and_more_time, async |app| {
    let person = app.registered("person@example.com").await;
    let nobody = app.stranger("nobody@example.com");
    // An address without an account is slowed down alike.
    for victim in [&person, &nobody] {
        for _ in 0..5 {
            guess(victim).await.expect_problem(401, "proof_rejected").done();
        }
        for wait in [1_u64, 2, 4, 8, 16, 900, 900] {
            let refused = guess(victim).await.expect_problem(429, "too_many_attempts");
            let told: u64 = refused.header("retry-after").parse().unwrap();
            assert!(told <= wait && told + 2 > wait, "{told}, not {wait}");
            app.clock.advance(Duration::from_secs(wait));
            guess(victim).await.expect_problem(401, "proof_rejected").done();
        }
    }
    app.clock.advance(Duration::from_mins(15));
    person.log_in().await;
    // A success begins anew.
    for _ in 0..5 {
        guess(&person).await.expect_problem(401, "proof_rejected").done();
    }
});

both_engines!(
    an_attacker_cannot_shut_a_known_device_out,
    Setup::new().with("limits.client_proofs", "20"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let token = remembered(&person).await;
        guess_patiently(app, &person, 12).await;
        let handshake = person.begin_login().await;
        person.prove(&handshake).await.expect_problem(429, "too_many_attempts").done();

        log_in_with(&person, &token).await.expect_status(200).done();
        // Who knows the password has shown it: others may try again, too.
        person.log_in().await;
    }
);

both_engines!(
    a_known_device_is_not_held_for_its_neighbours_behind_one_address,
    Setup::new().with("limits.client_proofs", "2"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let token = remembered(&person).await;
        for number in 0..2 {
            guess(&app.stranger(&format!("other{number}@example.com")))
                .await
                .expect_problem(401, "proof_rejected")
                .done();
        }
        let handshake = person.begin_login().await;
        person.prove(&handshake).await.expect_problem(429, "too_many_requests").done();
        log_in_with(&person, &token).await.expect_status(200).done();
    }
);

both_engines!(a_known_device_that_guesses_is_slowed_down_itself, async |app| {
    let person = app.registered("person@example.com").await;
    let token = remembered(&person).await;
    for _ in 0..5 {
        guess_with(&person, &token).await.expect_problem(401, "proof_rejected").done();
    }
    guess_with(&person, &token).await.expect_problem(429, "too_many_attempts").done();
    log_in_with(&person, &token).await.expect_problem(429, "too_many_attempts").done();
    // Its failures are its own: another device, known or not, may still try.
    person.log_in().await;
    app.clock.advance(Duration::from_secs(1));
    log_in_with(&person, &token).await.expect_status(200).done();
});

both_engines!(
    after_too_many_failures_only_a_known_device_opens_the_login,
    Setup::new().with("limits.proof_lock", "14"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let token = remembered(&person).await;
        let nobody = app.stranger("nobody@example.com");
        for victim in [&person, &nobody] {
            guess_patiently(app, victim, 14).await;
            app.clock.advance(Duration::from_hours(40 * 24));
            guess(victim).await.expect_problem(403, "login_locked").done();
        }
        let handshake = person.begin_login().await;
        person.prove(&handshake).await.expect_problem(403, "login_locked").done();
        app.tidy().await;
        person.prove(&handshake).await.expect_problem(403, "login_locked").done();

        log_in_with(&person, &token).await.expect_status(200).done();
        person.log_in().await;
    }
);

both_engines!(an_administrator_opens_the_login_too, Setup::new().with("limits.proof_lock", "12"), async |app| {
    let person = app.registered("person@example.com").await;
    guess_patiently(app, &person, 12).await;
    guess(&person).await.expect_problem(403, "login_locked").done();
    let said = app.command(&["user", "unlock", "person@example.com"]).await;
    assert_eq!(said.trim(), "12 failed login(s) in a row forgotten");
    person.log_in().await;
});

both_engines!(the_hundredth_failure_is_the_last, async |app| {
    let person = app.registered("person@example.com").await;
    guess_patiently(app, &person, 100).await;
    app.clock.advance(Duration::from_hours(24));
    guess(&person).await.expect_problem(403, "login_locked").done();
});

both_engines!(the_fewer_failures_the_sooner_they_are_forgotten, async |app| {
    const ROWS: &str = "SELECT COUNT(*) FROM proof_failures";
    const DAY: Duration = Duration::from_hours(24);
    let (once, often) = (app.stranger("once@example.com"), app.stranger("often@example.com"));
    guess(&once).await.expect_problem(401, "proof_rejected").done();
    guess_patiently(app, &often, 12).await;
    // A hundred cost a year of waiting, so one costs a hundredth of that: no tempo of guessing gets around the lock.
    for (days, rows) in [(3, 2), (1, 1), (39, 1), (1, 0)] {
        app.clock.advance(days * DAY);
        app.tidy().await;
        assert_eq!(app.database.number(ROWS).await, rows);
    }
});

both_engines!(
    many_tokens_of_one_account_guess_no_more_than_all_strangers_do,
    Setup::new().with("limits.proof_lock", "12"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let tokens = [remembered(&person).await, remembered(&person).await, remembered(&person).await];
        for (token, guesses) in tokens.iter().zip([5, 5, 2]) {
            for _ in 0..guesses {
                guess_with(&person, token).await.expect_problem(401, "proof_rejected").done();
            }
        }
        // Each has waited for what it failed itself.
        app.clock.advance(Duration::from_secs(1));
        for token in &tokens {
            guess_with(&person, token).await.expect_problem(403, "login_locked").done();
            log_in_with(&person, token).await.expect_problem(403, "login_locked").done();
        }
        // Its owner comes in as a stranger meanwhile, or an administrator opens the account again.
        person.log_in().await;
        log_in_with(&person, &tokens[2]).await.expect_problem(403, "login_locked").done();
        let said = app.command(&["user", "unlock", "person@example.com"]).await;
        assert_eq!(said.trim(), "12 failed login(s) in a row forgotten");
        log_in_with(&person, &tokens[2]).await.expect_status(200).done();
    }
);

both_engines!(
    one_token_alone_cannot_lock_the_other_devices,
    Setup::new().with("limits.proof_lock", "12"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let (stolen, own) = (remembered(&person).await, remembered(&person).await);
        for _ in 0..5 {
            guess_with(&person, &stolen).await.expect_problem(401, "proof_rejected").done();
        }
        app.clock.advance(Duration::from_secs(1));
        guess_with(&person, &stolen).await.expect_problem(401, "proof_rejected").done();
        app.clock.advance(Duration::from_hours(24));
        guess_with(&person, &stolen).await.expect_problem(403, "login_locked").done();
        for _ in 0..5 {
            guess_with(&person, &own).await.expect_problem(401, "proof_rejected").done();
        }
        app.clock.advance(Duration::from_secs(1));
        // A success of one of them begins the count of all anew.
        log_in_with(&person, &own).await.expect_status(200).done();
        for _ in 0..5 {
            guess_with(&person, &own).await.expect_problem(401, "proof_rejected").done();
        }
        app.clock.advance(Duration::from_secs(1));
        log_in_with(&person, &own).await.expect_status(200).done();
    }
);

both_engines!(a_device_token_serves_its_account_and_nobody_else, async |app| {
    let (ada, bob) = (app.registered("ada@example.com").await, app.registered("bob@example.com").await);
    let token = remembered(&ada).await;
    guess_patiently(app, &bob, 10).await;
    let forged = {
        let mut letters: Vec<char> = token.chars().collect();
        let at = letters.len() - 10;
        letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        letters.into_iter().collect::<String>()
    };
    let truncated = token[..token.len() - 4].to_owned();
    for useless in [token.clone(), forged, truncated, String::new(), "dt_".to_owned(), "x".repeat(78)] {
        log_in_with(&bob, &useless).await.expect_problem(429, "too_many_attempts").done();
    }
    log_in_with(&ada, &token).await.expect_status(200).done();
});

both_engines!(a_device_token_is_given_only_on_request_and_renewed_after_a_month, async |app| {
    let person = app.registered("person@example.com").await;
    assert!(person.log_in().await.answer.json().get("device_token").is_none());
    let token = remembered(&person).await;
    assert!(token.starts_with("dt_") && token.len() == 78, "{token}");
    let both = json!({ "device_token": token, "remember_device": true });
    let young = person.log_in_with(&both).await.answer;
    assert!(young.json().get("device_token").is_none());
    app.clock.advance(Duration::from_hours(31 * 24));
    assert_ne!(person.log_in_with(&both).await.answer.string("/device_token"), token);
    // A device that stayed away for a year is a stranger.
    app.clock.advance(Duration::from_hours(335 * 24));
    guess_patiently(app, &person, 10).await;
    log_in_with(&person, &token).await.expect_problem(429, "too_many_attempts").done();
});

both_engines!(fifty_guesses_at_once_are_not_more_than_one_after_the_other, async |app| {
    let person = app.registered("person@example.com").await;
    let mut bodies = Vec::new();
    for _ in 0..50 {
        let handshake = person.begin_login().await;
        bodies.push(json!({ "handshake": handshake.sealed, "A": "02", "M1": "00".repeat(32) }));
    }
    let client = app.anonymous();
    let proofs = bodies.into_iter().map(|body| {
        let client = client.clone();
        tokio::spawn(async move { client.post("/api/auth/srp/login/proof", body).await.status })
    });
    let proofs: Vec<_> = proofs.collect();
    let mut looked_at = 0;
    for proof in proofs {
        match proof.await.unwrap() {
            401 => looked_at += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(looked_at, 5, "five are free, and then there is a pause");
});

#[tokio::test]
async fn nodes_count_failures_together() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let node = app.node().await;
        let person = app.registered("person@example.com").await;
        let there = person.through(&app.client_of(&node));
        for number in 0..5 {
            let who = if number % 2 == 0 { &person } else { &there };
            guess(who).await.expect_problem(401, "proof_rejected").done();
        }
        guess(&there).await.expect_problem(429, "too_many_attempts").done();
        guess(&person).await.expect_problem(429, "too_many_attempts").done();
        let token = {
            app.clock.advance(Duration::from_secs(1));
            remembered(&there).await
        };
        log_in_with(&person, &token).await.expect_status(200).done();
        node.stop().await;
    })
    .await;
}

both_engines!(a_sign_up_of_ones_own_does_not_begin_the_count_of_the_address_anew, async |app| {
    let victim = app.registered("person@example.com").await;
    let mut attacker = app.stranger("person@example.com");
    attacker.sign_up().await.expect_status(201).done();
    let attacker = attacker.with_ticket();
    for _ in 0..5 {
        guess(&victim).await.expect_problem(401, "proof_rejected").done();
    }
    let handshake = attacker.begin_login().await;
    attacker.prove(&handshake).await.expect_problem(403, "account_not_activated").done();
    guess(&victim).await.expect_problem(429, "too_many_attempts").done();
});

both_engines!(a_right_proof_of_a_disabled_account_is_no_failure, async |app| {
    let person = app.registered("person@example.com").await;
    app.command(&["user", "disable", "person@example.com"]).await;
    for _ in 0..7 {
        let handshake = person.begin_login().await;
        person.prove(&handshake).await.expect_problem(403, "account_disabled").done();
    }
});
