//! Every flow there is, walked by people whose password is the canary.

use serde_json::{Value, json};
use tacit_shared::sealed::Purpose;
use tacit_tests::{Person, User};

use super::story::Story;
use super::{ACTIVATE, COMPLETE, CONFIRM, EXPORT, ORIGIN, REFRESH, RESEND, RESET, UNDO, USERS, VALIDATE};

/// Sign-up, resend, activation by link and by code, an address that has an account, an invitation.
pub(super) async fn come_in(story: &mut Story<'_>) -> (Person, Person) {
    let mut ada = story.person("ada@example.com");
    story.sign_up(&mut ada).await;
    let not_yet = ada.with_ticket();
    let handshake = not_yet.begin_login().await;
    not_yet.prove(&handshake).await.expect_problem(403, "account_not_activated").done();
    let again = json!({ "auth_id": ada.email, "ticket": ada.ticket });
    story.there.post(RESEND, again).await.expect_status(200).done();
    let mail = story.app.mail_to(&ada.email).await;
    story.secrets_of_mail(&mail);
    story.activate(json!({ "token": mail.link_secret() })).await;
    let spent = story.there.post(ACTIVATE, json!({ "token": mail.link_secret() })).await;
    spent.expect_problem(401, "activation_invalid").done();

    let mut bob = story.person("bob@example.com");
    let mail = story.sign_up(&mut bob).await;
    story.activate(json!({ "auth_id": bob.email, "code": mail.code() })).await;
    let mut second = story.person("bob@example.com");
    second.sign_up().await.expect_status(201).done();
    story.secret_text("ticket", &second.ticket.clone().unwrap());
    // One who never comes back: the secrets lie unused.
    let mut idle = story.person("idle@example.com");
    story.sign_up(&mut idle).await;

    let printed = story.command(&["admin", "create", "root@example.com"]).await;
    let invitation = printed.split_once("/welcome#").unwrap().1.trim().to_owned();
    story.secret_text("invitation", &invitation);
    let root = story.person("root@example.com");
    story.activate(json!({ "token": invitation, "credential": root.credential.json() })).await;
    (ada, root)
}

/// Right and wrong logins, refreshes in body and cookie, a reuse, sessions, logouts.
pub(super) async fn live(story: &mut Story<'_>, ada: &Person, root: &Person) {
    let wrong = story.person_with(&ada.email, "mistyped", &format!("mistyped {}", story.heart.clone()));
    let handshake = wrong.begin_login().await;
    wrong.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    let nobody = story.person("nobody@example.com");
    let handshake = nobody.begin_login().await;
    nobody.prove(&handshake).await.expect_problem(401, "proof_rejected").done();

    let user = story.log_in(ada, &json!({ "device_name": "Ada's laptop" })).await;
    let there = story.there.clone();
    let second = story.refresh(&there, json!({ "refresh_token": user.refresh_token() })).await;
    story.refresh(&there, json!({ "refresh_token": second.string("/tokens/refresh_token") })).await;

    let page = there.with("origin", ORIGIN).with("x-tacit-client", "test");
    let at_page = ada.through(&page);
    let browser = story.log_in(&at_page, &json!({ "refresh_delivery": "cookie" })).await;
    let cookie = browser.answer.header("set-cookie").split(';').next().unwrap().to_owned();
    story.refresh(&page.with("cookie", &cookie), json!({})).await;
    browser.client.get("/v1/auth/me").await.expect_status(200).done();
    browser.client.get("/v1/sessions").await.expect_status(200).done();
    browser.client.get("/api/auth/sessions/list").await.expect_status(200).done();
    browser.client.post_nothing("/api/auth/sessions/verify").await.expect_status(204).done();
    let other = story.log_in(ada, &json!({})).await;
    browser.client.delete(&format!("/v1/sessions/{}", other.session_id)).await.expect_status(204).done();
    let other = story.log_in(ada, &json!({})).await;
    let reused = json!({ "refresh_token": user.refresh_token() });
    there.post(REFRESH, reused).await.expect_problem(401, "refresh_reused").done();
    other.client.post_nothing("/api/auth/sessions/logout-all").await.expect_status(200).done();
    other.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();

    let admin = story.log_in(root, &json!({})).await;
    admin.client.get("/health").await.expect_status(200).done();
}

/// A reset by code and by link, one of them used, another one never.
pub(super) async fn forget(story: &mut Story<'_>, ada: &Person) -> Person {
    for _ in 0..2 {
        story.there.post(RESET, json!({ "auth_id": ada.email })).await.expect_status(200).done();
        let mail = story.app.mail_to(&ada.email).await;
        story.secrets_of_mail(&mail);
    }
    let mail = story.app.mail_to(&ada.email).await;
    let by_code = json!({ "auth_id": ada.email, "code": mail.code() });
    story.there.post(VALIDATE, by_code).await.expect_status(200).done();
    let again = story.person_with(&ada.email, "reset", &format!("reset {}", story.heart.clone()));
    let completion = json!({ "token": mail.link_secret(), "credential": again.credential.json() });
    story.there.post(COMPLETE, completion.clone()).await.expect_status(200).done();
    story.there.post(COMPLETE, completion).await.expect_problem(400, "reset_invalid").done();
    story.log_in(&again, &json!({})).await;
    // The notice goes out before the next mail.
    story.app.settle().await;
    story.there.post(RESET, json!({ "auth_id": ada.email })).await.expect_status(200).done();
    let unused = story.app.mail_to(&ada.email).await;
    story.secrets_of_mail(&unused);
    again
}

/// The credential upgraded, the password changed, and shown again; each of them with a mistake first.
pub(super) async fn renew(story: &mut Story<'_>, ada: &Person) -> Person {
    let user = story.log_in(ada, &json!({})).await;
    let wrong = story.person_with(&ada.email, "mistyped again", &format!("mistyped again {}", story.heart));

    let upgraded = ada.with_default_preset();
    story.watch("upgraded", &upgraded.password, &upgraded.credential);
    let wish = json!({ "credential": upgraded.credential.json() });
    story.authorise(&user, &wrong, Purpose::Upgrade, &wish).await.expect_problem(401, "proof_rejected").done();
    story.authorise(&user, ada, Purpose::Upgrade, &wish).await.expect_status(204).done();

    let changed = story.person_with(&ada.email, "changed", &format!("changed {}", story.heart));
    let wish = json!({ "credential": changed.credential.json(), "keep_other_sessions": true });
    // What it asks for is in the log as far as it goes: the names of members, not what they hold.
    let unknown = json!({ "credential": changed.credential.json(), "password": changed.password });
    story.authorise(&user, &upgraded, Purpose::Change, &unknown).await.expect_problem(400, "invalid_request").done();
    story.authorise(&user, &wrong, Purpose::Change, &wish).await.expect_problem(401, "proof_rejected").done();
    story.authorise(&user, &upgraded, Purpose::Change, &wish).await.expect_status(204).done();

    story.authorise(&user, &wrong, Purpose::StepUp, &Value::Null).await.expect_problem(401, "proof_rejected").done();
    story.authorise(&user, &changed, Purpose::StepUp, &Value::Null).await.expect_status(200).done();
    changed
}

/// Somebody with the canary for a password, who has just shown it again.
async fn sure_of(story: &mut Story<'_>, person: &Person) -> User {
    let user = story.log_in(person, &json!({})).await;
    story.authorise(&user, person, Purpose::StepUp, &Value::Null).await.expect_status(200).done();
    user
}

/// Asks for another address; the secret of the link that went there.
async fn ask_for(story: &mut Story<'_>, user: &User, email: &str) -> String {
    user.client.put(USERS, json!({ "email": email, "language": "de" })).await.expect_status(205).done();
    let secret = story.app.mail_to(email).await.link_secret();
    story.secret_text("link", &secret);
    secret
}

/// Changes the address for good; the secret of the link that takes it back.
async fn move_to(story: &mut Story<'_>, user: &User, from: &str, to: &str) -> String {
    let secret = ask_for(story, user, to).await;
    story.there.post(CONFIRM, json!({ "token": secret })).await.expect_status(200).done();
    let spent = story.there.post(CONFIRM, json!({ "token": secret })).await;
    spent.expect_problem(401, "email_change_invalid").done();
    let undo = story.app.mail_to(from).await.link_secret();
    story.secret_text("link", &undo);
    undo
}

/// Addresses asked for, changed and changed back, with links that are used, void, and never used; the data taken along.
pub(super) async fn move_about(story: &mut Story<'_>, ada: &Person, root: &Person) {
    let user = sure_of(story, ada).await;
    ask_for(story, &user, "void@example.com").await;
    let undo = move_to(story, &user, &ada.email, "elsewhere@example.com").await;
    user.client.get(EXPORT).await.expect_status(200).done();
    story.there.post(UNDO, json!({ "token": undo })).await.expect_status(200).done();
    story.there.post(UNDO, json!({ "token": undo })).await.expect_problem(401, "email_change_invalid").done();
    let user = sure_of(story, ada).await;
    ask_for(story, &user, "waiting@example.com").await;
    user.client.get(EXPORT).await.expect_status(200).done();

    let mut mover = story.person("mover@example.com");
    let mail = story.sign_up(&mut mover).await;
    story.activate(json!({ "token": mail.link_secret() })).await;
    let user = sure_of(story, &mover).await;
    move_to(story, &user, &mover.email, "moved@example.com").await;

    let admin = story.log_in(root, &json!({})).await;
    let log = admin.client.get("/v1/audit/logs?limit=100").await.expect_status(200);
    for event in ["password.upgrade", "password.change", "step_up", "email.change", "email.undo", "account.export"] {
        assert!(log.text().contains(&format!("{event}.success")), "{event} is not in the log");
    }
}

/// Somebody who moves, and then deletes the account.
pub(super) async fn leave(story: &mut Story<'_>) {
    let mut leaver = story.person("leaver@example.com");
    let mail = story.sign_up(&mut leaver).await;
    story.activate(json!({ "token": mail.link_secret() })).await;
    let user = sure_of(story, &leaver).await;
    move_to(story, &user, &leaver.email, "gone@example.com").await;
    user.client.delete(USERS).await.expect_status(204).done();
    story.app.settle().await;
}
