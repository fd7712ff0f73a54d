//! `/api/auth/users/`: people and their own accounts.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_tests::{Answer, App, Engine, Person, Setup, User, both_engines};

const USERS: &str = "/api/auth/users/";
const EXPORT: &str = "/api/auth/users/export";
const CONFIRM: &str = "/api/auth/users/email/confirm";
const UNDO: &str = "/api/auth/users/email/undo";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Somebody who has just shown the password again.
async fn stepped_up(app: &App, email: &str) -> (Person, User) {
    let person = app.registered(email).await;
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    (person, user)
}

/// Asks for another address; the secret of the link in the mail to it.
async fn asked_for(app: &App, user: &User, email: &str) -> String {
    user.client.put(USERS, json!({ "email": email })).await.expect_status(205).done();
    app.mail_to(email).await.link_secret()
}

/// Asks for another address and confirms it; the secret of the link that went to the old one.
async fn moved(app: &App, user: &User, from: &str, to: &str) -> String {
    let secret = asked_for(app, user, to).await;
    show(app, CONFIRM, &secret).await.expect_status(200).done();
    app.mail_to(from).await.link_secret()
}

async fn show(app: &App, path: &str, secret: &str) -> Answer {
    app.anonymous().post(path, json!({ "token": secret })).await
}

async fn me(user: &User) -> Value {
    user.client.get("/v1/auth/me").await.expect_status(200).member("/user")
}

fn at(person: &Person, email: &str) -> Person {
    let mut person = person.clone();
    email.clone_into(&mut person.email);
    person
}

both_engines!(name_and_language_change_at_once_and_an_empty_name_goes, async |app| {
    let user = app.user("person@example.com").await;
    let answer = user.client.put(USERS, json!({ "display_name": "Ada", "language": "de-AT" })).await.expect_status(205);
    assert!(answer.body.is_empty());
    let found = me(&user).await;
    assert_eq!((&found["display_name"], &found["language"]), (&json!("Ada"), &json!("de-AT")));

    user.client.put(USERS, json!({ "language": "en" })).await.expect_status(205).done();
    assert_eq!(me(&user).await["display_name"], "Ada");
    user.client.put(USERS, json!({ "display_name": "" })).await.expect_status(205).done();
    let found = me(&user).await;
    assert_eq!((found.get("display_name"), &found["language"]), (None, &json!("en")));
});

both_engines!(what_is_as_it_was_changes_nothing, async |app| {
    let user = app.user("Person@example.com").await;
    user.client.put(USERS, json!({ "display_name": "Ada", "language": "en" })).await.expect_status(205).done();
    app.settle().await;
    let before = app.database.rows().await;
    app.clock.advance(Duration::from_secs(1));
    let same = json!({ "display_name": "Ada", "language": "en", "email": "Person@example.com" });
    for body in [json!({}), same] {
        user.client.put(USERS, body).await.expect_status(205).done();
    }
    assert_eq!(app.database.rows().await, before);
});

both_engines!(a_wrong_member_is_named_and_nothing_changes, async |app| {
    let (_, user) = stepped_up(app, "person@example.com").await;
    let before = app.database.texts("SELECT CAST(updated_at AS TEXT) FROM accounts").await;
    let wrong = [
        ("display_name", json!("a\nb")),
        ("display_name", json!("\u{202e}adA")),
        ("display_name", json!("x".repeat(101))),
        ("language", json!("no tag")),
        ("language", json!("")),
        ("email", json!("no address")),
        ("email", json!("")),
        ("email", json!(format!("{}@example.com", "a".repeat(250)))),
    ];
    for (member, value) in wrong {
        let mut body = json!({ "display_name": "Ada", "language": "de", "email": "other@example.com" });
        body[member] = value.clone();
        let problem = user.client.put(USERS, body).await.expect_problem(400, "invalid_request");
        assert_eq!(problem.member("/fields/0/name"), member, "{value}");
    }
    assert_eq!(app.database.texts("SELECT CAST(updated_at AS TEXT) FROM accounts").await, before);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM email_changes").await, 0);
    assert_eq!(app.inbox("other@example.com").await.len(), 0);
});

both_engines!(an_address_changes_once_the_new_one_has_answered, async |app| {
    let (person, user) = stepped_up(app, "old@example.com").await;
    let secret = asked_for(app, &user, "New@example.com").await;
    assert_eq!(me(&user).await["email"], "old@example.com");
    person.log_in().await;

    let answer = show(app, CONFIRM, &secret).await.expect_status(200);
    assert_eq!(answer.json(), json!({ "email": "New@example.com" }));
    assert_eq!(me(&user).await["email"], "New@example.com");
    let stranger = at(&person, "old@example.com").begin_login().await;
    assert_ne!(
        stranger.identity,
        tacit_shared::srp::Identity::parse(person.credential.json()["identity"].as_str().unwrap()).unwrap(),
        "the old address is nobody's"
    );
    let again = at(&person, "new@example.com").log_in().await;
    assert_eq!(again.id, user.id);
    let notice = app.mail_to("old@example.com").await;
    assert!(notice.text.contains("/undo-email#"), "{}", notice.text);
});

both_engines!(name_and_address_are_asked_for_together_and_the_mail_is_in_the_new_language, async |app| {
    let (_, user) = stepped_up(app, "old@example.com").await;
    let body = json!({ "display_name": "Ada", "language": "de", "email": "new@example.com" });
    user.client.put(USERS, body).await.expect_status(205).done();
    assert_eq!(me(&user).await["display_name"], "Ada");
    let mail = app.mail_to("new@example.com").await;
    assert!(mail.subject.contains("Adresse"), "{}", mail.subject);
    assert!(mail.text.contains("/confirm-email#"), "{}", mail.text);
});

both_engines!(another_spelling_of_the_address_goes_the_whole_way, async |app| {
    let (person, user) = stepped_up(app, "person@example.com").await;
    let undo = moved(app, &user, "person@example.com", "Person@Example.com").await;
    assert_eq!(me(&user).await["email"], "Person@Example.com");
    person.log_in().await;
    show(app, UNDO, &undo).await.expect_status(200).done();
    assert_eq!(me(&person.log_in().await).await["email"], "person@example.com");
});

both_engines!(asking_for_another_address_makes_the_link_before_void, async |app| {
    let (_, user) = stepped_up(app, "old@example.com").await;
    let first = asked_for(app, &user, "first@example.com").await;
    let second = asked_for(app, &user, "second@example.com").await;
    show(app, CONFIRM, &first).await.expect_problem(401, "email_change_invalid").done();
    show(app, CONFIRM, &second).await.expect_status(200).done();
    assert_eq!(me(&user).await["email"], "second@example.com");
});

both_engines!(the_old_address_takes_a_change_back_and_everybody_is_signed_out, async |app| {
    let (person, user) = stepped_up(app, "old@example.com").await;
    let other = person.log_in().await;
    let undo = moved(app, &user, "old@example.com", "new@example.com").await;
    let pending = asked_for(app, &user, "third@example.com").await;
    app.clock.advance(Duration::from_secs(7 * 24 * 60 * 60 - 1));

    let answer = show(app, UNDO, &undo).await.expect_status(200);
    assert_eq!(answer.json(), json!({ "email": "old@example.com" }));
    for ended in [&user, &other] {
        let refresh = json!({ "refresh_token": ended.refresh_token() });
        app.anonymous().post("/v1/auth/refresh", refresh).await.expect_problem(401, "refresh_invalid").done();
    }
    show(app, CONFIRM, &pending).await.expect_problem(401, "email_change_invalid").done();
    assert_eq!(person.log_in().await.id, user.id);
});

both_engines!(the_address_that_loses_by_an_undo_is_told, async |app| {
    let (_, user) = stepped_up(app, "old@example.com").await;
    user.client.put(USERS, json!({ "language": "de" })).await.expect_status(205).done();
    let undo = moved(app, &user, "old@example.com", "new@example.com").await;
    let before = app.inbox("new@example.com").await.len();
    show(app, UNDO, &undo).await.expect_status(200).done();

    let mails = app.inbox("new@example.com").await;
    assert_eq!(mails.len(), before + 1);
    let notice = mails.last().unwrap();
    assert!(notice.subject.contains("zurückgenommen"), "{}", notice.subject);
    assert!(!notice.text.contains('#'), "a notice has no link that does anything");
    assert!(!notice.text.contains("old@example.com"), "{}", notice.text);
});

both_engines!(links_of_a_change_expire_and_what_is_over_is_dropped, async |app| {
    let (person, user) = stepped_up(app, "old@example.com").await;
    let late = asked_for(app, &user, "new@example.com").await;
    app.clock.advance(DAY);
    show(app, CONFIRM, &late).await.expect_problem(401, "email_change_invalid").done();

    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    let undo = moved(app, &user, "old@example.com", "new@example.com").await;
    app.clock.advance(7 * DAY);
    show(app, UNDO, &undo).await.expect_problem(401, "email_change_invalid").done();
    app.tidy().await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM email_changes").await, 0);
});

both_engines!(changes_of_address_void_pending_sign_ups_and_resets, async |app| {
    let (_, user) = stepped_up(app, "old@example.com").await;
    app.signed_up("new@example.com").await;
    let activation = app.mail_to("new@example.com").await.link_secret();
    moved(app, &user, "old@example.com", "new@example.com").await;
    let body = json!({ "token": activation });
    let late = app.anonymous().post("/api/auth/srp/sign-up/activate", body).await;
    late.expect_problem(401, "activation_invalid").done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM pending_credentials").await, 0);
});

both_engines!(one_client_asks_for_few_mails, Setup::new().with("limits.client_mails", "2"), async |app| {
    let (_, user) = stepped_up(app, "old@example.com").await;
    for left in ["1", "0"] {
        let answer = user.client.put(USERS, json!({ "email": "new@example.com" })).await.expect_status(205);
        assert_eq!(answer.header("x-ratelimit-limit"), "2");
        assert_eq!(answer.header("x-ratelimit-remaining"), left);
    }
    let before = app.database.number("SELECT COUNT(*) FROM email_changes").await;
    let body = json!({ "email": "new@example.com", "display_name": "Ada" });
    let refused = user.client.put(USERS, body).await.expect_problem(429, "too_many_requests");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert_eq!(me(&user).await.get("display_name"), None, "all of it or nothing");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM email_changes").await, before);
    user.client.put(USERS, json!({ "display_name": "Ada" })).await.expect_status(205).done();
});

both_engines!(one_account_asks_for_few_mails, Setup::new().with("limits.mails", "2"), async |app| {
    let (person, user) = stepped_up(app, "old@example.com").await;
    for number in 1..=2 {
        let email = format!("new{number}@example.com");
        user.client.put(USERS, json!({ "email": email })).await.expect_status(205).done();
    }
    let third = json!({ "email": "new3@example.com" });
    user.client.put(USERS, third.clone()).await.expect_problem(429, "too_many_requests").done();
    app.clock.advance(HOUR);
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    user.client.put(USERS, third).await.expect_status(205).done();
});

both_engines!(one_new_address_gets_few_mails_whoever_asks, Setup::new().with("limits.mails", "2"), async |app| {
    for number in 1..=3 {
        let (_, user) = stepped_up(app, &format!("old{number}@example.com")).await;
        user.client.put(USERS, json!({ "email": "wanted@example.com" })).await.expect_status(205).done();
    }
    assert_eq!(app.inbox("wanted@example.com").await.len(), 2);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM email_changes").await, 3);
});

both_engines!(a_deleted_account_is_gone_and_its_address_free, async |app| {
    let (person, user) = stepped_up(app, "person@example.com").await;
    let other = person.log_in().await;
    let answer = user.client.delete(USERS).await.expect_status(204);
    assert!(answer.body.is_empty());
    assert!(answer.header("set-cookie").starts_with("tacit_refresh=; Path=/; Max-Age=0"));

    for gone in [&user, &other] {
        gone.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
        let refresh = json!({ "refresh_token": gone.refresh_token() });
        app.anonymous().post("/v1/auth/refresh", refresh).await.expect_problem(401, "refresh_invalid").done();
    }
    let nobody = person.begin_login().await;
    person.prove(&nobody).await.expect_problem(401, "proof_rejected").done();
    let farewell = app.mail_to("person@example.com").await;
    assert!(farewell.subject.contains("deleted"), "{}", farewell.subject);

    let again = app.user("person@example.com").await;
    assert_ne!(again.id, user.id);
});

/// Behind a proxy, so that people have addresses of their own.
fn told_apart() -> Setup {
    Setup::new().with("trusted_proxies", "127.0.0.1/32")
}

both_engines!(a_deletion_leaves_nothing_personal, told_apart(), async |app| {
    let client = app.anonymous().with("x-forwarded-for", "203.0.113.77").with("user-agent", "TellingBrowser/7.7");
    let person = app.registered("telling.address@example.com").await.through(&client);
    person.mistyping("wrong").guess(&json!({})).await.expect_problem(401, "proof_rejected").done();
    let user = person.log_in_with(&json!({ "device_name": "Telling Device" })).await;
    user.step_up(&person).await.expect_status(200).done();
    let name = json!({ "display_name": "Telling Name", "language": "de" });
    user.client.put(USERS, name).await.expect_status(205).done();
    moved(app, &user, "telling.address@example.com", "telling.second@example.com").await;
    asked_for(app, &user, "telling.third@example.com").await;
    user.client.put(USERS, json!({ "email": "telling.fourth@example.com" })).await.expect_status(205).done();
    app.stranger("Telling.Second@example.com").sign_up().await.expect_status(201).done();
    let telling = ["elling.", "Telling Name", "Telling Device", "TellingBrowser", "203.0.113.77"];
    let before = app.database.rows().await;
    assert!(telling.iter().all(|word| before.contains(word)), "the words are found where they are");

    user.client.delete(USERS).await.expect_status(204).done();
    let farewell = app.mail_to("telling.second@example.com").await;
    assert!(farewell.subject.contains("gelöscht"), "{}", farewell.subject);
    let rows = app.database.rows().await;
    for word in telling {
        assert!(!rows.contains(word), "{word} is left in a row");
    }
    if app.engine == Engine::Sqlite {
        // On the disk, too.
        app.stop().await;
        let file = app.database.dump().await;
        for word in telling {
            assert!(!file.windows(word.len()).any(|part| part == word.as_bytes()), "{word} is left in the file");
        }
        app.start_again().await;
    }
    let kept = "SELECT COUNT(*) FROM audit_events WHERE event_type = 'account.delete'";
    assert_eq!(app.database.number(kept).await, 1, "that there was a deletion is known");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM audit_origins").await, 0);
});

both_engines!(a_deletion_leaves_others_alone, async |app| {
    let other = app.user("other@example.com").await;
    let (_, user) = stepped_up(app, "person@example.com").await;
    moved(app, &user, "person@example.com", "new@example.com").await;
    // The old address is somebody else's by now.
    let heir = app.user("person@example.com").await;
    user.client.delete(USERS).await.expect_status(204).done();
    for left in [&other, &heir] {
        left.client.get("/v1/auth/me").await.expect_status(200).done();
    }
    assert!(app.database.number("SELECT COUNT(*) FROM audit_origins").await > 0);
});

both_engines!(an_export_has_everything_but_the_verifier, async |app| {
    let (person, user) = stepped_up(app, "old@example.com").await;
    app.clock.advance(Duration::from_secs(1));
    let ended = person.log_in_with(&json!({ "device_name": "Old phone" })).await;
    ended.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    user.client.put(USERS, json!({ "display_name": "Ada" })).await.expect_status(205).done();
    moved(app, &user, "old@example.com", "New@example.com").await;

    let file = user.client.get(EXPORT).await.expect_status(200);
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"tacit-account.json\"");
    assert_eq!(file.header("cache-control"), "no-store");
    assert!(file.header("content-type").starts_with("application/json"));
    let account = file.member("/account");
    assert_eq!(account["id"], user.id);
    assert_eq!((&account["email"], &account["email_key"]), (&json!("New@example.com"), &json!("new@example.com")));
    assert_eq!(account["display_name"], "Ada");
    let credential = person.credential.json();
    for member in ["identity", "salt", "preset"] {
        assert_eq!(file.member(&format!("/credential/{member}")), credential[member], "{member}");
    }
    assert!(file.string("/credential/verifier").contains("sealed"));
    assert!(!file.text().contains(credential["verifier"].as_str().unwrap()));

    let sessions = file.member("/sessions");
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    assert_eq!((&sessions[0]["device_name"], &sessions[0]["ended_reason"]), (&json!("Old phone"), &json!("logout")));
    assert_eq!((&sessions[1]["current"], sessions[1].get("ended_at")), (&json!(true), None));
    assert_eq!(file.member("/email_changes/0/old_email"), "old@example.com");
    assert_eq!(file.member("/email_changes/0/new_email"), "New@example.com");
    let events = file.member("/events");
    let types: Vec<_> = events.as_array().unwrap().iter().map(|event| event["event_type"].as_str().unwrap()).collect();
    for wanted in
        ["account.activate", "login", "step_up", "session.end", "account.update", "email.change", "account.export"]
    {
        assert!(types.contains(&format!("{wanted}.success").as_str()), "{wanted}: {types:?}");
    }
    assert!(events.as_array().unwrap().iter().all(|event| event["ip_address"] == "127.0.0.1"));
    assert_eq!(file.member("/events_in_all"), types.len());
    assert_eq!(file.member("/mails"), json!([]));
});

both_engines!(an_export_tells_of_mails_that_wait, async |app| {
    let (_, user) = stepped_up(app, "person@example.com").await;
    app.settle().await;
    let waiting = "INSERT INTO outbox (id, kind, payload, created_at, due_at, attempts, recipient_key) \
                   SELECT id, 'mail.password_changed', '{}', 1800000000000, 9000000000000000, 0, email_key FROM accounts";
    app.database.execute(waiting).await;
    let file = user.client.get(EXPORT).await.expect_status(200);
    assert_eq!(file.member("/mails/0/kind"), "password_changed");
    app.database.execute("DELETE FROM outbox").await;
});

both_engines!(an_account_exports_ten_times_an_hour, async |app| {
    let user = app.user("person@example.com").await;
    for left in (0..10).rev() {
        let answer = user.client.get(EXPORT).await.expect_status(200);
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
    }
    user.client.get(EXPORT).await.expect_problem(429, "too_many_requests").done();
});

both_engines!(a_long_record_is_exported_newest_first_as_far_as_it_goes, async |app| {
    let user = app.user("person@example.com").await;
    let id = match app.engine {
        Engine::Sqlite => "randomblob(16)",
        Engine::Postgres => "gen_random_uuid()",
    };
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 501) \
         INSERT INTO audit_events (chain, sequence, id, event_type, result, account_id, session_id, actor, actor_id, \
         detail, created_at, origin_hash, hash) SELECT e.chain, e.sequence + 10000 + n.i, {id}, e.event_type, e.result, \
         e.account_id, e.session_id, e.actor, e.actor_id, e.detail, e.created_at, e.origin_hash, e.hash \
         FROM audit_events e, n WHERE e.event_type = 'login'"
    );
    app.database.execute(&many).await;
    app.clock.advance(Duration::from_secs(1));
    let file = user.client.get(EXPORT).await.expect_status(200);
    let events = file.member("/events");
    assert_eq!(file.member("/events_in_all"), events.as_array().unwrap().len());
    assert!(events.as_array().unwrap().len() > 503, "more than one page");
    assert_eq!(events[0]["event_type"], "account.export.success");
});
