//! `/api/auth/srp/sign-up`: a person asks for an account.

use std::time::Duration;

use serde_json::json;
use tacit_tests::{NewCredential, Setup, both_engines};

const CHECK: &str = "/api/auth/srp/sign-up/check";
const SIGN_UP: &str = "/api/auth/srp/sign-up";
const VERIFICATION: &str = "/api/auth/srp/sign-up/verification";

both_engines!(a_person_signs_up_activates_logs_in_and_out, async |app| {
    let mut person = app.stranger("ada@example.com");
    let accepted = person.sign_up().await.expect_status(201);
    assert!(accepted.string("/ticket").starts_with("tk_"));
    assert_eq!(accepted.member("/expires_in"), 24 * 60 * 60);
    assert_eq!(accepted.member("/resend_after"), 60);

    let mail = app.mail_to("ada@example.com").await;
    let body = json!({ "token": mail.link_secret() });
    let activated = app.anonymous().post("/api/auth/srp/sign-up/activate", body).await.expect_status(200);
    assert_eq!(activated.member("/auth_id"), "ada@example.com");

    let user = person.log_in().await;
    let me = user.client.get("/v1/auth/me").await.expect_status(200);
    assert_eq!(me.member("/user/email"), "ada@example.com");
    assert_eq!(me.member("/user/is_email_verified"), true);

    user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    user.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
});

both_engines!(a_check_tells_nothing, async |app| {
    app.registered("person@example.com").await;
    for address in ["person@example.com", "nobody@example.com"] {
        let answer = app.anonymous().post(CHECK, json!({ "auth_id": address })).await.expect_status(200);
        assert_eq!(answer.json(), json!({ "availability": "undisclosed" }));
    }
});

both_engines!(a_revealing_server_tells_which_addresses_are_taken, Setup::revealing(), async |app| {
    app.registered("person@example.com").await;
    let nobody = app.anonymous().post(CHECK, json!({ "auth_id": "nobody@example.com" })).await.expect_status(200);
    assert_eq!(nobody.json(), json!({ "availability": "available" }));
    let check = app.anonymous().post(CHECK, json!({ "auth_id": "person@example.com" })).await;
    check.expect_problem(409, "account_exists").done();
    app.stranger("person@example.com").sign_up().await.expect_problem(409, "account_exists").done();
});

both_engines!(signing_up_with_a_known_address_answers_alike_and_tells_its_owner, async |app| {
    let owner = app.registered("owner@example.com").await;
    let known = app.stranger("owner@example.com").sign_up().await.expect_status(201);
    let unknown = app.stranger("nobody@example.com").sign_up().await.expect_status(201);
    assert_eq!(keys(&known.json()), keys(&unknown.json()));
    assert_eq!(known.string("/ticket").len(), unknown.string("/ticket").len());
    assert_eq!(known.member("/expires_in"), unknown.member("/expires_in"));

    let notice = app.mail_to("owner@example.com").await;
    assert!(!notice.text.contains("/activate#"), "a notice carries no activation link: {}", notice.text);
    owner.log_in().await;
});

both_engines!(an_address_is_the_same_in_upper_case, async |app| {
    app.registered("Person@Example.com").await;
    app.stranger("person@example.COM").begin_login().await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM accounts").await, 1);
    let person = app.stranger("PERSON@example.com");
    let known = app.registered("other@example.com").await;
    // Stable answers come from the account, not from the spelling.
    assert_ne!(person.begin_login().await.identity.as_str(), known.begin_login().await.identity.as_str());
});

both_engines!(a_closed_server_takes_no_sign_ups, Setup::new().with("registration_enabled", "false"), async |app| {
    app.stranger("person@example.com").sign_up().await.expect_problem(403, "registration_disabled").done();
});

both_engines!(a_sign_up_names_what_is_wrong_with_it, async |app| {
    let good = json!({ "auth_id": "person@example.com", "credential": NewCredential::of("a password").json() });
    let broken = [
        ("/auth_id", json!("no address")),
        ("/auth_id", json!(format!("{}@example.com", "a".repeat(250)))),
        ("/credential/identity", json!("person@example.com")),
        ("/credential/identity", json!("A".repeat(32))),
        ("/credential/salt", json!("00".repeat(32))),
        ("/credential/salt", json!("ab".repeat(31))),
        ("/credential/preset", json!(99)),
        ("/credential/verifier", json!("0".repeat(512))),
        ("/credential/verifier", json!("1")),
        ("/credential/verifier", json!("f".repeat(512))),
        ("/credential/verifier", json!("f".repeat(514))),
        ("/credential/verifier", json!("-5")),
        ("/display_name", json!("x".repeat(101))),
        ("/password", json!("a password has no place here")),
    ];
    for (pointer, value) in broken {
        let mut body = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value.clone();
        let answer = app.anonymous().post(SIGN_UP, body).await;
        assert_eq!(answer.status, 400, "{pointer} = {value}: {}", answer.text());
        answer.expect_problem(400, "invalid_request").done();
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM pending_credentials").await, 0);
});

both_engines!(an_activation_mail_is_sent_again_once_a_minute, async |app| {
    let person = app.signed_up("person@example.com").await;
    let first = app.mail_to("person@example.com").await.link_secret();
    let body = json!({ "auth_id": "person@example.com", "ticket": person.ticket });
    let early = app.anonymous().post(VERIFICATION, body.clone()).await.expect_problem(429, "resend_too_soon");
    assert!(early.header("retry-after").parse::<u64>().unwrap() <= 60);

    app.clock.advance(Duration::from_secs(61));
    let sent = app.anonymous().post(VERIFICATION, body.clone()).await.expect_status(200);
    assert_eq!(sent.json(), json!({ "resend_after": 60 }));
    let mails = app.inbox("person@example.com").await;
    assert_eq!(mails.len(), 2);
    let second = mails[1].link_secret();
    assert_ne!(first, second);
    app.anonymous().post(VERIFICATION, body).await.expect_problem(429, "resend_too_soon").done();

    let activate = "/api/auth/srp/sign-up/activate";
    app.anonymous().post(activate, json!({ "token": first })).await.expect_problem(401, "activation_invalid").done();
    app.anonymous().post(activate, json!({ "token": second })).await.expect_status(200).done();
});

both_engines!(
    others_do_not_use_up_the_mail_that_is_asked_for_again,
    Setup::new().with("limits.mails", "2"),
    async |app| {
        app.clock.advance_to_next(Duration::from_hours(1));
        let address = "person@example.com";
        let ask = async |ticket: &Option<String>| {
            app.clock.advance(Duration::from_secs(61));
            let body = json!({ "auth_id": address, "ticket": ticket });
            app.anonymous().post(VERIFICATION, body).await.expect_status(200).done();
        };
        for _ in 0..3 {
            let stranger = app.signed_up(address).await;
            for _ in 0..3 {
                ask(&stranger.ticket).await;
            }
        }
        let theirs = app.inbox(address).await.len();
        assert_eq!(theirs, 2 + 3 + 2, "two for signing up, one for each that asks again, and two more of these");

        let owner = app.signed_up(address).await;
        ask(&owner.ticket).await;
        let mails = app.inbox(address).await;
        assert_eq!(mails.len(), theirs + 1);
        let body = json!({ "token": mails[theirs].link_secret() });
        app.anonymous().post("/api/auth/srp/sign-up/activate", body).await.expect_status(200).done();
        owner.log_in().await;
    }
);

both_engines!(asking_again_for_an_unknown_address_or_ticket_answers_alike_and_sends_nothing, async |app| {
    let person = app.signed_up("person@example.com").await;
    app.settle().await;
    app.clock.advance(Duration::from_secs(61));
    let unknown_ticket = format!("tk_{}", "A".repeat(43));
    let bodies = [
        json!({ "auth_id": "nobody@example.com" }),
        json!({ "auth_id": "person@example.com" }),
        json!({ "auth_id": "person@example.com", "ticket": unknown_ticket }),
        json!({ "auth_id": "nobody@example.com", "ticket": person.ticket }),
    ];
    for body in bodies {
        let answer = app.anonymous().post(VERIFICATION, body.clone()).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text());
        assert_eq!(answer.json(), json!({ "resend_after": 60 }), "{body}");
        app.clock.advance(Duration::from_secs(61));
    }
    assert_eq!(app.inbox("person@example.com").await.len(), 1);
    assert_eq!(app.inbox("nobody@example.com").await.len(), 0);
});

both_engines!(a_revealing_server_sends_again_by_the_address_alone, Setup::revealing(), async |app| {
    app.signed_up("pending@example.com").await;
    app.registered("active@example.com").await;
    app.clock.advance(Duration::from_secs(61));
    let ask = async |address: &str| app.anonymous().post(VERIFICATION, json!({ "auth_id": address })).await;
    ask("pending@example.com").await.expect_status(200).done();
    assert_eq!(app.inbox("pending@example.com").await.len(), 2);
    ask("active@example.com").await.expect_problem(409, "account_already_activated").done();
    ask("nobody@example.com").await.expect_problem(404, "account_unknown").done();
});

both_engines!(mails_speak_the_language_of_the_person, async |app| {
    let credential = NewCredential::of("ein langes Passwort").json();
    let body =
        json!({ "auth_id": "erika@example.com", "credential": credential, "language": "de", "display_name": "Erika" });
    app.anonymous().post(SIGN_UP, body).await.expect_status(201).done();
    let german = app.mail_to("erika@example.com").await;
    app.signed_up("ada@example.com").await;
    let english = app.mail_to("ada@example.com").await;
    assert_ne!(german.subject, english.subject);
    assert!(german.text.starts_with("Guten Tag"), "{}", german.text);
    // Whoever signs up with somebody's address puts no words of their own into that person's mail.
    assert!(!german.text.contains("Erika"), "{}", german.text);
});

fn keys(object: &serde_json::Value) -> Vec<String> {
    object.as_object().unwrap().keys().cloned().collect()
}
