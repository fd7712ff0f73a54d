//! What has had its time goes.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tacit_tests::{App, Engine, Setup, both_engines};

async fn rows(app: &App, table: &str) -> i64 {
    app.database.number(&format!("SELECT COUNT(*) FROM {table}")).await
}

both_engines!(expired_rows_are_deleted, async |app| {
    let person = app.registered("person@example.com").await;
    let mistyped = person.mistyping("not the password");
    let handshake = mistyped.begin_login().await;
    mistyped.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    person.log_in().await;
    app.signed_up("pending@example.com").await;
    app.invite_admin("root@example.com").await;
    app.settle().await;
    let tables = ["spent_handshakes", "throttles", "pending_credentials", "invitations", "refresh_tokens", "sessions"];
    for table in tables {
        assert!(rows(app, table).await > 0, "{table} is empty from the beginning");
    }
    app.clock.advance(Duration::from_hours(400 * 24));
    app.tidy().await;
    for table in tables {
        assert_eq!(rows(app, table).await, 0, "{table}");
    }
    assert_eq!(rows(app, "accounts").await, 2);
    person.log_in().await;
});

both_engines!(tidying_up_leaves_alone_what_is_in_force, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    let pending = app.signed_up("pending@example.com").await;
    let handshake = person.begin_login().await;
    app.tidy().await;
    person.prove(&handshake).await.expect_status(200).done();
    user.client.get("/v1/auth/me").await.expect_status(200).done();
    let refresh = json!({ "refresh_token": user.refresh_token() });
    app.anonymous().post("/v1/auth/refresh", refresh).await.expect_status(200).done();
    let secret = app.mail_to("pending@example.com").await.link_secret();
    app.anonymous().post("/api/auth/srp/sign-up/activate", json!({ "token": secret })).await.expect_status(200).done();
    pending.log_in().await;
});

/// PostgreSQL needs no small steps: there deleting holds nobody up.
#[tokio::test]
async fn tidying_up_after_a_busy_hour_lets_others_in_between() {
    const MANY: i64 = 25_000;
    tacit_tests::run(Engine::Sqlite, Setup::new(), async |app: &App| {
        let spent = format!(
            "INSERT INTO spent_handshakes (nonce, expires_at) WITH RECURSIVE numbers (number) AS \
             (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {MANY}) \
             SELECT randomblob(16), 1 FROM numbers"
        );
        app.database.execute(&spent).await;
        let (mut tidied, mut seen) = (std::pin::pin!(app.tidy()), BTreeSet::new());
        loop {
            tokio::select! {
                () = &mut tidied => break,
                left = rows(app, "spent_handshakes") => seen.insert(left),
            };
        }
        assert!(seen.iter().any(|left| (1..MANY).contains(left)), "all went at once: {seen:?}");
        assert_eq!(rows(app, "spent_handshakes").await, 0);
    })
    .await;
}

both_engines!(credentials_are_not_counted_as_long_as_nothing_could_follow_from_it, async |app| {
    let person = app.registered("person@example.com").await;
    // Where there are millions, to count them takes a minute: a start, and every writer, would wait that long.
    let hide = "ALTER TABLE credentials RENAME COLUMN preset TO hidden";
    app.database.execute(hide).await;
    app.tidy().await;
    app.stop().await;
    app.start_again().await;
    app.database.execute("ALTER TABLE credentials RENAME COLUMN hidden TO preset").await;
    person.through(&app.anonymous()).log_in().await;
});

both_engines!(decoys_follow_the_credentials_once_the_default_was_raised, async |app| {
    app.registered_like_clients("person@example.com").await;
    let raised = "UPDATE instance SET value = '3:64' WHERE name = 'decoy_preset_shares'";
    let followed = "SELECT COUNT(*) FROM instance WHERE name = 'decoy_preset_shares' AND value = '1:64'";
    let preset_of_nobody = async || {
        let start = json!({ "auth_id": "nobody@example.com" });
        app.anonymous().post("/api/auth/srp/login/email", start).await.expect_status(200).member("/preset")
    };
    app.database.execute(raised).await;
    app.stop().await;
    app.start_again().await;
    assert_eq!(preset_of_nobody().await, json!(3));
    app.tidy().await;
    assert_eq!(app.database.number(followed).await, 1);
    assert_eq!(preset_of_nobody().await, json!(1));

    // Where counting takes long it is done seldom: here it takes no time.
    app.database.execute(raised).await;
    app.clock.advance(Duration::from_mins(5));
    app.tidy().await;
    assert_eq!(app.database.number(followed).await, 1);
});

both_engines!(credentials_that_cannot_be_counted_keep_nothing_else_from_being_tidied, async |app| {
    let person = app.registered("person@example.com").await;
    person.log_in().await;
    app.database.execute("UPDATE instance SET value = '3:64' WHERE name = 'decoy_preset_shares'").await;
    app.database.execute("ALTER TABLE credentials RENAME COLUMN preset TO hidden").await;
    app.clock.advance(Duration::from_hours(40 * 24));
    app.tidy().await;
    assert_eq!(rows(app, "spent_handshakes").await, 0);
    app.database.execute("ALTER TABLE credentials RENAME COLUMN hidden TO preset").await;
});
