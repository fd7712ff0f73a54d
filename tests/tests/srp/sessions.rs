//! `/api/auth/sessions`: the sessions of the caller.

use std::time::Duration;

use tacit_tests::both_engines;

const LIST: &str = "/api/auth/sessions/list";
const VERIFY: &str = "/api/auth/sessions/verify";
const LOGOUT: &str = "/api/auth/sessions/logout";
const LOGOUT_ALL: &str = "/api/auth/sessions/logout-all";

both_engines!(a_person_sees_their_sessions_and_only_theirs, async |app| {
    let person = app.registered("person@example.com").await;
    let (first, second) = (person.log_in().await, person.log_in().await);
    app.user("other@example.com").await;
    let list = second.client.get(LIST).await.expect_status(200).member("/sessions");
    let sessions = list.as_array().unwrap();
    let mut ids: Vec<_> = sessions.iter().map(|session| session["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut expected = [first.session_id.as_str(), second.session_id.as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    for session in sessions {
        assert_eq!(session["current"], session["id"] == second.session_id.as_str());
        for time in ["created_at", "last_seen_at", "expires_at"] {
            let text = session[time].as_str().unwrap();
            assert!(text.len() == 24 && text.ends_with('Z'), "{time} is {text}");
        }
        assert!(session["amr"].is_array());
    }
});

both_engines!(a_session_can_be_verified_while_it_lasts, async |app| {
    let user = app.user("person@example.com").await;
    let answer = user.client.post_nothing(VERIFY).await.expect_status(204);
    assert!(answer.body.is_empty());
    app.clock.advance(Duration::from_secs(5 * 60 + 61));
    user.client.post_nothing(VERIFY).await.expect_problem(401, "unauthenticated").done();
});

both_engines!(logging_out_ends_the_session_at_once_and_clears_the_cookie, async |app| {
    let user = app.user("person@example.com").await;
    let answer = user.client.post_nothing(LOGOUT).await.expect_status(200);
    assert_eq!(answer.member("/ended"), 1);
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{}", answer.header("set-cookie"));
    user.client.post_nothing(VERIFY).await.expect_problem(401, "unauthenticated").done();
    user.client.post_nothing(LOGOUT).await.expect_problem(401, "unauthenticated").done();
});

both_engines!(logging_out_everywhere_keeps_the_caller, async |app| {
    let person = app.registered("person@example.com").await;
    let (first, second, third) = (person.log_in().await, person.log_in().await, person.log_in().await);
    let other = app.user("other@example.com").await;
    let answer = second.client.post_nothing(LOGOUT_ALL).await.expect_status(200);
    assert_eq!(answer.member("/ended"), 2);
    second.client.post_nothing(VERIFY).await.expect_status(204).done();
    other.client.post_nothing(VERIFY).await.expect_status(204).done();
    for ended in [first, third] {
        ended.client.post_nothing(VERIFY).await.expect_problem(401, "unauthenticated").done();
    }
});

both_engines!(tokens_that_are_not_ours_count_for_nothing, async |app| {
    let user = app.user("person@example.com").await;
    let (head, signature) = user.access_token.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let bad = [
        String::new(),
        "nonsense".to_owned(),
        format!("{head}.{flipped}{}", &signature[1..]),
        format!("{head}."),
        user.refresh_token().to_owned(),
    ];
    for token in bad {
        let answer = app.anonymous().bearer(&token).post_nothing(VERIFY).await;
        answer.expect_problem(401, "unauthenticated").done();
    }
    app.anonymous().post_nothing(VERIFY).await.expect_problem(401, "unauthenticated").done();
    let basic = app.anonymous().with("authorization", "Basic dXNlcjpwYXNz");
    basic.post_nothing(VERIFY).await.expect_problem(401, "unauthenticated").done();
});
