//! `/v1/sessions`: the caller's sessions, page by page, and the end of one.

use tacit_tests::both_engines;

const SESSIONS: &str = "/v1/sessions";

both_engines!(sessions_come_in_pages, async |app| {
    let person = app.registered("person@example.com").await;
    let mut last = person.log_in().await;
    for _ in 0..4 {
        last = person.log_in().await;
    }
    let all = last.client.get(SESSIONS).await.expect_status(200);
    assert_eq!(all.member("/count"), 5);
    assert_eq!(all.member("/limit"), 50);
    assert_eq!(all.member("/offset"), 0);
    let mut seen = Vec::new();
    for offset in [0, 2, 4] {
        let page = last.client.get(&format!("{SESSIONS}?limit=2&offset={offset}")).await.expect_status(200);
        assert_eq!(page.member("/count"), 5);
        seen.extend(page.member("/sessions").as_array().unwrap().iter().map(|session| session["id"].to_string()));
    }
    let unique: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), unique.len()), (5, 5));
    let beyond = last.client.get(&format!("{SESSIONS}?offset=10")).await.expect_status(200);
    assert_eq!(beyond.member("/sessions").as_array().unwrap().len(), 0);
});

both_engines!(a_page_has_bounds, async |app| {
    let user = app.user("person@example.com").await;
    let out_of_range = ["limit=0", "limit=101"].map(|query| (query, "out_of_range"));
    let malformed = ["limit=many", "limit=1.5", "offset=-1"].map(|query| (query, "malformed"));
    for (query, code) in out_of_range.into_iter().chain(malformed) {
        let answer = user.client.get(&format!("{SESSIONS}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        let answer = answer.expect_problem(400, "invalid_request");
        assert_eq!(answer.member("/fields/0/code"), code, "{query}");
    }
    app.anonymous().get(SESSIONS).await.expect_problem(401, "unauthenticated").done();
});

both_engines!(a_revoked_session_is_refused_at_once, async |app| {
    let person = app.registered("person@example.com").await;
    let (kept, ended) = (person.log_in().await, person.log_in().await);
    let path = format!("{SESSIONS}/{}", ended.session_id);
    kept.client.delete(&path).await.expect_status(204).done();
    ended.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
    kept.client.get("/v1/auth/me").await.expect_status(200).done();
    kept.client.delete(&path).await.expect_problem(404, "session_unknown").done();
    assert_eq!(kept.client.get(SESSIONS).await.expect_status(200).member("/count"), 1);
});

both_engines!(nobody_ends_another_persons_session, async |app| {
    let (ada, bob) = (app.user("ada@example.com").await, app.user("bob@example.com").await);
    let path = format!("{SESSIONS}/{}", bob.session_id);
    ada.client.delete(&path).await.expect_problem(404, "session_unknown").done();
    bob.client.get("/v1/auth/me").await.expect_status(200).done();
    app.anonymous().delete(&path).await.expect_problem(401, "unauthenticated").done();
    let answer = ada.client.delete(&format!("{SESSIONS}/no-id")).await;
    assert!(matches!(answer.status, 400 | 404), "{}", answer.text());
});

both_engines!(a_session_remembers_who_opened_it, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.through(&app.anonymous().with("user-agent", "Mozilla/5.0 (test)")).log_in().await;
    let session = user.client.get(SESSIONS).await.expect_status(200).member("/sessions/0");
    assert_eq!(session["user_agent"], "Mozilla/5.0 (test)");
    assert_eq!(session["ip_address"], "127.0.0.1");
});
