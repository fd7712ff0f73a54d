//! Taking somebody's account over, or away, through what its owner may do with it.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tacit_domain::accounts::AccountName;
use tacit_domain::address::Address;
use tacit_shared::encoding::to_hex;
use tacit_tests::{Answer, App, Client, NewCredential, Person, User, both_engines};

const USERS: &str = "/api/auth/users/";
const CONFIRM: &str = "/api/auth/users/email/confirm";
const UNDO: &str = "/api/auth/users/email/undo";
const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";
const REFRESH: &str = "/v1/auth/refresh";
const OWNER: &str = "owner@example.com";
const THIEF: &str = "thief@example.com";
const ROUNDS: usize = 8;

async fn stepped_up(app: &App, email: &str) -> (Person, User) {
    let person = app.registered(email).await;
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    (person, user)
}

async fn asked_for(app: &App, user: &User, email: &str) -> String {
    user.client.put(USERS, json!({ "email": email })).await.expect_status(205).done();
    app.mail_to(email).await.link_secret()
}

async fn moved(app: &App, user: &User, from: &str, to: &str) -> String {
    let secret = asked_for(app, user, to).await;
    show(app, CONFIRM, &secret).await.expect_status(200).done();
    app.mail_to(from).await.link_secret()
}

async fn show(app: &App, path: &str, secret: &str) -> Answer {
    app.anonymous().post(path, json!({ "token": secret })).await
}

async fn refused(app: &App, path: &str, secret: &str) {
    show(app, path, secret).await.expect_problem(401, "email_change_invalid").done();
}

/// The address of the only account there is.
async fn only_address(app: &App) -> String {
    let [email] = app.database.texts("SELECT email FROM accounts").await.try_into().expect("one account");
    email
}

/// Everything that a token alone must not do, and that it did none of it.
async fn cannot_take_over(app: &App, client: &Client) {
    app.settle().await;
    let before = app.database.rows().await;
    let change = json!({ "email": THIEF, "display_name": "Mine" });
    client.put(USERS, change).await.expect_problem(403, "step_up_required").done();
    client.delete(USERS).await.expect_problem(403, "step_up_required").done();
    assert_eq!(app.database.rows().await, before, "a refusal wrote something");
    assert!(app.inbox(THIEF).await.is_empty());
}

both_engines!(a_stolen_token_alone_neither_changes_the_address_nor_deletes, async |app| {
    let person = app.registered(OWNER).await;
    let user = person.log_in().await;
    // Of a login a moment ago, and minutes later.
    cannot_take_over(app, &user.client).await;
    app.clock.advance(Duration::from_mins(4));
    cannot_take_over(app, &user.client).await;
    // Another session of the same person stepped up.
    let other = person.log_in().await;
    other.step_up(&person).await.expect_status(200).done();
    cannot_take_over(app, &user.client).await;
    app.anonymous().put(USERS, json!({ "email": THIEF })).await.expect_problem(401, "unauthenticated").done();
    app.anonymous().delete(USERS).await.expect_problem(401, "unauthenticated").done();
});

both_engines!(a_step_up_counts_for_ten_minutes_and_not_while_the_clock_was_ahead, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let mut refresh_token = user.refresh_token().to_owned();
    let renewed = async |refresh_token: &mut String| {
        let body = json!({ "refresh_token": refresh_token });
        let answer = app.anonymous().post(REFRESH, body).await.expect_status(200);
        *refresh_token = answer.string("/tokens/refresh_token");
        app.anonymous().bearer(&answer.string("/tokens/access_token"))
    };
    app.clock.advance(Duration::from_mins(10) - Duration::from_secs(1));
    let client = renewed(&mut refresh_token).await;
    client.put(USERS, json!({ "email": "new@example.com" })).await.expect_status(205).done();
    app.clock.advance(Duration::from_secs(1));
    cannot_take_over(app, &client).await;
    // Back to before the step-up: it must not count again, for hours on end.
    app.clock.set_back(Duration::from_hours(3));
    let client = renewed(&mut refresh_token).await;
    cannot_take_over(app, &client).await;
});

both_engines!(links_of_a_change_serve_once_and_for_one_thing, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let confirm = asked_for(app, &user, "new@example.com").await;
    refused(app, UNDO, &confirm).await;
    app.anonymous().post(ACTIVATE, json!({ "token": confirm })).await.expect_problem(401, "activation_invalid").done();
    show(app, CONFIRM, &confirm).await.expect_status(200).done();
    let undo = app.mail_to(OWNER).await.link_secret();
    refused(app, CONFIRM, &confirm).await;
    refused(app, CONFIRM, &undo).await;
    show(app, UNDO, &undo).await.expect_status(200).done();
    for secret in [&undo, &confirm] {
        refused(app, UNDO, secret).await;
        refused(app, CONFIRM, secret).await;
    }
    for odd in ["A", &"A".repeat(43), "\u{0}", "' OR 1=1 --"] {
        refused(app, CONFIRM, odd).await;
        refused(app, UNDO, odd).await;
    }
    assert_eq!(only_address(app).await, OWNER);
});

both_engines!(the_same_link_many_times_at_once_works_once, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let confirm = asked_for(app, &user, "new@example.com").await;
    assert_eq!(at_once(app, CONFIRM, &confirm).await, 1);
    let undo = app.mail_to(OWNER).await.link_secret();
    assert_eq!(app.inbox(OWNER).await.iter().filter(|mail| mail.text.contains("/undo-email#")).count(), 1);
    assert_eq!(at_once(app, UNDO, &undo).await, 1);
    assert_eq!(only_address(app).await, OWNER);
});

/// Shows a secret ten times at once; how often that worked.
async fn at_once(app: &App, path: &'static str, secret: &str) -> usize {
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (client, body) = (app.anonymous(), json!({ "token": secret }));
            tokio::spawn(async move { client.post(path, body).await })
        })
        .collect();
    let mut worked = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        if answer.status == 200 {
            worked += 1;
        } else {
            answer.expect_problem(401, "email_change_invalid").done();
        }
    }
    worked
}

both_engines!(looking_at_a_link_spends_nothing, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let secret = asked_for(app, &user, "new@example.com").await;
    for path in [CONFIRM, "/confirm-email", UNDO, "/undo-email"] {
        for method in [Method::GET, Method::HEAD] {
            for path in [path.to_owned(), format!("{path}?token={secret}"), format!("{path}/{secret}")] {
                let answer = app.anonymous().send(method.clone(), &path, None).await;
                assert!(answer.status < 500, "{method} {path}");
            }
        }
    }
    show(app, CONFIRM, &secret).await.expect_status(200).done();
});

both_engines!(an_address_that_has_an_account_is_asked_for_like_any_other_and_not_taken, async |app| {
    let victim = app.registered("victim@example.com").await;
    let language = victim.log_in().await.client.put(USERS, json!({ "language": "de" })).await;
    language.expect_status(205).done();
    let (_, user) = stepped_up(app, THIEF).await;
    let mut told = Vec::new();
    for email in ["victim@example.com", "nobody@example.com"] {
        let answer = user.client.put(USERS, json!({ "email": email })).await.expect_status(205);
        let differ = ["date", "x-request-id", "x-ratelimit-remaining"];
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| !differ.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        told.push((headers, answer.body, app.database.number("SELECT COUNT(*) FROM email_changes").await));
    }
    assert!(told[0] == told[1], "{told:?}");

    let notice = app.mail_to("victim@example.com").await;
    assert!(notice.subject.contains("Konto"), "in the owner's language: {}", notice.subject);
    assert!(!notice.text.contains('#'), "a notice has no link with a secret: {}", notice.text);
    let export = user.client.get("/api/auth/users/export").await.expect_status(200);
    assert!(!export.text().contains("victim"), "only the last one waits");
    user.client.put(USERS, json!({ "email": "victim@example.com" })).await.expect_status(205).done();
    let export = user.client.get("/api/auth/users/export").await.expect_status(200);
    let keys = export.member("/email_changes/0").as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys, ["old_email", "new_email", "created_at", "expires_at"], "as for an address that is free");
    victim.log_in().await;
});

both_engines!(an_address_taken_meanwhile_is_not_taken_over, async |app| {
    let (_, user) = stepped_up(app, THIEF).await;
    let secret = asked_for(app, &user, "new@example.com").await;
    let owner = app.user("new@example.com").await;
    refused(app, CONFIRM, &secret).await;
    let me = owner.client.get("/v1/auth/me").await.expect_status(200);
    assert_eq!(me.member("/user/email"), "new@example.com");
    let me = user.client.get("/v1/auth/me").await.expect_status(200);
    assert_eq!(me.member("/user/email"), THIEF);
});

both_engines!(of_a_confirmation_and_an_activation_for_one_address_one_wins, async |app| {
    for round in 0..ROUNDS {
        let wanted = format!("wanted{round}@example.com");
        let (_, user) = stepped_up(app, &format!("person{round}@example.com")).await;
        let confirm = asked_for(app, &user, &wanted).await;
        app.signed_up(&wanted).await;
        let activation = app.mail_to(&wanted).await.link_secret();
        let (changer, signer) = (app.anonymous(), app.anonymous());
        let (changed, activated) = tokio::join!(
            changer.post(CONFIRM, json!({ "token": confirm })),
            signer.post(ACTIVATE, json!({ "token": activation })),
        );
        let statuses = (changed.status, activated.status);
        assert!(matches!(statuses, (200, 401) | (401, 200)), "{statuses:?}: {} {}", changed.text(), activated.text());
        let count = format!("SELECT COUNT(*) FROM accounts WHERE email_key = '{wanted}'");
        assert_eq!(app.database.number(&count).await, 1);
    }
    app.settle().await;
});

both_engines!(the_old_address_wins_against_a_thief_who_knows_the_password_and_changed_it, async |app| {
    let (person, user) = stepped_up(app, OWNER).await;
    let undo = moved(app, &user, OWNER, THIEF).await;
    let credential = NewCredential::of("the thief's own");
    user.change_password(&person, &credential, &json!({})).await.expect_status(204).done();

    show(app, UNDO, &undo).await.expect_status(200).done();
    user.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
    assert_eq!(only_address(app).await, OWNER);
    // The thief's address is nobody's, and whoever reads the owner's is asked for what goes on.
    let mut thief = person.with_password("the thief's own", &credential);
    THIEF.clone_into(&mut thief.email);
    let nobody = thief.begin_login().await;
    thief.prove(&nobody).await.expect_problem(401, "proof_rejected").done();
});

both_engines!(undoing_a_change_undoes_all_that_came_after_it, async |app| {
    for clock_jumps in [false, true] {
        let (person, user) = stepped_up(app, OWNER).await;
        let undo = moved(app, &user, OWNER, "first@example.com").await;
        if clock_jumps {
            // Later by the order of things, earlier by the clock.
            app.clock.set_back(Duration::from_secs(3));
        }
        let back_to_first = moved(app, &user, "first@example.com", "second@example.com").await;
        let back_to_second = moved(app, &user, "second@example.com", THIEF).await;
        let waiting = asked_for(app, &user, "fourth@example.com").await;
        show(app, UNDO, &undo).await.expect_status(200).done();
        for void in [&back_to_first, &back_to_second] {
            refused(app, UNDO, void).await;
        }
        refused(app, CONFIRM, &waiting).await;
        assert_eq!(only_address(app).await, OWNER);
        let user = person.log_in().await;
        user.step_up(&person).await.expect_status(200).done();
        user.client.delete(USERS).await.expect_status(204).done();
        app.settle().await;
        app.clock.advance(Duration::from_hours(1));
    }
});

both_engines!(undoing_a_later_change_leaves_the_earlier_one_to_its_own_address, async |app| {
    let (person, user) = stepped_up(app, OWNER).await;
    let to_owner = moved(app, &user, OWNER, "new@example.com").await;
    let to_new = moved(app, &user, "new@example.com", THIEF).await;
    show(app, UNDO, &to_new).await.expect_status(200).done();
    assert_eq!(only_address(app).await, "new@example.com");
    show(app, UNDO, &to_owner).await.expect_status(200).done();
    person.log_in().await;
});

both_engines!(an_old_address_that_somebody_else_has_by_now_is_not_taken_from_them, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let undo = moved(app, &user, OWNER, "new@example.com").await;
    let heir = app.user(OWNER).await;
    refused(app, UNDO, &undo).await;
    heir.client.get("/v1/auth/me").await.expect_status(200).done();
    // Nothing of it was done: sessions go on.
    user.client.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(a_shut_account_gets_no_other_address, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let confirm = asked_for(app, &user, "new@example.com").await;
    let name = AccountName::Address(Address::parse(OWNER).unwrap());
    app.domain().await.accounts.disable(&name).await.unwrap();
    refused(app, CONFIRM, &confirm).await;
    assert_eq!(only_address(app).await, OWNER);
});

both_engines!(a_change_that_waits_dies_with_its_account, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let undo = moved(app, &user, OWNER, "second@example.com").await;
    let confirm = asked_for(app, &user, "third@example.com").await;
    user.client.delete(USERS).await.expect_status(204).done();
    refused(app, CONFIRM, &confirm).await;
    refused(app, UNDO, &undo).await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM accounts").await, 0);
});

both_engines!(a_login_begun_before_a_deletion_fails_like_a_wrong_password, async |app| {
    let (person, user) = stepped_up(app, OWNER).await;
    let handshake = person.begin_login().await;
    user.client.delete(USERS).await.expect_status(204).done();
    let late = person.prove(&handshake).await.expect_problem(401, "proof_rejected");
    let stranger = app.stranger("nobody@example.com");
    let wrong = stranger.prove(&stranger.begin_login().await).await.expect_problem(401, "proof_rejected");
    assert_eq!(late.json(), wrong.json());
});

both_engines!(nothing_outlives_a_deletion_that_a_refresh_and_logins_run_into, async |app| {
    for round in 0..ROUNDS {
        let (person, user) = stepped_up(app, &format!("person{round}@example.com")).await;
        let other = person.log_in().await;
        let handshake = person.begin_login().await;
        let (anonymous, refresh) = (app.anonymous(), json!({ "refresh_token": other.refresh_token() }));
        let logout = "/api/auth/sessions/logout";
        let (deleted, refreshed, proved, stepped, left) = tokio::join!(
            user.client.delete(USERS),
            anonymous.post(REFRESH, refresh),
            person.prove(&handshake),
            user.client.put(USERS, json!({ "display_name": "Telling" })),
            other.client.post_nothing(logout),
        );
        assert_eq!(deleted.status, 204, "{}", deleted.text());
        for (answer, others) in [(refreshed, 401), (proved, 401), (stepped, 401), (left, 401)] {
            assert!(answer.status < 300 || answer.status == others, "{}: {}", answer.request, answer.text());
        }
        for table in ["accounts", "credentials", "sessions", "refresh_tokens", "audit_origins"] {
            let rows = app.database.number(&format!("SELECT COUNT(*) FROM {table}")).await;
            assert_eq!(rows, 0, "{table} in round {round}");
        }
    }
    app.settle().await;
});

both_engines!(no_secret_of_a_change_lies_in_the_database, async |app| {
    let (_, user) = stepped_up(app, OWNER).await;
    let confirm = asked_for(app, &user, "new@example.com").await;
    let found = |dump: &[u8], text: &str| {
        let hex = to_hex(text.as_bytes());
        let dump = String::from_utf8_lossy(dump).to_lowercase();
        dump.contains(&text.to_lowercase()) || dump.contains(&hex)
    };
    assert!(!found(&app.database.dump().await, &confirm));
    show(app, CONFIRM, &confirm).await.expect_status(200).done();
    let undo = app.mail_to(OWNER).await.link_secret();
    assert!(!found(&app.database.dump().await, &undo));
});

both_engines!(an_address_asked_for_before_the_password_was_changed_or_reset_is_not_given, async |app| {
    for (number, by_reset) in [(1, false), (2, true)] {
        let person = app.registered(&format!("person{number}@example.com")).await;
        let thief = person.log_in().await;
        thief.step_up(&person).await.expect_status(200).done();
        let wanted = format!("thief{number}@example.com");
        thief.client.put("/api/auth/users/", json!({ "email": wanted })).await.expect_status(205).done();
        let link = app.mail_to(&wanted).await.link_secret();

        let new = NewCredential::of("the owner's next password");
        if by_reset {
            app.anonymous().post("/api/auth/srp/password/reset", json!({ "auth_id": person.email })).await.done();
            let token = app.mail_to(&person.email).await.link_secret();
            let body = json!({ "token": token, "credential": new.json() });
            app.anonymous().post("/api/auth/srp/password/reset/complete", body).await.expect_status(200).done();
        } else {
            let owner = person.log_in().await;
            owner.change_password(&person, &new, &json!({})).await.expect_status(204).done();
        }
        let answer = app.anonymous().post("/api/auth/users/email/confirm", json!({ "token": link })).await;
        answer.expect_problem(401, "email_change_invalid").done();
        person.with_password("the owner's next password", &new).log_in().await;
    }
});
