//! `/api/auth/srp/password/reset`: a forgotten password, and the mail that gives another one.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_domain::seams::Clock as _;
use tacit_tests::{Answer, App, Mail, NewCredential, Person, Setup, both_engines};

const RESET: &str = "/api/auth/srp/password/reset";
const VALIDATE: &str = "/api/auth/srp/password/reset/validate";
const COMPLETE: &str = "/api/auth/srp/password/reset/complete";
const ME: &str = "/v1/auth/me";
/// Resets that were asked for, and nobody has looked for whom.
const WAITING: &str = "SELECT due_at FROM outbox WHERE kind = 'reset.asked' AND done_at IS NULL AND failed_at IS NULL";
const NEW: &str = "an altogether new password";

async fn ask(app: &App, email: &str) -> Answer {
    app.anonymous().post(RESET, json!({ "auth_id": email })).await
}

/// Asks, and reads the mail.
async fn mailed(app: &App, email: &str) -> Mail {
    ask(app, email).await.expect_status(200).done();
    app.mail_to(email).await
}

async fn validate(app: &App, secret: Value) -> Answer {
    app.anonymous().post(VALIDATE, secret).await
}

async fn complete(app: &App, mut secret: Value, new: &NewCredential) -> Answer {
    secret["credential"] = new.json();
    app.anonymous().post(COMPLETE, secret).await
}

/// Somebody who forgot their password, and the mail that helps.
async fn forgetful(app: &App) -> (Person, Mail, NewCredential) {
    forgetful_at(app, "person@example.com").await
}

async fn forgetful_at(app: &App, email: &str) -> (Person, Mail, NewCredential) {
    let person = app.registered(email).await;
    let mail = mailed(app, &person.email).await;
    (person, mail, NewCredential::of(NEW))
}

both_engines!(a_forgotten_password_is_reset_by_the_link, async |app| {
    let (person, mail, new) = forgetful(app).await;
    assert!(mail.subject.contains("Reset your password"), "{}", mail.subject);
    assert!(mail.text.contains("/reset#"), "the secret is in the fragment: {}", mail.text);
    let secret = json!({ "token": mail.link_secret() });
    let valid = validate(app, secret.clone()).await.expect_status(200);
    assert_eq!(valid.string("/auth_id"), person.email);
    assert_eq!(valid.member("/expires_in"), 1800);
    let done = complete(app, secret, &new).await.expect_status(200);
    assert_eq!(done.json(), json!({ "auth_id": person.email }), "nobody is signed in by it");
    person.with_password(NEW, &new).log_in().await;
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
});

both_engines!(a_forgotten_password_is_reset_by_the_code_however_it_is_typed, async |app| {
    let (person, mail, new) = forgetful(app).await;
    let typed = mail.code().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    let secret = json!({ "auth_id": "Person@Example.com", "code": typed });
    assert_eq!(validate(app, secret.clone()).await.expect_status(200).string("/auth_id"), person.email);
    complete(app, secret, &new).await.expect_status(200).done();
    person.with_password(NEW, &new).log_in().await;
});

both_engines!(asking_says_how_long_and_when_again_and_nothing_more, async |app| {
    app.registered("person@example.com").await;
    let known = ask(app, "person@example.com").await.expect_status(200);
    let unknown = ask(app, "nobody@example.com").await.expect_status(200);
    assert_eq!(known.json(), json!({ "expires_in": 1800, "resend_after": 60 }));
    assert_eq!(known.json(), unknown.json());
    assert!(app.inbox("nobody@example.com").await.is_empty());
});

both_engines!(whether_an_address_has_an_account_is_looked_up_after_the_answer, async |app| {
    app.registered("person@example.com").await;
    ask(app, "person@example.com").await.expect_status(200).done();
    ask(app, "nobody@example.com").await.expect_status(200).done();
    let (resets, waiting) = ("SELECT COUNT(*) FROM password_resets", format!("SELECT COUNT(*) FROM ({WAITING}) AS w"));
    assert_eq!((app.database.number(resets).await, app.database.number(&waiting).await), (0, 2));
    // Neither before a tenth of a second has passed, nor much later than a second.
    let now = app.clock.now().as_millis();
    let due = format!("{waiting} WHERE due_at BETWEEN {} AND {}", now + 100, now + 1000);
    assert_eq!(app.database.number(&due).await, 2);
    assert_eq!(app.inbox("person@example.com").await.len(), 2, "the activation, and the reset");
    assert_eq!((app.database.number(resets).await, app.database.number(&waiting).await), (1, 0));
    let remembered = "SELECT COUNT(*) FROM outbox WHERE kind = 'reset.asked'";
    assert_eq!(app.database.number(remembered).await, 0, "nobody knows any more who was asked for");
});

both_engines!(asking_is_answered_where_no_account_can_be_looked_up, async |app| {
    app.leaves_jobs();
    app.registered("person@example.com").await;
    app.database.drop_table("accounts").await;
    for email in ["person@example.com", "nobody@example.com"] {
        ask(app, email).await.expect_status(200).done();
    }
});

both_engines!(a_reset_that_could_not_be_carried_out_is_tried_again, async |app| {
    app.registered("person@example.com").await;
    ask(app, "person@example.com").await.expect_status(200).done();
    app.database.execute("ALTER TABLE password_resets RENAME TO hidden").await;
    assert_eq!(app.inbox("person@example.com").await.len(), 1, "the activation alone");
    app.database.execute("ALTER TABLE hidden RENAME TO password_resets").await;
    app.clock.advance(Duration::from_secs(5));
    assert_eq!(app.inbox("person@example.com").await.len(), 2);
});

both_engines!(what_makes_resets_void_does_so_to_those_that_were_only_asked_for, async |app| {
    for (number, by_reset) in [(1, false), (2, true)] {
        let (person, mail, new) = forgetful_at(app, &format!("person{number}@example.com")).await;
        app.clock.advance(Duration::from_mins(1));
        ask(app, &person.email).await.expect_status(200).done();
        if by_reset {
            complete(app, json!({ "token": mail.link_secret() }), &new).await.expect_status(200).done();
        } else {
            person.log_in().await.change_password(&person, &new, &json!({})).await.expect_status(204).done();
        }
        assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM ({WAITING}) AS w")).await, 0);
        assert!(app.mail_to(&person.email).await.subject.contains("was changed"), "and no reset after it");
    }
});

both_engines!(who_was_disabled_a_moment_after_asking_gets_no_mail, async |app| {
    let person = app.registered("person@example.com").await;
    ask(app, &person.email).await.expect_status(200).done();
    app.command(&["user", "disable", &person.email]).await;
    assert_eq!(app.inbox(&person.email).await.len(), 1, "the activation alone");
});

both_engines!(a_reset_that_was_asked_for_goes_with_its_account, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    let mails = app.inbox(&person.email).await.len();
    ask(app, &person.email).await.expect_status(200).done();
    user.step_up(&person).await.expect_status(200).done();
    user.client.delete("/api/auth/users/").await.expect_status(204).done();
    assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM ({WAITING}) AS w")).await, 0);
    assert_eq!(app.inbox(&person.email).await.len(), mails + 1, "the farewell alone");
});

both_engines!(a_link_comes_with_an_address_that_fits_or_with_none, async |app| {
    let (person, mail, new) = forgetful(app).await;
    let link = |auth_id: &str| json!({ "token": mail.link_secret(), "auth_id": auth_id });
    validate(app, link("other@example.com")).await.expect_problem(401, "reset_invalid").done();
    complete(app, link("other@example.com"), &new).await.expect_problem(400, "reset_invalid").done();
    validate(app, link("PERSON@example.com")).await.expect_status(200).done();
    complete(app, link(&person.email), &new).await.expect_status(200).done();
});

both_engines!(a_reset_says_by_what, async |app| {
    let (token, code) = ("A".repeat(43), "ZZZZZ-ZZZZZ");
    for (secret, field) in [
        (json!({}), "token"),
        (json!({ "auth_id": "person@example.com" }), "code"),
        (json!({ "code": code }), "auth_id"),
        (json!({ "auth_id": "person@example.com", "code": "ZZZZZ" }), "code"),
        (json!({ "auth_id": "nobody", "code": code }), "auth_id"),
        (json!({ "auth_id": "person@example.com", "token": token, "code": code }), "token"),
    ] {
        let refused = validate(app, secret.clone()).await.expect_problem(400, "invalid_request");
        assert_eq!(refused.string("/fields/0/name"), field, "{secret}");
        let refused = complete(app, secret, &NewCredential::of(NEW)).await.expect_problem(400, "invalid_request");
        assert_eq!(refused.string("/fields/0/name"), field);
    }
});

both_engines!(links_and_codes_of_a_reset_expire_after_half_an_hour, async |app| {
    let (person, mail, new) = forgetful(app).await;
    let (link, code) =
        (json!({ "token": mail.link_secret() }), json!({ "auth_id": person.email, "code": mail.code() }));
    app.clock.advance(Duration::from_millis(30 * 60 * 1000 - 1));
    for secret in [&link, &code] {
        validate(app, secret.clone()).await.expect_status(200).done();
    }
    app.clock.advance(Duration::from_millis(1));
    for secret in [link, code] {
        validate(app, secret.clone()).await.expect_problem(401, "reset_invalid").done();
        complete(app, secret, &new).await.expect_problem(400, "reset_invalid").done();
    }
    person.log_in().await;
    app.tidy().await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM password_resets").await, 0);
});

both_engines!(a_reset_is_used_once, async |app| {
    let (person, mail, new) = forgetful(app).await;
    let (link, code) =
        (json!({ "token": mail.link_secret() }), json!({ "auth_id": person.email, "code": mail.code() }));
    complete(app, link.clone(), &new).await.expect_status(200).done();
    for secret in [link, code] {
        validate(app, secret.clone()).await.expect_problem(401, "reset_invalid").done();
        let again = complete(app, secret, &NewCredential::of("a third password")).await;
        again.expect_problem(400, "reset_invalid").done();
    }
    person.with_password(NEW, &new).log_in().await;
});

both_engines!(a_reset_ends_every_session_and_its_tokens, async |app| {
    let person = app.registered("person@example.com").await;
    let users = [person.log_in().await, person.log_in().await];
    let mail = mailed(app, &person.email).await;
    for user in &users {
        user.client.get(ME).await.expect_status(200).done();
    }
    complete(app, json!({ "token": mail.link_secret() }), &NewCredential::of(NEW)).await.expect_status(200).done();
    for user in &users {
        user.client.get(ME).await.expect_problem(401, "unauthenticated").done();
        let refresh = json!({ "refresh_token": user.refresh_token() });
        app.anonymous().post("/v1/auth/refresh", refresh).await.expect_problem(401, "refresh_invalid").done();
    }
    let ended = "SELECT COUNT(*) FROM sessions WHERE ended_reason = 'password_reset'";
    assert_eq!(app.database.number(ended).await, 2);
});

both_engines!(after_a_reset_every_device_is_a_new_one, async |app| {
    let person = app.registered("person@example.com").await;
    let known = person.log_in_with(&json!({ "remember_device": true })).await.answer.string("/device_token");
    let (mail, new) = (mailed(app, &person.email).await, NewCredential::of(NEW));
    complete(app, json!({ "token": mail.link_secret() }), &new).await.expect_status(200).done();
    let members = json!({ "remember_device": true, "device_token": known });
    let again = person.with_password(NEW, &new).log_in_with(&members).await;
    assert_ne!(again.answer.string("/device_token"), known);
});

both_engines!(a_reset_opens_a_login_that_was_locked, Setup::new().with("limits.proof_lock", "3"), async |app| {
    let (person, mail, new) = forgetful(app).await;
    for _ in 0..3 {
        person.guess(&json!({})).await.expect_problem(401, "proof_rejected").done();
    }
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_problem(403, "login_locked").done();
    complete(app, json!({ "token": mail.link_secret() }), &new).await.expect_status(200).done();
    person.with_password(NEW, &new).log_in().await;
});

both_engines!(
    a_reset_opens_what_asks_for_the_password_again,
    Setup::new().with("limits.proof_lock", "3"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let user = person.log_in().await;
        let wrong = person.mistyping("not the password");
        for _ in 0..3 {
            user.step_up(&wrong).await.expect_problem(401, "proof_rejected").done();
        }
        user.step_up(&person).await.expect_problem(403, "login_locked").done();
        let (mail, new) = (mailed(app, &person.email).await, NewCredential::of(NEW));
        complete(app, json!({ "token": mail.link_secret() }), &new).await.expect_status(200).done();
        let person = person.with_password(NEW, &new);
        person.log_in().await.step_up(&person).await.expect_status(200).done();
    }
);

both_engines!(completing_makes_every_other_reset_void, async |app| {
    let (person, first, new) = forgetful(app).await;
    app.clock.advance(Duration::from_mins(1));
    let second = mailed(app, &person.email).await;
    assert_ne!(first.link_secret(), second.link_secret());
    // Who asks for another mail does not void the one that is being read.
    complete(app, json!({ "token": first.link_secret() }), &new).await.expect_status(200).done();
    complete(app, json!({ "token": second.link_secret() }), &new).await.expect_problem(400, "reset_invalid").done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM password_resets").await, 0);
});

both_engines!(a_change_of_password_makes_a_reset_void, async |app| {
    let (person, mail, new) = forgetful(app).await;
    let changed = person.log_in().await.change_password(&person, &new, &json!({})).await;
    changed.expect_status(204).done();
    let late = complete(app, json!({ "token": mail.link_secret() }), &NewCredential::of("a third password")).await;
    late.expect_problem(400, "reset_invalid").done();
    person.with_password(NEW, &new).log_in().await;
});

both_engines!(a_credential_that_does_not_parse_leaves_the_reset_unspent, async |app| {
    let (person, mail, new) = forgetful(app).await;
    let secret = json!({ "token": mail.link_secret() });
    for (member, value) in
        [("preset", json!(9)), ("verifier", json!("1")), ("salt", json!("00")), ("identity", json!("g"))]
    {
        let mut body = secret.clone();
        body["credential"] = new.json();
        body["credential"][member] = value;
        let refused = app.anonymous().post(COMPLETE, body).await.expect_problem(400, "invalid_request");
        assert_eq!(refused.string("/fields/0/name"), format!("credential.{member}"));
    }
    complete(app, secret, &new).await.expect_status(200).done();
    person.with_password(NEW, &new).log_in().await;
});

both_engines!(an_account_that_was_disabled_since_is_not_reset, async |app| {
    let (person, mail, new) = forgetful(app).await;
    app.command(&["user", "disable", &person.email]).await;
    let (link, code) =
        (json!({ "token": mail.link_secret() }), json!({ "auth_id": person.email, "code": mail.code() }));
    for secret in [link, code] {
        validate(app, secret.clone()).await.expect_problem(401, "reset_invalid").done();
        complete(app, secret, &new).await.expect_problem(400, "reset_invalid").done();
    }
    assert_eq!(app.database.number("SELECT version FROM credentials").await, 1);
});

both_engines!(nobody_who_cannot_log_in_gets_a_mail, async |app| {
    let disabled = app.registered("disabled@example.com").await;
    app.command(&["user", "disable", &disabled.email]).await;
    app.invite_admin("invited@example.com").await;
    app.signed_up("waiting@example.com").await;
    for email in ["disabled@example.com", "invited@example.com", "waiting@example.com"] {
        let mails = app.inbox(email).await.len();
        ask(app, email).await.expect_status(200).done();
        assert_eq!(app.inbox(email).await.len(), mails, "{email}");
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM password_resets").await, 0);
});

both_engines!(the_owner_is_told_of_a_reset_by_mail, async |app| {
    let (person, mail, new) = forgetful(app).await;
    complete(app, json!({ "token": mail.link_secret() }), &new).await.expect_status(200).done();
    let notice = app.mail_to(&person.email).await;
    assert!(notice.subject.contains("was changed"), "{}", notice.subject);
    assert!(!notice.text.contains('#'), "a notice has no link that does anything");
});

both_engines!(the_mail_of_a_reset_is_in_its_readers_language, async |app| {
    let person = app.stranger("person@example.com");
    let body = json!({ "auth_id": person.email, "credential": person.credential.json(), "language": "de-AT" });
    app.anonymous().post("/api/auth/srp/sign-up", body).await.expect_status(201).done();
    let token = app.mail_to(&person.email).await.link_secret();
    app.anonymous().post("/api/auth/srp/sign-up/activate", json!({ "token": token })).await.expect_status(200).done();
    let mail = mailed(app, &person.email).await;
    assert!(mail.text.contains("Guten Tag"), "{}", mail.text);
    complete(app, json!({ "token": mail.link_secret() }), &NewCredential::of(NEW)).await.expect_status(200).done();
    assert!(app.mail_to(&person.email).await.subject.contains("geändert"));
});

both_engines!(a_mail_is_asked_for_once_a_minute_to_the_millisecond, async |app| {
    app.registered("person@example.com").await;
    for email in ["person@example.com", "nobody@example.com"] {
        ask(app, email).await.expect_status(200).done();
        app.clock.advance(Duration::from_millis(59_999));
        let refused = ask(app, &email.to_uppercase()).await.expect_problem(429, "resend_too_soon");
        assert_eq!(refused.header("retry-after"), "1");
        app.clock.advance(Duration::from_millis(1));
        // A minute after the one that was let through, not after the one that was refused.
        ask(app, email).await.expect_status(200).done();
    }
    assert_eq!(app.inbox("person@example.com").await.len(), 3);
});

both_engines!(who_asks_all_the_time_never_leaves_the_owner_without_a_good_mail, async |app| {
    let person = app.registered("person@example.com").await;
    let before = app.inbox(&person.email).await.len();
    for minute in 0..90 {
        ask(app, &person.email).await.expect_status(200).done();
        app.settle().await;
        let good = format!("SELECT COUNT(*) FROM password_resets WHERE expires_at > {}", app.clock.now().as_millis());
        assert!(app.database.number(&good).await > 0, "minute {minute}");
        app.clock.advance(Duration::from_mins(1));
    }
    let mails = app.inbox(&person.email).await.len() - before;
    assert!((15..=20).contains(&mails), "five in half an hour, not {mails}");
});

both_engines!(what_happens_to_a_reset_is_recorded, async |app| {
    let (_, mail, new) = forgetful(app).await;
    complete(app, json!({ "token": mail.link_secret() }), &new).await.expect_status(200).done();
    ask(app, "nobody@example.com").await.expect_status(200).done();
    app.settle().await;
    for kind in ["password.reset_request", "password.reset"] {
        let count = format!(
            "SELECT COUNT(*) FROM audit_events WHERE event_type = '{kind}' AND result = 'success' \
             AND actor = 'anonymous' AND account_id IS NOT NULL"
        );
        assert_eq!(app.database.number(&count).await, 1, "{kind}");
    }
});
