//! `/v1/auth/refresh`: a refresh token is exchanged for the next.

use std::time::Duration;

use serde_json::json;
use tacit_tests::{Answer, App, both_engines};

const ME: &str = "/v1/auth/me";

async fn refresh(app: &App, token: &str) -> Answer {
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

both_engines!(a_refresh_gives_new_tokens_for_the_same_session, async |app| {
    let user = app.user("person@example.com").await;
    app.clock.advance(Duration::from_mins(10));
    user.client.get(ME).await.expect_problem(401, "unauthenticated").done();
    let tokens = refresh(app, user.refresh_token()).await.expect_status(200);
    assert_ne!(tokens.string("/tokens/refresh_token"), user.refresh_token());
    assert_eq!(tokens.member("/tokens/expires_in"), 300);
    let renewed = app.anonymous().bearer(&tokens.string("/tokens/access_token"));
    assert_eq!(renewed.get(ME).await.expect_status(200).member("/session/id"), user.session_id.as_str());
});

both_engines!(a_repeat_within_ten_seconds_gets_the_same_successor, async |app| {
    let user = app.user("person@example.com").await;
    let first = refresh(app, user.refresh_token()).await.expect_status(200);
    app.clock.advance(Duration::from_secs(9));
    let second = refresh(app, user.refresh_token()).await.expect_status(200);
    assert_eq!(first.string("/tokens/refresh_token"), second.string("/tokens/refresh_token"));
    refresh(app, &second.string("/tokens/refresh_token")).await.expect_status(200).done();
});

both_engines!(two_tabs_at_once_get_the_same_successor, async |app| {
    let user = app.user("person@example.com").await;
    let (first, second) = tokio::join!(refresh(app, user.refresh_token()), refresh(app, user.refresh_token()));
    let (first, second) = (first.expect_status(200), second.expect_status(200));
    assert_eq!(first.string("/tokens/refresh_token"), second.string("/tokens/refresh_token"));
});

both_engines!(using_a_token_again_later_ends_the_session, async |app| {
    let user = app.user("person@example.com").await;
    let next = refresh(app, user.refresh_token()).await.expect_status(200);
    app.clock.advance(Duration::from_secs(11));
    refresh(app, user.refresh_token()).await.expect_problem(401, "refresh_reused").done();
    let successor = refresh(app, &next.string("/tokens/refresh_token")).await;
    successor.expect_problem(401, "refresh_invalid").done();
    let renewed = app.anonymous().bearer(&next.string("/tokens/access_token"));
    renewed.get(ME).await.expect_problem(401, "unauthenticated").done();
});

both_engines!(a_refresh_token_lives_thirty_days_and_a_session_ninety, async |app| {
    const DAY: Duration = Duration::from_hours(24);
    let person = app.registered("person@example.com").await;
    let forgotten = person.log_in().await;
    let kept = person.log_in().await;
    let mut token = kept.refresh_token().to_owned();
    for _ in 0..3 {
        app.clock.advance(DAY * 29);
        token = refresh(app, &token).await.expect_status(200).string("/tokens/refresh_token");
    }
    refresh(app, forgotten.refresh_token()).await.expect_problem(401, "refresh_invalid").done();
    app.clock.advance(DAY * 4);
    refresh(app, &token).await.expect_problem(401, "refresh_invalid").done();
});

both_engines!(a_refresh_token_ends_with_its_session, async |app| {
    let user = app.user("person@example.com").await;
    user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    refresh(app, user.refresh_token()).await.expect_problem(401, "refresh_invalid").done();
});

both_engines!(a_refresh_token_nobody_gave_out_is_refused, async |app| {
    refresh(app, &format!("rt_{}", "A".repeat(43))).await.expect_problem(401, "refresh_invalid").done();
    refresh(app, "rt_short").await.expect_problem(401, "refresh_invalid").done();
});
