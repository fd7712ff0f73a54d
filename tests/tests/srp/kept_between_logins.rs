//! What a server computes ahead of a login, and what it keeps of the last one: nothing but time may depend on it.

use std::time::Duration;

use serde_json::json;
use tacit_tests::{App, NewCredential, Setup, both_engines};

const NEW: &str = "an altogether new password";

async fn pairs(app: &App) -> usize {
    app.domain().await.health.report().await.srp.pairs
}

both_engines!(an_account_logs_in_again_by_what_its_last_login_left, async |app| {
    let person = app.registered("person@example.com").await;
    app.keeps_combs(0).await;
    let first = person.log_in().await;
    app.keeps_combs(1).await;
    assert_eq!(person.log_in().await.id, first.id);
    let handshake = person.begin_login().await;
    person.mistyping("not the password").prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    assert_eq!(person.log_in().await.id, first.id);
    let other = app.registered("other@example.com").await.log_in().await;
    app.keeps_combs(2).await;
    assert_ne!(other.id, first.id);
});

both_engines!(who_only_fails_leaves_nothing, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    person.mistyping("not the password").prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    let handshake = app.stranger("nobody@example.com").begin_login().await;
    app.stranger("nobody@example.com").prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    // Whoever succeeds is waited for, so that a trace of the others would be there by then.
    app.registered("other@example.com").await.log_in().await;
    app.keeps_combs(1).await;
});

both_engines!(another_password_and_a_farewell_throw_away_what_was_kept, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    app.keeps_combs(1).await;
    let new = NewCredential::of(NEW);
    user.change_password(&person, &new, &json!({})).await.expect_status(204).done();
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    app.keeps_combs(0).await;
    let person = person.with_password(NEW, &new);
    let user = person.log_in().await;
    app.keeps_combs(1).await;
    user.step_up(&person).await.expect_status(200).done();
    user.client.delete("/api/auth/users/").await.expect_status(204).done();
    app.leaves_jobs();
    app.keeps_combs(0).await;
});

both_engines!(what_nobody_uses_is_kept_for_an_hour, async |app| {
    app.registered("person@example.com").await.log_in().await;
    app.keeps_combs(1).await;
    app.clock.advance(Duration::from_mins(59));
    app.tidy().await;
    app.keeps_combs(1).await;
    app.clock.advance(Duration::from_mins(2));
    app.tidy().await;
    app.keeps_combs(0).await;
});

both_engines!(
    challenges_are_half_computed_while_nobody_asks,
    Setup::new().with("limits.srp_pairs", "4"),
    async |app| {
        assert_eq!(pairs(app).await, 0, "nobody asked yet");
        let person = app.registered("person@example.com").await;
        let mut seen = std::collections::HashSet::new();
        for _ in 0..12 {
            let handshake = person.begin_login().await;
            assert!(seen.insert(handshake.server_public.clone()), "a B came twice");
            person.prove(&handshake).await.expect_status(200).done();
        }
        // Filled up again whenever half is gone, and never beyond.
        for _ in 0..2000 {
            let ready = pairs(app).await;
            assert!(ready <= 4, "{ready}");
            if ready > 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("not more than {}", pairs(app).await);
    }
);

both_engines!(
    without_either_logins_are_the_same,
    Setup::new().with("limits.srp_pairs", "0").with("limits.srp_combs", "0"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let first = person.log_in().await;
        assert_eq!(person.log_in().await.id, first.id);
        assert_eq!((pairs(app).await, app.domain().await.health.report().await.srp.combs), (0, 0));
    }
);
