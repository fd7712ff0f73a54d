//! `/api/auth/srp/login`: a password is proven.

use std::time::Duration;

use serde_json::json;
use tacit_tests::{Setup, both_engines};

const PROOF: &str = "/api/auth/srp/login/proof";

both_engines!(a_login_proves_both_sides_and_gives_tokens, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    assert_eq!(user.answer.member("/tokens/token_type"), "Bearer");
    assert_eq!(user.answer.member("/tokens/expires_in"), 300);
    assert!(user.refresh_token().starts_with("rt_"));
    assert_eq!(user.access_token.split('.').count(), 3);
    assert!(user.answer.headers.get("set-cookie").is_none());
});

both_engines!(a_handshake_can_be_finished_only_once, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_status(200).done();
    person.prove(&handshake).await.expect_problem(401, "handshake_spent").done();
});

both_engines!(a_handshake_is_one_guess, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    person.mistyping("wrong").prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    person.prove(&handshake).await.expect_problem(401, "handshake_spent").done();
});

both_engines!(a_handshake_sent_twice_at_once_is_finished_once, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let (first, second) = tokio::join!(person.prove(&handshake), person.prove(&handshake));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
});

both_engines!(a_handshake_expires_after_two_minutes, async |app| {
    let person = app.registered("person@example.com").await;
    let (early, late) = (person.begin_login().await, person.begin_login().await);
    app.clock.advance(Duration::from_secs(119));
    person.prove(&early).await.expect_status(200).done();
    app.clock.advance(Duration::from_secs(2));
    person.prove(&late).await.expect_problem(401, "handshake_expired").done();
});

both_engines!(a_handshake_from_the_future_is_refused, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    app.clock.set_back(Duration::from_secs(10));
    assert_eq!(person.prove(&handshake).await.status, 401);
});

both_engines!(a_handshake_cannot_be_forged, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let length = handshake.sealed.len();
    for position in [0, 1, 8, 40, length / 2, length - 2] {
        let mut forged = handshake.clone();
        let mut letters = handshake.sealed.clone().into_bytes();
        letters[position] = if letters[position] == b'A' { b'B' } else { b'A' };
        forged.sealed = String::from_utf8(letters).unwrap();
        let answer = person.prove(&forged).await;
        assert_eq!(answer.status, 401, "letter {position}: {}", answer.text());
    }
    let mut foreign = handshake.clone();
    foreign.sealed = "A".repeat(length);
    // It names a key that is not there, as one does that was destroyed when its time was over.
    person.prove(&foreign).await.expect_problem(401, "handshake_expired").done();
    // None of this spent the real one.
    person.prove(&handshake).await.expect_status(200).done();
});

both_engines!(a_handshake_serves_only_the_account_it_was_made_for, async |app| {
    let (ada, bob) = (app.registered("ada@example.com").await, app.registered("bob@example.com").await);
    let (for_ada, for_bob) = (ada.begin_login().await, bob.begin_login().await);
    let mut mixed = for_bob.clone();
    mixed.sealed.clone_from(&for_ada.sealed);
    bob.prove(&mixed).await.expect_problem(401, "proof_rejected").done();
    bob.prove(&for_bob).await.expect_status(200).done();
});

both_engines!(a_wrong_password_is_rejected, async |app| {
    let person = app.registered("person@example.com").await;
    let mistyped = person.mistyping("not the password");
    let handshake = mistyped.begin_login().await;
    let answer = mistyped.prove(&handshake).await.expect_problem(401, "proof_rejected");
    assert!(!answer.text().contains("M2"));
});

both_engines!(values_outside_the_group_are_refused_and_spend_nothing, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let good = person.proof_body(&handshake);
    let modulus = tacit_shared::encoding::to_hex(tacit_shared::srp::Group::G2048.modulus());
    let broken = [
        ("A", "0".repeat(512)),
        ("A", "00".to_owned()),
        ("A", modulus),
        ("A", "f".repeat(514)),
        ("A", "+1".to_owned()),
        ("A", " 5".to_owned()),
        ("A", String::new()),
        ("M1", "ab".repeat(31)),
        ("M1", "ab".repeat(33)),
        ("M1", "zz".repeat(32)),
    ];
    for (name, value) in broken {
        let mut body = good.clone();
        body[name] = json!(value);
        let answer = app.anonymous().post(PROOF, body).await;
        assert!(matches!(answer.status, 400 | 401), "{name} = {value}: {}", answer.text());
    }
    app.anonymous().post(PROOF, good).await.expect_status(200).done();
});

both_engines!(upper_case_and_unpadded_values_are_welcome, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let mut body = person.proof_body(&handshake);
    let a = body["A"].as_str().unwrap().trim_start_matches('0').to_uppercase();
    body["A"] = json!(a);
    body["M1"] = json!(body["M1"].as_str().unwrap().to_uppercase());
    app.anonymous().post(PROOF, body).await.expect_status(200).done();
});

both_engines!(not_activated_is_told_only_after_a_valid_proof_with_the_ticket, async |app| {
    let person = app.signed_up("person@example.com").await;
    let with_ticket = person.with_ticket();
    let handshake = with_ticket.begin_login().await;
    with_ticket.prove(&handshake).await.expect_problem(403, "account_not_activated").done();

    let mistyped = with_ticket.mistyping("not the password");
    let handshake = mistyped.begin_login().await;
    mistyped.prove(&handshake).await.expect_problem(401, "proof_rejected").done();

    let handshake = person.begin_login().await;
    assert_ne!(handshake.identity, with_ticket.begin_login().await.identity);
    person.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
});

both_engines!(a_ticket_for_a_known_address_says_not_activated_too, async |app| {
    app.registered("person@example.com").await;
    let mut second = app.stranger("person@example.com");
    second.sign_up().await.expect_status(201).done();
    let second = second.with_ticket();
    let handshake = second.begin_login().await;
    second.prove(&handshake).await.expect_problem(403, "account_not_activated").done();
});

both_engines!(a_disabled_account_is_told_only_after_a_valid_proof, async |app| {
    let person = app.registered("person@example.com").await;
    app.command(&["user", "disable", "person@example.com"]).await;
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_problem(403, "account_disabled").done();
    let mistyped = person.mistyping("not the password");
    let handshake = mistyped.begin_login().await;
    mistyped.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
});

both_engines!(disabling_between_the_steps_wins, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    app.command(&["user", "disable", "person@example.com"]).await;
    person.prove(&handshake).await.expect_problem(403, "account_disabled").done();
});

both_engines!(failed_proofs_are_limited, Setup::new().with("limits.proof_attempts", "3"), async |app| {
    let person = app.registered("person@example.com").await;
    let mistyped = person.mistyping("not the password");
    for _ in 0..3 {
        let handshake = mistyped.begin_login().await;
        mistyped.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    }
    let handshake = person.begin_login().await;
    let refused = person.prove(&handshake).await.expect_problem(429, "too_many_attempts");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!(wait <= 15 * 60);
    app.clock.advance(Duration::from_secs(15 * 60 + 1));
    person.log_in().await;
});

both_engines!(
    being_refused_for_too_many_attempts_spends_nothing,
    Setup::new().with("limits.proof_attempts", "1").with("limits.proof_window", "30s"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let mistyped = person.mistyping("not the password");
        let (wrong, right) = (mistyped.begin_login().await, person.begin_login().await);
        mistyped.prove(&wrong).await.expect_problem(401, "proof_rejected").done();
        person.prove(&right).await.expect_problem(429, "too_many_attempts").done();
        app.clock.advance(Duration::from_secs(61));
        person.prove(&right).await.expect_status(200).done();
    }
);

both_engines!(logins_that_succeed_cost_nothing, Setup::new().with("limits.proof_attempts", "2"), async |app| {
    let person = app.registered("person@example.com").await;
    for _ in 0..5 {
        person.log_in().await;
    }
});

both_engines!(
    a_full_queue_is_told_at_once,
    // All at once for one person: what is under way counts as failed.
    Setup::new().with("limits.srp_workers", "1").with("limits.srp_queue", "1").with("limits.proof_attempts", "100"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let mut handshakes = Vec::new();
        for _ in 0..24 {
            handshakes.push(person.begin_login().await);
        }
        let bodies: Vec<_> = handshakes.iter().map(|handshake| person.proof_body(handshake)).collect();
        let client = app.anonymous();
        let tasks: Vec<_> = bodies
            .iter()
            .map(|body| {
                let (client, body) = (client.clone(), body.clone());
                tokio::spawn(async move { client.post(PROOF, body).await })
            })
            .collect();
        let mut refused = Vec::new();
        for (task, body) in tasks.into_iter().zip(bodies) {
            let answer = task.await.unwrap();
            if answer.status == 503 {
                answer.expect_problem(503, "srp_busy").done();
                refused.push(body);
            } else {
                answer.expect_status(200).done();
            }
        }
        assert!(!refused.is_empty(), "the queue was never full");
        // A refused handshake is still good.
        client.post(PROOF, refused.pop().unwrap()).await.expect_status(200).done();
    }
);

both_engines!(a_device_has_the_name_it_was_given, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in_with(&json!({ "device_name": "Ada's laptop" })).await;
    let list = user.client.get("/api/auth/sessions/list").await.expect_status(200);
    assert_eq!(list.member("/sessions/0/device_name"), "Ada's laptop");
});
