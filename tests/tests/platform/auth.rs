//! `/v1/auth`: who the caller is, and what the server offers.

use serde_json::json;
use tacit_tests::{Setup, both_engines};

both_engines!(me_tells_who_the_caller_is, async |app| {
    let user = app.user("person@example.com").await;
    let me = user.client.get("/v1/auth/me").await.expect_status(200);
    assert_eq!(me.member("/user/id"), user.id.as_str());
    assert_eq!(me.member("/user/email"), "person@example.com");
    assert_eq!(me.member("/user/role"), "user");
    assert_eq!(me.member("/user/language"), "en");
    assert_eq!(me.member("/session/id"), user.session_id.as_str());
    assert_eq!(me.member("/session/current"), true);
    app.anonymous().get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
});

both_engines!(settings_tell_a_client_how_to_begin, async |app| {
    let settings = app.anonymous().get("/v1/auth/settings").await.expect_status(200).json();
    assert_eq!(settings["realm"], "localhost");
    assert_eq!(settings["profile"], "srp6a-sha256");
    assert_eq!(settings["registration_enabled"], true);
    assert_eq!(settings["password_bridge"], false);
    assert_eq!(settings["mfa_available"], false);
    let presets = settings["presets"].as_array().unwrap();
    let default: Vec<_> = presets.iter().filter(|preset| preset["default"] == true).collect();
    assert_eq!(default.len(), 1);
    assert_eq!(default[0]["id"], 1);
    assert_eq!(default[0]["memory_kib"], 47104);
    assert_eq!(presets.len(), 3);
});

both_engines!(settings_follow_the_configuration, Setup::new().with("registration_enabled", "false"), async |app| {
    let settings = app.anonymous().get("/v1/auth/settings").await.expect_status(200);
    assert_eq!(settings.json()["registration_enabled"], json!(false));
});
