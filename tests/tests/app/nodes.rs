//! Nodes hold no state of their own.

use serde_json::json;
use tacit_tests::{App, Engine, Setup, both_engines};

#[tokio::test]
async fn two_nodes_share_handshakes_sessions_and_keys() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let node = app.node().await;
        let there = app.client_of(&node);
        let person = app.registered("person@example.com").await;

        let handshake = person.begin_login().await;
        let answer = person.through(&there).prove(&handshake).await.expect_status(200);
        person.prove(&handshake).await.expect_problem(401, "handshake_spent").done();

        let user = person.log_in().await;
        there.bearer(&user.access_token).get("/v1/auth/me").await.expect_status(200).done();
        there.bearer(&user.access_token).post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
        user.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();

        let refresh = json!({ "refresh_token": answer.string("/tokens/refresh_token") });
        let first = app.anonymous().post("/v1/auth/refresh", refresh.clone()).await.expect_status(200);
        let second = there.post("/v1/auth/refresh", refresh).await.expect_status(200);
        assert_eq!(first.string("/tokens/refresh_token"), second.string("/tokens/refresh_token"));

        let stranger = app.stranger("nobody@example.com");
        let (here, other) = (stranger.begin_login().await, stranger.through(&there).begin_login().await);
        assert_eq!(here.identity.as_str(), other.identity.as_str());
        node.stop().await;
    })
    .await;
}

#[tokio::test]
async fn two_nodes_start_at_once_on_an_empty_database() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        app.stop().await;
        app.database.execute("DROP SCHEMA public CASCADE").await;
        app.database.execute("CREATE SCHEMA public").await;
        let (first, second) = tokio::join!(app.node(), app.node());
        app.client_of(&first).get("/health").await.expect_status(200).done();
        app.client_of(&second).get("/health").await.expect_status(200).done();
        first.stop().await;
        second.stop().await;
        app.start_again().await;
        app.user("person@example.com").await;
    })
    .await;
}

both_engines!(a_restart_keeps_accounts_and_sessions, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    let handshake = person.begin_login().await;
    app.stop().await;
    app.start_again().await;
    user.client.get("/v1/auth/me").await.expect_status(200).done();
    let refresh = json!({ "refresh_token": user.refresh_token() });
    app.anonymous().post("/v1/auth/refresh", refresh).await.expect_status(200).done();
    person.log_in().await;
    // On PostgreSQL the key of a handshake is in the database; on SQLite it lived in the process.
    let begun_before = person.prove(&handshake).await;
    match app.engine {
        Engine::Postgres => begun_before.expect_status(200).done(),
        Engine::Sqlite => assert!(matches!(begun_before.status, 200 | 401), "{}", begun_before.text()),
    }
});

both_engines!(a_stopping_server_finishes_what_it_began, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let body = person.proof_body(&handshake);
    let client = app.anonymous();
    let login = tokio::spawn(async move { client.post("/api/auth/srp/login/proof", body).await });
    // Spent, so the proof is under way or just answered.
    app.until("SELECT COUNT(*) FROM spent_handshakes", 1).await;
    app.stop().await;
    login.await.unwrap().expect_status(200).done();
    app.start_again().await;
});
