//! `/api/auth/srp/step-up`: the password, shown again in a session.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_shared::encoding::from_base64url;
use tacit_shared::sealed::Purpose;
use tacit_tests::{App, Setup, User, both_engines};

/// What the next access token of a session says.
async fn claims(app: &App, user: &User) -> Value {
    let body = json!({ "refresh_token": user.refresh_token() });
    let token = app.anonymous().post("/v1/auth/refresh", body).await.expect_status(200).string("/tokens/access_token");
    serde_json::from_slice(&from_base64url(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

async fn stepped_up(app: &App) -> i64 {
    app.database.number("SELECT COUNT(*) FROM sessions WHERE stepped_up_at IS NOT NULL").await
}

both_engines!(a_step_up_raises_the_time_of_authentication_of_this_session_only, async |app| {
    let person = app.registered("person@example.com").await;
    let (here, there) = (person.log_in().await, person.log_in().await);
    app.clock.advance(Duration::from_mins(4));
    let answer = here.step_up(&person).await.expect_status(200);
    assert_eq!(answer.member("/expires_in"), 600);
    let (raised, old) = (claims(app, &here).await, claims(app, &there).await);
    assert_eq!(raised["auth_time"].as_i64().unwrap() - old["auth_time"].as_i64().unwrap(), 4 * 60);
    assert_eq!(stepped_up(app).await, 1);
});

both_engines!(a_login_is_no_step_up, async |app| {
    app.user("person@example.com").await;
    assert_eq!(stepped_up(app).await, 0);
});

both_engines!(a_wrong_password_does_not_step_up, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    user.step_up(&person.mistyping("not the password")).await.expect_problem(401, "proof_rejected").done();
    assert_eq!(stepped_up(app).await, 0);
    user.step_up(&person).await.expect_status(200).done();
});

both_engines!(a_step_up_that_carries_something_is_refused, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    let handshake = user.begin(Purpose::StepUp).await;
    let answer = user.authorise(&person, &handshake, Purpose::StepUp, b"{}").await;
    answer.expect_problem(400, "invalid_request").done();
    assert_eq!(stepped_up(app).await, 0);
});

both_engines!(
    failed_step_ups_pause_the_next_and_leave_logins_alone,
    Setup::new().with("limits.proof_attempts", "3"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let user = person.log_in().await;
        let mistyping = person.mistyping("not the password");
        for _ in 0..3 {
            user.step_up(&mistyping).await.expect_problem(401, "proof_rejected").done();
        }
        let held = user.step_up(&person).await;
        assert!(held.header("retry-after").parse::<u64>().unwrap() > 0);
        held.expect_problem(429, "too_many_attempts").done();
        // Whoever stole a token must not be able to shut its owner out.
        person.log_in().await;
        app.clock.advance(Duration::from_mins(16));
        let fresh = person.log_in().await;
        fresh.step_up(&person).await.expect_status(200).done();
    }
);
