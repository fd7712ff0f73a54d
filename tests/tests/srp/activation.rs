//! `/api/auth/srp/sign-up/activate`: an address is shown to be one's own.

use std::time::Duration;

use serde_json::json;
use tacit_tests::{Answer, App, NewCredential, Setup, both_engines};

async fn activate(app: &App, body: serde_json::Value) -> Answer {
    app.anonymous().post("/api/auth/srp/sign-up/activate", body).await
}

both_engines!(a_link_activates_once, async |app| {
    let person = app.signed_up("person@example.com").await;
    let secret = app.mail_to("person@example.com").await.link_secret();
    activate(app, json!({ "token": secret })).await.expect_status(200).done();
    activate(app, json!({ "token": secret })).await.expect_problem(401, "activation_invalid").done();
    person.log_in().await;
});

both_engines!(a_code_activates_once_however_it_is_typed, async |app| {
    let person = app.signed_up("person@example.com").await;
    let code = app.mail_to("person@example.com").await.code();
    let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    activate(app, json!({ "auth_id": "person@example.com", "code": typed })).await.expect_status(200).done();
    let again = activate(app, json!({ "auth_id": "person@example.com", "code": code })).await;
    again.expect_problem(401, "activation_invalid").done();
    person.log_in().await;
});

both_engines!(a_code_is_bound_to_its_address, async |app| {
    app.signed_up("person@example.com").await;
    app.signed_up("other@example.com").await;
    let code = app.mail_to("person@example.com").await.code();
    let elsewhere = activate(app, json!({ "auth_id": "other@example.com", "code": code })).await;
    elsewhere.expect_problem(401, "activation_invalid").done();
});

both_engines!(links_and_codes_expire_after_a_day, async |app| {
    app.signed_up("person@example.com").await;
    let mail = app.mail_to("person@example.com").await;
    app.clock.advance(Duration::from_secs(24 * 60 * 60 + 1));
    let by_link = activate(app, json!({ "token": mail.link_secret() })).await;
    by_link.expect_problem(401, "activation_invalid").done();
    let by_code = activate(app, json!({ "auth_id": "person@example.com", "code": mail.code() })).await;
    by_code.expect_problem(401, "activation_invalid").done();
});

both_engines!(activating_one_sign_up_drops_all_others_of_the_address, async |app| {
    let attacker = app.signed_up("person@example.com").await;
    let attackers_mail = app.mail_to("person@example.com").await;
    let owner = app.signed_up("person@example.com").await;
    let owners_mail = app.mail_to("person@example.com").await;
    activate(app, json!({ "token": owners_mail.link_secret() })).await.expect_status(200).done();

    let late = activate(app, json!({ "token": attackers_mail.link_secret() })).await;
    late.expect_problem(401, "activation_invalid").done();
    owner.log_in().await;
    let handshake = attacker.begin_login().await;
    attacker.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
});

both_engines!(guessing_codes_comes_to_an_end, Setup::new().with("limits.code_attempts", "3"), async |app| {
    app.signed_up("person@example.com").await;
    let code = app.mail_to("person@example.com").await.code();
    for _ in 0..3 {
        let wrong = activate(app, json!({ "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" })).await;
        wrong.expect_problem(401, "activation_invalid").done();
    }
    let right_but_late = activate(app, json!({ "auth_id": "person@example.com", "code": code })).await;
    assert!(matches!(right_but_late.status, 401 | 429), "{}", right_but_late.text());
    app.clock.advance(Duration::from_secs(60 * 60 + 1));
    activate(app, json!({ "auth_id": "person@example.com", "code": code })).await.expect_status(200).done();
});

both_engines!(
    guesses_that_cannot_be_right_leave_the_writer_to_others,
    Setup::new().with("limits.code_attempts", "1"),
    async |app| {
        app.signed_up("person@example.com").await;
        let wrong = json!({ "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" });
        activate(app, wrong.clone()).await.expect_problem(401, "activation_invalid").done();
        let hold = app.database.hold("throttles").await;
        activate(app, wrong).await.expect_problem(429, "too_many_attempts").done();
        let no_such_link = activate(app, json!({ "token": "A".repeat(43) })).await;
        no_such_link.expect_problem(401, "activation_invalid").done();
        for what in ["confirm", "undo"] {
            let path = format!("/api/auth/users/email/{what}");
            let no_such_link = app.anonymous().post(&path, json!({ "token": "A".repeat(43) })).await;
            no_such_link.expect_problem(401, "email_change_invalid").done();
        }
        hold.end().await;
    }
);

both_engines!(opening_the_page_of_a_link_spends_nothing, async |app| {
    app.signed_up("person@example.com").await;
    let secret = app.mail_to("person@example.com").await.link_secret();
    // Mail scanners follow links; the fragment never reaches the server anyway.
    app.anonymous().get("/activate").await.expect_status(200).done();
    activate(app, json!({ "token": secret })).await.expect_status(200).done();
});

both_engines!(an_activation_says_by_what, async |app| {
    let bodies = [
        json!({}),
        json!({ "auth_id": "person@example.com" }),
        json!({ "code": "ZZZZZ-ZZZZZ" }),
        json!({ "token": "A".repeat(43), "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" }),
    ];
    for body in bodies {
        activate(app, body).await.expect_problem(400, "invalid_request").done();
    }
});

both_engines!(somebody_invited_chooses_a_password, async |app| {
    let secret = app.invite_admin("root@example.com").await;
    activate(app, json!({ "token": secret })).await.expect_problem(400, "invalid_request").done();
    let mut person = app.stranger("root@example.com");
    let body = json!({ "token": secret, "credential": person.credential.json() });
    activate(app, body.clone()).await.expect_status(200).done();
    activate(app, body).await.expect_problem(401, "activation_invalid").done();
    let user = person.log_in().await;
    assert_eq!(user.client.get("/v1/auth/me").await.expect_status(200).member("/user/role"), "admin");

    person.credential = NewCredential::of("somebody else's");
    let second = json!({ "token": "B".repeat(43), "credential": person.credential.json() });
    activate(app, second).await.expect_problem(401, "activation_invalid").done();
});
