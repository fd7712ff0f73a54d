//! A mail server that refuses, stalls, hangs up or is gone: no mail is lost, and nobody else waits for it.

use std::time::{Duration, Instant};

use serde_json::json;
use tacit_tests::{App, Engine, Mood, PostOffice, Process, Setup, Stage};

const FAILED: &str = "SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL";
const OPEN: &str = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL";
const SECRETS: &str = "SELECT COUNT(*) FROM outbox WHERE sealed IS NOT NULL";
const MOST_ATTEMPTS: &str = "SELECT COALESCE(MAX(attempts), 0) FROM outbox";
/// The longest wait between two attempts.
const LATER: Duration = Duration::from_mins(15);

/// More than a slow machine takes, and less than a silent mail server is waited for.
const SLOW: Duration = Duration::from_secs(20);

/// A sentence about a server whose mails go to a post office with moods, on both engines.
macro_rules! with_post_office {
    ($name:ident, |$setup:ident| $settings:expr, async |$app:ident, $office:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn sentence($app: &App, $office: &PostOffice) $body

            async fn on(engine: Engine) {
                let office = PostOffice::open().await;
                let $setup = Setup::new().with("mail.port", &office.port());
                tacit_tests::run(engine, $settings, async |app: &App| sentence(app, &office).await).await;
            }

            #[tokio::test]
            async fn sqlite() {
                on(Engine::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                on(Engine::Postgres).await;
            }
        }
    };
}

/// Waits for something outside the database.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "still not: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// At which stage a refusal for good is about the mail, and not about us, our name or our sender.
const fn is_about_the_mail(stage: Stage) -> bool {
    matches!(stage, Stage::Rcpt | Stage::Data | Stage::End)
}

with_post_office!(only_a_refusal_of_the_mail_itself_is_final, |setup| setup, async |app, office| {
    let mut given_up = 0;
    for stage in Stage::ALL {
        for words in ["421 4.3.2 not now", "450 4.7.1 not now", "550 5.7.1 never", "554 5.7.1 never"] {
            let person = format!("{stage:?}{}@example.com", &words[..3]).to_lowercase();
            office.set(stage, Mood::Say(words.to_owned()));
            // No connection is left that is past the first stages.
            office.close().await;
            office.reopen().await;
            app.signed_up(&person).await;
            app.settle().await;
            assert!(office.taken(&person).is_empty(), "{person}");
            if words.starts_with('5') && is_about_the_mail(stage) {
                given_up += 1;
            }
            assert_eq!(app.database.number(FAILED).await, given_up, "{person}");
            assert_eq!(app.database.number(SECRETS).await, app.database.number(OPEN).await, "{person}");

            office.behave();
            app.clock.advance(LATER);
            app.settle().await;
            let waited = usize::from(!(words.starts_with('5') && is_about_the_mail(stage)));
            assert_eq!(office.taken(&person).len(), waited, "{person}");
            assert_eq!(app.database.number(OPEN).await, 0, "{person}");
        }
    }
});

with_post_office!(of_a_farewell_that_is_refused_for_good_nothing_stays, |setup| setup, async |app, office| {
    let link = app.invite_admin("leaver@example.com").await;
    let person = app.stranger("leaver@example.com");
    let body = json!({ "token": link, "credential": person.credential.json() });
    app.anonymous().post("/api/auth/srp/sign-up/activate", body).await.expect_status(200).done();
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    app.settle().await;
    office.set_towards("leaver@example.com", Mood::Say("550 5.1.1 <leaver@example.com> no such mailbox".to_owned()));
    user.client.delete("/api/auth/users/").await.expect_status(204).done();
    app.settle().await;
    assert!(!app.database.rows().await.contains("leaver@"), "the refusal keeps the address");
});

with_post_office!(nobody_waits_for_a_recipient_who_is_refused, |setup| setup, async |app, office| {
    office.set_towards("busy@example.com", Mood::Say("451 4.2.1 mailbox busy".to_owned()));
    office.set_towards("gone@example.com", Mood::Say("550 5.1.1 no such mailbox".to_owned()));
    for name in ["busy", "gone"] {
        app.signed_up(&format!("{name}@example.com")).await;
    }
    app.settle().await;
    for name in ["ada", "bob", "eve", "kim", "lea", "max"] {
        app.signed_up(&format!("{name}@example.com")).await;
    }
    app.settle().await;
    for name in ["ada", "bob", "eve", "kim", "lea", "max"] {
        assert_eq!(office.taken(&format!("{name}@example.com")).len(), 1, "{name}");
    }
    assert_eq!(app.database.number(OPEN).await, 1);
    assert_eq!(app.database.number(FAILED).await, 1);
    let why =
        "SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL AND last_error LIKE '%550%5.1.1%' AND attempts = 1";
    assert_eq!(app.database.number(why).await, 1, "the reason is written down");

    // Until what it says has expired, at the longest, and no more often than the longest wait allows.
    for _ in 0..97 {
        app.clock.advance(LATER);
        app.settle().await;
    }
    assert_eq!(app.database.number(OPEN).await, 0);
    assert_eq!(app.database.number(FAILED).await, 2);
    assert_eq!(app.database.number(SECRETS).await, 0);
    let attempts = app.database.number(MOST_ATTEMPTS).await;
    assert!((48..=110).contains(&attempts), "{attempts} attempts in a day");
    assert!(office.taken("busy@example.com").is_empty() && office.taken("gone@example.com").is_empty());
});

with_post_office!(a_slow_server_gets_its_mails, |setup| setup.with("mail.timeout", "3s"), async |app, office| {
    for stage in Stage::ALL {
        office.set(stage, Mood::Late(Duration::from_millis(300)));
    }
    app.signed_up("person@example.com").await;
    app.settle().await;
    assert_eq!(office.taken("person@example.com").len(), 1);
    assert_eq!(app.database.number(MOST_ATTEMPTS).await, 1);
});

with_post_office!(
    a_server_that_says_nothing_holds_up_neither_sign_ups_nor_a_stop,
    |setup| setup.with("mail.timeout", "30s").with("shutdown_deadline", "1s"),
    async |app, office| {
        for stage in [Stage::Connect, Stage::Rcpt, Stage::End] {
            office.set(stage, Mood::Silent);
            let people: Vec<String> = (0..6).map(|n| format!("{stage:?}{n}@example.com").to_lowercase()).collect();
            for person in &people {
                let begun = Instant::now();
                app.signed_up(person).await;
                app.anonymous().get("/health").await.expect_status(200).done();
                assert!(begun.elapsed() < SLOW, "{:?}", begun.elapsed());
            }
            let begun = Instant::now();
            app.stop().await;
            assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
            office.behave();
            app.start_again().await;
            // What was under way is taken again once its lease is over.
            app.clock.advance(LATER);
            app.settle().await;
            for person in &people {
                let ids: Vec<String> = office.taken(person).into_iter().map(|mail| mail.id).collect();
                assert!(!ids.is_empty(), "{person}");
                assert!(ids.iter().all(|id| *id == ids[0]), "the same mail: {ids:?}");
            }
        }
        assert_eq!(app.database.number(FAILED).await, 0);
    }
);

with_post_office!(
    a_late_answer_is_never_taken_for_that_of_another_command,
    |setup| setup.with("mail.timeout", "600ms"),
    async |app, office| {
        // Every answer in time but one, which comes when nobody waits for it any more.
        for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
            let person = format!("{stage:?}@example.com").to_lowercase();
            office.set(stage, Mood::Late(Duration::from_secs(2)));
            app.signed_up(&person).await;
            app.settle().await;
            app.until(&format!("SELECT COUNT(*) FROM outbox WHERE last_error IS NOT NULL AND {IS_OPEN}"), 1).await;
            office.behave();
            // Would be missed on a connection whose answers are one behind.
            office.set(Stage::End, Mood::Say("452 4.3.1 disk full".to_owned()));
            app.clock.advance(LATER);
            app.settle().await;
            assert_eq!(app.database.number(OPEN).await, 1, "{person}: a mail nobody took counts as sent");
            office.behave();
            app.clock.advance(LATER);
            app.settle().await;
            assert_eq!(office.taken(&person).len(), 1, "{person}");
        }
    }
);

const IS_OPEN: &str = "done_at IS NULL AND failed_at IS NULL";

with_post_office!(a_server_that_is_gone_for_an_hour_loses_no_mail, |setup| setup, async |app, office| {
    // Somebody who was served before, so that there is a connection to lose.
    app.signed_up("early@example.com").await;
    app.settle().await;
    assert_eq!(office.taken("early@example.com").len(), 1);
    office.close().await;
    let people: Vec<String> = (0..7).map(|n| format!("person{n}@example.com")).collect();
    for person in &people {
        app.signed_up(person).await;
        for _ in 0..10 {
            app.settle().await;
            app.clock.advance(Duration::from_mins(1));
        }
    }
    assert_eq!(app.database.number(OPEN).await, 7);
    assert_eq!(app.database.number(FAILED).await, 0);
    // 5, 10, 20, 40 s … a quarter of an hour, each less up to half: in 70 minutes at most 20, seen once a minute.
    let attempts = app.database.number(MOST_ATTEMPTS).await;
    assert!((5..=20).contains(&attempts), "{attempts} attempts in 70 minutes");

    office.reopen().await;
    app.clock.advance(LATER);
    app.settle().await;
    for person in &people {
        assert_eq!(office.taken(person).len(), 1, "{person}");
    }
    assert_eq!(app.database.number(SECRETS).await, 0);
});

with_post_office!(a_mail_whose_receipt_was_lost_comes_again_as_the_same_mail, |setup| setup, async |app, office| {
    office.set(Stage::End, Mood::HangUp);
    app.signed_up("person@example.com").await;
    app.settle().await;
    assert_eq!(app.database.number(OPEN).await, 1, "nobody said that it was taken");
    office.behave();
    app.clock.advance(LATER);
    app.settle().await;
    let taken = office.taken("person@example.com");
    assert_eq!(taken.len(), 2);
    assert!(!taken[0].id.is_empty() && taken[0].id == taken[1].id, "{taken:?}");

    // With a receipt it is sent once, and a connection that is gone is noticed before the next mail.
    office.set(Stage::End, Mood::AnswerAndHangUp);
    for person in ["one@example.com", "two@example.com"] {
        app.signed_up(person).await;
        app.settle().await;
        assert_eq!(office.taken(person).len(), 1, "{person}");
    }
    assert_eq!(app.database.number(FAILED).await, 0);
});

with_post_office!(many_mails_share_few_connections, |setup| setup, async |app, office| {
    for n in 0..20 {
        app.signed_up(&format!("person{n}@example.com")).await;
    }
    app.settle().await;
    assert!((0..20).all(|n| office.taken(&format!("person{n}@example.com")).len() == 1));
    // Two workers, the server's and the test's, with four mails at once each.
    assert!(office.connections() <= 8, "{} connections for 20 mails", office.connections());
});

with_post_office!(
    the_operator_sees_what_did_not_leave,
    |setup| setup.with("metrics.token", "a-long-enough-metrics-token-for-all").with("log.filter", "info"),
    async |app, office| {
        app.stop().await;
        let process = Process::serve(&app.variables()).await;
        let there = app.client_at(&process.base);
        office.set_towards("gone@example.com", Mood::Say("550 5.1.1 no such mailbox".to_owned()));
        office.set_towards("busy@example.com", Mood::Say("451 4.2.1 mailbox busy".to_owned()));
        for person in ["gone@example.com", "busy@example.com", "fine@example.com"] {
            app.stranger(person).through(&there).sign_up().await.expect_status(201).done();
        }
        until("the good mail has left", || office.taken("fine@example.com").len() == 1).await;
        app.until(FAILED, 1).await;
        app.until(&format!("SELECT COUNT(*) FROM outbox WHERE last_error IS NOT NULL AND {IS_OPEN}"), 1).await;
        // They are counted once the row is written.
        let observer = there.bearer("a-long-enough-metrics-token-for-all");
        let begun = Instant::now();
        loop {
            let metrics = observer.get("/metrics").await.text();
            let is_counted = |outcome: &&str| {
                let name = format!("tacit_mails_total{{outcome=\"{outcome}\"}} ");
                metrics.lines().find_map(|line| line.strip_prefix(&name)).is_some_and(|count| count != "0")
            };
            let Some(missing) = ["given_up", "postponed", "sent"].iter().find(|outcome| !is_counted(outcome)) else {
                break;
            };
            assert!(begun.elapsed() < Duration::from_secs(10), "{missing}: {metrics}");
        }
        office.behave();
        app.until(OPEN, 0).await;
        let log = process.stop().await;
        let line = |words: &str| log.iter().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{log:#?}"));
        let given_up: serde_json::Value = serde_json::from_str(line("refused for good")).unwrap();
        assert_eq!(given_up["level"], "WARN");
        assert!(given_up["error"].as_str().unwrap().contains("550"), "{given_up}");
        let id = given_up["outbox"].as_str().unwrap();
        let named = match app.engine {
            Engine::Postgres => format!("id = '{id}'"),
            Engine::Sqlite => format!("lower(hex(id)) = '{}'", id.replace('-', "")),
        };
        let row = format!("SELECT COUNT(*) FROM outbox WHERE failed_at IS NOT NULL AND {named}");
        assert_eq!(app.database.number(&row).await, 1, "the line names the row");
        assert!(line("is tried again").contains("451"));
        let addresses = ["gone@example.com", "busy@example.com", "fine@example.com"];
        assert!(!log.iter().any(|line| addresses.iter().any(|address| line.contains(address))), "{log:#?}");
        app.start_again().await;
        // An administrator sees how many wait.
        let admin = app.admin("root@example.com").await;
        assert_eq!(admin.client.get("/health").await.expect_status(200).member("/parts/mail/waiting"), json!(0));
    }
);
