//! `/health`: ready or not.

use serde_json::json;
use tacit_tests::both_engines;

both_engines!(a_server_that_can_work_is_ready, async |app| {
    let health = app.anonymous().get("/health").await.expect_status(200);
    assert_eq!(health.json(), json!({ "status": "ready" }));
});

both_engines!(an_administrator_sees_each_part, async |app| {
    let admin = app.admin("root@example.com").await;
    let health = admin.client.get("/health").await.expect_status(200);
    for part in ["database", "mail", "srp_pool", "signing_keys"] {
        assert!(health.json().pointer(&format!("/parts/{part}")).is_some(), "{part}: {}", health.text());
    }
    let user = app.user("person@example.com").await;
    let health = user.client.get("/health").await.expect_status(200);
    assert_eq!(health.json(), json!({ "status": "ready" }));
});

both_engines!(without_its_tables_a_server_is_not_ready, async |app| {
    app.database.drop_table("signing_keys").await;
    let health = app.anonymous().get("/health").await;
    assert!(matches!(health.status, 200 | 503), "{}", health.text());
    assert!(health.json().get("parts").is_none(), "nobody learns which part: {}", health.text());
});
