//! What somebody tries who wants another person's account by resetting its password, or to learn whether there is one.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tacit_domain::accounts::AccountName;
use tacit_domain::address::Address;
use tacit_shared::sealed::Purpose;
use tacit_tests::{Answer, App, Client, Mail, NewCredential, Person, Setup, both_engines};

const RESET: &str = "/api/auth/srp/password/reset";
const VALIDATE: &str = "/api/auth/srp/password/reset/validate";
const COMPLETE: &str = "/api/auth/srp/password/reset/complete";
const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";
const ME: &str = "/v1/auth/me";
const VERSION: &str = "SELECT version FROM credentials";

/// No limit of mails ends a test that resets one account again and again.
fn mailing() -> Setup {
    Setup::new().with("limits.mails", "1000")
}

async fn ask(app: &App, email: &str) -> Answer {
    app.anonymous().post(RESET, json!({ "auth_id": email })).await
}

async fn mailed(app: &App, email: &str) -> Mail {
    ask(app, email).await.expect_status(200).done();
    app.mail_to(email).await
}

/// The same a minute later, when it may be asked for again.
async fn mailed_again(app: &App, email: &str) -> Mail {
    app.clock.advance(Duration::from_mins(1));
    mailed(app, email).await
}

async fn validate(app: &App, secret: &Value) -> Answer {
    app.anonymous().post(VALIDATE, secret.clone()).await
}

async fn complete(client: &Client, secret: &Value, new: &NewCredential) -> Answer {
    let mut body = secret.clone();
    body["credential"] = new.json();
    client.post(COMPLETE, body).await
}

both_engines!(
    guessing_codes_of_a_reset_comes_to_an_end_wherever_they_are_tried,
    Setup::new().with("limits.code_attempts", "4"),
    async |app| {
        let person = app.registered("person@example.com").await;
        let mail = mailed(app, &person.email).await;
        let new = NewCredential::of("a guesser's password");
        // An address nobody has is limited alike.
        for email in [person.email.as_str(), "nobody@example.com"] {
            let wrong = json!({ "auth_id": email, "code": "ZZZZZ-ZZZZZ" });
            for _ in 0..2 {
                validate(app, &wrong).await.expect_problem(401, "reset_invalid").done();
                complete(&app.anonymous(), &wrong, &new).await.expect_problem(400, "reset_invalid").done();
            }
            let right = json!({ "auth_id": email, "code": mail.code() });
            for secret in [&wrong, &right] {
                let refused = validate(app, secret).await.expect_problem(429, "too_many_attempts");
                assert!(!refused.headers.contains_key("x-ratelimit-limit"), "counts by address are nobody's to read");
                let refused = complete(&app.anonymous(), secret, &new).await;
                refused.expect_problem(429, "too_many_attempts").done();
            }
        }
        assert_eq!(app.database.number(VERSION).await, 1);
        // The link does not suffer from guessed codes.
        validate(app, &json!({ "token": mail.link_secret() })).await.expect_status(200).done();
        app.clock.advance(Duration::from_mins(61));
        let code = mailed(app, &person.email).await.code();
        complete(&app.anonymous(), &json!({ "auth_id": person.email, "code": code }), &new)
            .await
            .expect_status(200)
            .done();
    }
);

both_engines!(a_right_code_is_no_guess, Setup::new().with("limits.code_attempts", "2"), async |app| {
    let person = app.registered("person@example.com").await;
    let secret = json!({ "auth_id": person.email, "code": mailed(app, &person.email).await.code() });
    for _ in 0..5 {
        validate(app, &secret).await.expect_status(200).done();
    }
    complete(&app.anonymous(), &secret, &NewCredential::of("another")).await.expect_status(200).done();
});

both_engines!(fifty_codes_guessed_at_once_are_not_more_than_one_after_the_other, async |app| {
    let person = app.registered("person@example.com").await;
    mailed(app, &person.email).await;
    let guesses: Vec<_> = (0..50)
        .map(|number| {
            let (client, email) = (app.anonymous(), person.email.clone());
            let secret = json!({ "auth_id": email, "code": format!("ZZZZZ-ZZZ{number:02}") });
            tokio::spawn(async move {
                if number % 2 == 0 {
                    client.post(VALIDATE, secret).await.status
                } else {
                    complete(&client, &secret, &NewCredential::of("guessed")).await.status
                }
            })
        })
        .collect();
    let mut looked_at = 0;
    for guess in guesses {
        match guess.await.unwrap() {
            400 | 401 => looked_at += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(looked_at, 10);
});

both_engines!(the_secrets_of_one_account_reset_no_other, async |app| {
    let (ada, bob) = (app.registered("ada@example.com").await, app.registered("bob@example.com").await);
    let (adas, bobs) = (mailed(app, &ada.email).await, mailed(app, &bob.email).await);
    let new = NewCredential::of("a thief's password");
    for secret in [
        json!({ "token": adas.link_secret(), "auth_id": bob.email }),
        json!({ "auth_id": bob.email, "code": adas.code() }),
        json!({ "auth_id": "nobody@example.com", "code": adas.code() }),
        json!({ "token": adas.code() }),
        json!({ "token": bobs.link_secret(), "auth_id": ada.email }),
    ] {
        validate(app, &secret).await.expect_problem(401, "reset_invalid").done();
        complete(&app.anonymous(), &secret, &new).await.expect_problem(400, "reset_invalid").done();
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM credentials WHERE version <> 1").await, 0);
    // Nothing of it was spent.
    for mail in [adas, bobs] {
        validate(app, &json!({ "token": mail.link_secret() })).await.expect_status(200).done();
    }
});

both_engines!(a_secret_for_one_purpose_serves_no_other, async |app| {
    let waiting = app.signed_up("waiting@example.com").await;
    let activation = app.mail_to(&waiting.email).await;
    let person = app.registered("person@example.com").await;
    let reset = mailed(app, &person.email).await;
    let invitation = app.invite_admin("root@example.com").await;
    for secret in [
        json!({ "token": activation.link_secret() }),
        json!({ "auth_id": waiting.email, "code": activation.code() }),
        json!({ "token": invitation }),
    ] {
        validate(app, &secret).await.expect_problem(401, "reset_invalid").done();
        let new = NewCredential::of("another");
        complete(&app.anonymous(), &secret, &new).await.expect_problem(400, "reset_invalid").done();
    }
    for secret in [json!({ "token": reset.link_secret() }), json!({ "auth_id": person.email, "code": reset.code() })] {
        app.anonymous().post(ACTIVATE, secret).await.expect_problem(401, "activation_invalid").done();
    }
    app.anonymous().post(ACTIVATE, json!({ "token": activation.link_secret() })).await.expect_status(200).done();
    validate(app, &json!({ "token": reset.link_secret() })).await.expect_status(200).done();
});

both_engines!(what_follows_links_in_mails_spends_no_reset, async |app| {
    let person = app.registered("person@example.com").await;
    let mail = mailed(app, &person.email).await;
    let (link, code) = (mail.link_secret(), mail.code());
    for path in ["/reset", RESET, VALIDATE, COMPLETE] {
        for query in ["", "?", &format!("?token={link}"), &format!("?auth_id={}&code={code}", person.email)] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                let answer = app.anonymous().send(method.clone(), &format!("{path}{query}"), None).await;
                assert!(path == "/reset" || answer.status >= 400, "{method} {path}: {}", answer.status);
            }
        }
    }
    assert_eq!(app.database.number(VERSION).await, 1);
    // However often it is asked for, asking is not spending.
    for _ in 0..20 {
        validate(app, &json!({ "token": link })).await.expect_status(200).done();
    }
    let new = NewCredential::of("another");
    complete(&app.anonymous(), &json!({ "token": link }), &new).await.expect_status(200).done();
});

/// Everything of an answer but its time, its name and what is counted for the client.
fn seen(answer: &Answer) -> (u16, String, Vec<String>) {
    let own = ["date", "x-request-id", "x-ratelimit-remaining"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    (answer.status, answer.text(), headers)
}

both_engines!(nothing_about_a_reset_tells_who_has_an_account, async |app| {
    app.registered("person@example.com").await;
    let disabled = app.registered("disabled@example.com").await;
    app.command(&["user", "disable", &disabled.email]).await;
    app.invite_admin("invited@example.com").await;
    app.signed_up("waiting@example.com").await;
    let new = NewCredential::of("another");
    let mut told = Vec::new();
    for email in ["person", "nobody", "disabled", "invited", "waiting"].map(|name| format!("{name}@example.com")) {
        let mut answers = vec![ask(app, &email).await, ask(app, &email).await];
        for secret in [json!({ "auth_id": email, "code": "ZZZZZ-ZZZZZ" }), json!({ "auth_id": email, "token": "A" })] {
            answers.push(validate(app, &secret).await);
            answers.push(complete(&app.anonymous(), &secret, &new).await);
        }
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 429, 401, 400, 401, 400], "{email}");
        told.push(answers.iter().map(seen).collect::<Vec<_>>());
    }
    for others in &told[1..] {
        assert_eq!(*others, told[0]);
    }
});

both_engines!(revealing_accounts_reveals_nothing_by_a_reset, Setup::revealing(), async |app| {
    app.registered("person@example.com").await;
    let [known, unknown] = [ask(app, "person@example.com").await, ask(app, "nobody@example.com").await];
    assert_eq!(seen(&known), seen(&unknown));
    assert_eq!(known.status, 200);
});

both_engines!(of_two_completions_at_once_one_wins, mailing(), async |app| {
    let person = app.registered("person@example.com").await;
    for round in 1..=8 {
        let mail = mailed_again(app, &person.email).await;
        let (link, code) =
            (json!({ "token": mail.link_secret() }), json!({ "auth_id": person.email, "code": mail.code() }));
        let news = [NewCredential::of("first"), NewCredential::of("second")];
        let clients = [app.anonymous(), app.anonymous()];
        let (one, other) = tokio::join!(complete(&clients[0], &link, &news[0]), complete(&clients[1], &code, &news[1]));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "round {round}: {} {}", one.text(), other.text());
        assert_eq!(app.database.number(VERSION).await, round + 1);
        let (winner, loser) = if one.status == 200 { (0, 1) } else { (1, 0) };
        let with = |at: usize| person.with_password(["first", "second"][at], &news[at]);
        with(winner).log_in().await;
        let handshake = with(loser).begin_login().await;
        with(loser).prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM credentials").await, 1);
});

/// Head starts, so that now one is first and now the other.
const HEAD_STARTS: [u64; 13] = [0, 0, 1, 2, 3, 5, 8, 12, 18, 30, 60, 400, 400];

both_engines!(a_reset_and_a_change_at_once_are_never_a_mixture, mailing(), async |app| {
    let mut person = app.registered("person@example.com").await;
    let (mut resets, mut changes) = (0, 0);
    for (round, head_start) in (1..).zip(HEAD_STARTS) {
        let user = person.log_in().await;
        let secret = json!({ "token": mailed_again(app, &person.email).await.link_secret() });
        let (by_reset, by_change) = (NewCredential::of("by reset"), NewCredential::of("by change"));
        let handshake = user.begin(Purpose::Change).await;
        let wish = json!({ "credential": by_change.json() }).to_string();
        let client = app.anonymous();
        // In turns, so that either is surely first once: how long each takes is not for this sentence to know.
        let (reset_waits, change_waits) = if round % 2 == 0 { (head_start, 0) } else { (0, head_start) };
        let (reset, change) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(reset_waits)).await;
                complete(&client, &secret, &by_reset).await
            },
            async {
                tokio::time::sleep(Duration::from_millis(change_waits)).await;
                user.authorise(&person, &handshake, Purpose::Change, wish.as_bytes()).await
            },
        );
        // Each makes the other's ground void: who is first wins, wholly.
        let (winner, loser) =
            (person.with_password("by reset", &by_reset), person.with_password("by change", &by_change));
        let (winner, loser) = if reset.status == 200 { (winner, loser) } else { (loser, winner) };
        if reset.status == 200 {
            resets += 1;
            assert_eq!(change.status, 401, "round {round}: {}", change.text());
            user.client.get(ME).await.expect_problem(401, "unauthenticated").done();
        } else {
            changes += 1;
            assert_eq!(change.status, 204, "round {round}: {}", change.text());
            reset.expect_problem(400, "reset_invalid").done();
            user.client.get(ME).await.expect_status(200).done();
        }
        assert_eq!(app.database.number(VERSION).await, round + 1);
        let handshake = loser.begin_login().await;
        loser.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
        winner.log_in().await;
        person = winner;
    }
    assert!(resets > 0 && changes > 0, "the two never met: {resets} resets, {changes} changes");
});

both_engines!(no_session_of_the_old_password_outlives_a_reset, mailing(), async |app| {
    let mut person = app.registered("person@example.com").await;
    for (round, head_start) in (1..).zip(HEAD_STARTS) {
        let secret = json!({ "token": mailed_again(app, &person.email).await.link_secret() });
        let (handshake, new, client) = (person.begin_login().await, NewCredential::of("new"), app.anonymous());
        let (reset, login) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(head_start)).await;
                complete(&client, &secret, &new).await
            },
            person.try_prove(&handshake),
        );
        reset.expect_status(200).done();
        match login {
            Ok(user) => user.client.get(ME).await.expect_problem(401, "unauthenticated").done(),
            Err(refused) => refused.unwrap().expect_problem(401, "proof_rejected").done(),
        }
        let living = app.database.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await;
        assert_eq!(living, 0, "round {round}");
        person = person.with_password("new", &new);
        person.log_in().await.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    }
});

both_engines!(a_reset_does_not_undo_a_disabling, mailing(), async |app| {
    let mut person = app.registered("person@example.com").await;
    let name = AccountName::Address(Address::parse(&person.email).unwrap());
    let accounts = app.domain().await.accounts;
    for head_start in HEAD_STARTS {
        let secret = json!({ "token": mailed_again(app, &person.email).await.link_secret() });
        let (new, client) = (NewCredential::of("new"), app.anonymous());
        let (reset, disabled) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(head_start)).await;
                complete(&client, &secret, &new).await
            },
            accounts.disable(&name),
        );
        disabled.unwrap();
        person = after_disabling(&person, reset, &new).await;
        app.database.execute("UPDATE accounts SET status = 'active', disabled_at = NULL").await;
    }
});

/// Who logs in now, with the one password or the other, finds the account shut.
async fn after_disabling(person: &Person, reset: Answer, new: &NewCredential) -> Person {
    let person = if reset.status == 200 {
        person.with_password("new", new)
    } else {
        reset.expect_problem(400, "reset_invalid").done();
        person.clone()
    };
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_problem(403, "account_disabled").done();
    person
}
