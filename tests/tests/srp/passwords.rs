//! `/api/auth/srp/password/change`: another password, and the same one under today's preset.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_shared::sealed::Purpose;
use tacit_tests::{App, NewCredential, Person, Setup, User, both_engines};

const NEW: &str = "an altogether new password";
const ME: &str = "/v1/auth/me";

/// Somebody who is logged in twice, and the credential they are about to have.
async fn about_to_change(app: &App) -> (Person, User, User, NewCredential) {
    let person = app.registered("person@example.com").await;
    let (here, there) = (person.log_in().await, person.log_in().await);
    (person, here, there, NewCredential::of(NEW))
}

async fn version(app: &App) -> i64 {
    app.database.number("SELECT version FROM credentials").await
}

fn nothing() -> Value {
    json!({})
}

both_engines!(after_a_change_the_new_password_logs_in_and_the_old_one_does_not, async |app| {
    let (person, here, _, new) = about_to_change(app).await;
    let answer = here.change_password(&person, &new, &nothing()).await.expect_status(204);
    assert!(answer.body.is_empty());
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    let changed = person.with_password(NEW, &new);
    assert_eq!(changed.log_in().await.id, here.id);
});

both_engines!(a_change_ends_the_other_sessions, async |app| {
    let (person, here, there, new) = about_to_change(app).await;
    here.change_password(&person, &new, &nothing()).await.expect_status(204).done();
    here.client.get(ME).await.expect_status(200).done();
    there.client.get(ME).await.expect_problem(401, "unauthenticated").done();
    let refresh = json!({ "refresh_token": there.refresh_token() });
    app.anonymous().post("/v1/auth/refresh", refresh).await.expect_problem(401, "refresh_invalid").done();
    let refresh = json!({ "refresh_token": here.refresh_token() });
    app.anonymous().post("/v1/auth/refresh", refresh).await.expect_status(200).done();
});

both_engines!(an_owner_is_told_of_twenty_changes_an_hour_however_many_sessions_make_them, async |app| {
    app.clock.advance_to_next(Duration::from_hours(1));
    let mut person = app.registered("person@example.com").await;
    let before = app.inbox("person@example.com").await.len();
    for turn in 0..22 {
        let password = format!("{NEW} {turn}");
        let new = NewCredential::of(&password);
        person.log_in().await.change_password(&person, &new, &nothing()).await.expect_status(204).done();
        person = person.with_password(&password, &new);
    }
    assert_eq!(app.inbox("person@example.com").await.len(), before + 20);
});

both_engines!(the_other_sessions_go_on_where_their_owner_keeps_them, async |app| {
    let (person, here, there, new) = about_to_change(app).await;
    here.change_password(&person, &new, &json!({ "keep_other_sessions": true })).await.expect_status(204).done();
    there.client.get(ME).await.expect_status(200).done();
});

both_engines!(a_wrong_password_changes_nothing, async |app| {
    let (person, here, there, new) = about_to_change(app).await;
    let answer = here.change_password(&person.mistyping("not the password"), &new, &nothing()).await;
    answer.expect_problem(401, "proof_rejected").done();
    assert_eq!(version(app).await, 1);
    there.client.get(ME).await.expect_status(200).done();
    person.log_in().await;
});

both_engines!(the_owner_is_told_by_mail, async |app| {
    let (person, here, _, new) = about_to_change(app).await;
    here.change_password(&person, &new, &nothing()).await.expect_status(204).done();
    app.settle().await;
    let mails = app.inbox(&person.email).await;
    let notice = mails.iter().find(|mail| mail.subject.contains("was changed")).expect("a notice");
    assert!(!notice.text.contains('#'), "a notice has no link that does anything");
});

both_engines!(after_a_change_every_device_is_a_new_one, async |app| {
    let (person, here, _, new) = about_to_change(app).await;
    let known = person.log_in_with(&json!({ "remember_device": true })).await.answer.string("/device_token");
    here.change_password(&person, &new, &nothing()).await.expect_status(204).done();
    // A token that is still good is not given out anew.
    let changed = person.with_password(NEW, &new);
    let again = changed.log_in_with(&json!({ "remember_device": true, "device_token": known })).await;
    assert_ne!(again.answer.string("/device_token"), known);
});

both_engines!(of_two_changes_at_once_one_wins_and_the_other_hears_so, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    for round in 1..=8 {
        let person =
            if round == 1 { person.clone() } else { person.with_password("first", &NewCredential::of("first")) };
        let news = [NewCredential::of("first"), NewCredential::of("first")];
        let begun = [user.begin(Purpose::Change).await, user.begin(Purpose::Change).await];
        let wishes = news.map(|new| json!({ "credential": new.json() }).to_string());
        let (one, other) = tokio::join!(
            user.authorise(&person, &begun[0], Purpose::Change, wishes[0].as_bytes()),
            user.authorise(&person, &begun[1], Purpose::Change, wishes[1].as_bytes()),
        );
        let (won, lost) = if one.status == 204 { (one, other) } else { (other, one) };
        assert_eq!(won.status, 204, "round {round}: {}", won.text());
        // Whoever looked at the credential after it was replaced sees a proof of another one.
        let code = lost.string("/code");
        assert!(["credential_replaced", "proof_rejected"].contains(&code.as_str()), "round {round}: {code}");
        assert_eq!(version(app).await, round + 1);
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM credentials").await, 1);
});

both_engines!(an_upgrade_puts_todays_preset_in_place_and_ends_nothing, async |app| {
    let (person, here, there, _) = about_to_change(app).await;
    let known = person.log_in_with(&json!({ "remember_device": true })).await.answer.string("/device_token");
    app.settle().await;
    let mails = app.inbox(&person.email).await.len();
    let new = person.with_default_preset().credential;
    here.replace_credential(&person, Purpose::Upgrade, &new, &nothing()).await.expect_status(204).done();

    there.client.get(ME).await.expect_status(200).done();
    let handshake = person.begin_login().await;
    assert_eq!(handshake.preset, tacit_shared::preset::DEFAULT.number);
    let members = json!({ "remember_device": true, "device_token": known });
    let again = person.log_in_with(&members).await;
    assert!(again.answer.json().get("device_token").is_none(), "the device is still known");
    app.settle().await;
    assert_eq!(app.inbox(&person.email).await.len(), mails, "nobody is told of what nobody notices");
});

both_engines!(what_is_not_outdated_is_not_upgraded, async |app| {
    let person = app.registered_with("person@example.com", tacit_shared::preset::DEFAULT.number).await;
    let user = person.log_in().await;
    let new = person.with_default_preset().credential;
    let answer = user.replace_credential(&person, Purpose::Upgrade, &new, &nothing()).await;
    answer.expect_problem(400, "upgrade_refused").done();
    assert_eq!(version(app).await, 1);
});

both_engines!(an_upgrade_does_not_lead_downwards, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    let answer = user.replace_credential(&person, Purpose::Upgrade, &NewCredential::of(NEW), &nothing()).await;
    answer.expect_problem(400, "upgrade_refused").done();
    assert_eq!(version(app).await, 1);
});

both_engines!(a_valid_proof_of_a_useless_wish_is_no_failed_attempt, Setup::new(), async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    for _ in 0..20 {
        let handshake = user.begin(Purpose::Change).await;
        let wish = br#"{"credential":{"identity":"00","salt":"","preset":3,"verifier":"1"}}"#;
        let answer = user.authorise(&person, &handshake, Purpose::Change, wish).await;
        let problem = answer.expect_problem(400, "invalid_request");
        problem.done();
    }
    assert_eq!(version(app).await, 1);
    user.change_password(&person, &NewCredential::of(NEW), &nothing()).await.expect_status(204).done();
});

both_engines!(what_is_wrong_with_a_sealed_credential_is_named, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    let good = NewCredential::of(NEW).json();
    for (member, value) in
        [("preset", json!(9)), ("verifier", json!("1")), ("salt", json!("00")), ("identity", json!("g"))]
    {
        let mut credential = good.clone();
        credential[member] = value;
        let handshake = user.begin(Purpose::Change).await;
        let wish = json!({ "credential": credential }).to_string();
        let answer = user.authorise(&person, &handshake, Purpose::Change, wish.as_bytes()).await;
        assert_eq!(answer.status, 400, "{member}: {}", answer.text());
        assert_eq!(answer.string("/fields/0/name"), format!("sealed.credential.{member}"));
    }
    for wish in ["", "{}", "[]", "null", r#"{"credential":{},"surprise":1}"#] {
        let handshake = user.begin(Purpose::Change).await;
        let answer = user.authorise(&person, &handshake, Purpose::Change, wish.as_bytes()).await;
        assert_eq!((answer.status, answer.string("/fields/0/name").as_str()), (400, "sealed"), "{wish}");
    }
});
