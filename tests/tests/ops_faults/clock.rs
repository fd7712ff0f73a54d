//! The clock jumps, forward and back: nothing that is over comes back to life, and nothing stays shut for longer than
//! the rules say.

use std::time::Duration;

use serde_json::json;
use tacit_tests::{Answer, App, Engine, Mood, PostOffice, Setup, both_engines};

const ME: &str = "/v1/auth/me";
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const JUMPS: [Duration; 4] = [Duration::from_mins(3), Duration::from_mins(70), DAY, Duration::from_hours(24 * 40)];

async fn refresh(app: &App, token: &str) -> Answer {
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

/// Everything a new visitor and an old friend do still works.
async fn assert_open_for_business(app: &App, friend: &tacit_tests::Person, when: &str) {
    let user = friend.log_in().await;
    user.client.get(ME).await.expect_status(200).done();
    let renewed = refresh(app, user.refresh_token()).await.expect_status(200);
    app.anonymous().bearer(&renewed.string("/tokens/access_token")).get(ME).await.expect_status(200).done();
    user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    let address = format!("{}@example.com", when.replace(' ', "-").to_lowercase());
    app.user(&address).await;
}

both_engines!(after_any_jump_people_sign_up_log_in_and_refresh, async |app| {
    let friend = app.registered("friend@example.com").await;
    for (number, jump) in JUMPS.into_iter().enumerate() {
        let tidied = [false, true];
        for tidy in tidied {
            app.clock.advance(jump);
            if tidy {
                app.tidy().await;
            }
            assert_open_for_business(app, &friend, &format!("forward {number} {tidy}")).await;
            app.clock.set_back(jump);
            assert_open_for_business(app, &friend, &format!("back {number} {tidy}")).await;
            app.clock.set_back(jump);
            if tidy {
                app.tidy().await;
            }
            assert_open_for_business(app, &friend, &format!("behind {number} {tidy}")).await;
            app.clock.advance(jump);
        }
    }
});

both_engines!(a_spent_handshake_stays_spent_whatever_the_clock_does, async |app| {
    let person = app.registered("person@example.com").await;
    // Every minute in which the key of its hour may still be there, and well beyond.
    for minutes in [1, 30, 61, 63, 64, 66, 80, 121, 124, 126, 130, 200] {
        // From the first minute of an hour, so that its key lives as long as keys do.
        app.clock.advance_to_next(Duration::from_hours(1));
        let handshake = person.begin_login().await;
        let body = person.proof_body(&handshake);
        let prove = async || app.anonymous().post("/api/auth/srp/login/proof", body.clone()).await;
        prove().await.expect_status(200).done();
        app.clock.advance(MINUTE * minutes);
        app.tidy().await;
        app.clock.set_back(MINUTE * minutes);
        let again = prove().await;
        assert_eq!(again.status, 401, "{minutes} minutes there and back: a spent handshake logs in again");
    }
});

both_engines!(a_handshake_may_come_from_five_seconds_ahead_and_no_further, async |app| {
    let person = app.registered("person@example.com").await;
    for (ahead, status) in [(4, 200), (5, 200), (6, 401), (119, 401), (3_600, 401), (86_400, 401)] {
        let handshake = person.begin_login().await;
        app.clock.set_back(Duration::from_secs(ahead));
        let answer = person.prove(&handshake).await;
        assert_eq!(answer.status, status, "{ahead} s ahead: {}", answer.text());
        app.clock.advance(Duration::from_secs(ahead));
        if status == 401 {
            // It was not spent by that, and is good when its time has come.
            person.prove(&handshake).await.expect_status(200).done();
        }
    }
});

both_engines!(an_ended_session_stays_ended, async |app| {
    let person = app.registered("person@example.com").await;
    let (left, reused, revoked, kept) =
        (person.log_in().await, person.log_in().await, person.log_in().await, person.log_in().await);
    app.clock.advance(MINUTE);
    left.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    refresh(app, reused.refresh_token()).await.expect_status(200).done();
    app.clock.advance(MINUTE);
    refresh(app, reused.refresh_token()).await.expect_problem(401, "refresh_reused").done();
    kept.client.delete(&format!("/v1/sessions/{}", revoked.session_id)).await.expect_status(204).done();

    for jump in [MINUTE, HOUR, DAY] {
        app.clock.set_back(jump);
        for (ended, how) in [(&left, "logout"), (&reused, "reuse"), (&revoked, "revoked")] {
            ended.client.get(ME).await.expect_problem(401, "unauthenticated").done();
            let answer = refresh(app, ended.refresh_token()).await;
            assert_eq!(answer.status, 401, "{how}: {}", answer.text());
        }
    }
    app.clock.advance(MINUTE + HOUR + DAY);
    kept.client.get(ME).await.expect_status(200).done();
    // Forgotten ones do not come back either.
    app.clock.advance(DAY * 200);
    app.tidy().await;
    app.clock.set_back(DAY * 200);
    for ended in [&left, &reused, &revoked] {
        ended.client.get(ME).await.expect_problem(401, "unauthenticated").done();
        refresh(app, ended.refresh_token()).await.expect_problem(401, "refresh_invalid").done();
    }
});

both_engines!(setting_the_clock_back_does_not_reopen_the_ten_seconds_of_a_used_refresh_token, async |app| {
    let person = app.registered("person@example.com").await;
    for jump in [Duration::from_secs(30), HOUR, DAY] {
        let user = person.log_in().await;
        // The clock is ahead, is set right, and the thief comes with what the owner used long ago.
        app.clock.advance(jump);
        let next = refresh(app, user.refresh_token()).await.expect_status(200);
        app.clock.set_back(jump);
        refresh(app, user.refresh_token()).await.expect_problem(401, "refresh_reused").done();
        refresh(app, &next.string("/tokens/refresh_token")).await.expect_problem(401, "refresh_invalid").done();
    }
});

both_engines!(who_holds_the_newest_token_is_not_signed_out_by_a_jump, async |app| {
    let user = app.user("person@example.com").await;
    let mut token = user.refresh_token().to_owned();
    for back in [false, true, true, false] {
        for jump in [Duration::from_secs(20), HOUR, DAY] {
            if back {
                app.clock.set_back(jump);
            } else {
                app.clock.advance(jump);
            }
            let renewed = refresh(app, &token).await.expect_status(200);
            token = renewed.string("/tokens/refresh_token");
            app.anonymous().bearer(&renewed.string("/tokens/access_token")).get(ME).await.expect_status(200).done();
        }
    }
});

both_engines!(an_access_token_from_the_future_waits_and_a_fresh_one_does_not, async |app| {
    let user = app.user("person@example.com").await;
    app.clock.set_back(HOUR);
    user.client.get(ME).await.expect_problem(401, "unauthenticated").done();
    let renewed = refresh(app, user.refresh_token()).await.expect_status(200);
    app.anonymous().bearer(&renewed.string("/tokens/access_token")).get(ME).await.expect_status(200).done();
    // Its life is no longer than that of any other.
    app.clock.advance(HOUR + MINUTE * 6);
    user.client.get(ME).await.expect_problem(401, "unauthenticated").done();
});

both_engines!(
    a_lock_lasts_no_longer_than_its_window,
    Setup::new().with("limits.proof_attempts", "2").with("limits.code_attempts", "2"),
    async |app| {
        for jump in [MINUTE * 20, HOUR * 5, DAY * 3] {
            let person = app.registered(&format!("person{}@example.com", jump.as_secs())).await;
            let mistyped = person.mistyping("not the password");
            for _ in 0..2 {
                let handshake = mistyped.begin_login().await;
                mistyped.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
            }
            let handshake = person.begin_login().await;
            person.prove(&handshake).await.expect_problem(429, "too_many_attempts").done();
            for _ in 0..2 {
                app.clock.set_back(jump);
                let handshake = person.begin_login().await;
                let answer = person.prove(&handshake).await;
                if answer.status == 429 {
                    let wait: u64 = answer.header("retry-after").parse().unwrap();
                    assert!(wait <= 15 * 60, "set back by {jump:?}: locked for {wait} s");
                    app.clock.advance(Duration::from_secs(wait));
                }
                person.log_in().await;
            }
            app.clock.advance(jump * 2);
        }
    }
);

both_engines!(keys_that_sign_survive_years_back_and_forth, async |app| {
    let person = app.registered("person@example.com").await;
    for forward in [true, false, false, true] {
        let jump = DAY * 800;
        if forward {
            app.clock.advance(jump);
        } else {
            app.clock.set_back(jump);
        }
        app.tidy().await;
        app.tidy().await;
        let user = person.log_in().await;
        user.client.get(ME).await.expect_status(200).done();
        let kid = jsonwebtoken::decode_header(&user.access_token).unwrap().kid.unwrap();
        let published = app.anonymous().get("/.well-known/jwks.json").await.expect_status(200);
        let keys = published.member("/keys");
        assert!(keys.as_array().unwrap().iter().any(|key| key["kid"] == kid.as_str()), "{keys}");
        assert_eq!(app.database.number("SELECT COUNT(*) FROM signing_keys WHERE state = 'signing'").await, 1);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM signing_keys WHERE state = 'published'").await, 1);
    }
});

mod mails_do_not_wait_for_a_clock_that_was_ahead {
    use super::*;

    async fn on(engine: Engine) {
        let office = PostOffice::open().await;
        let setup = Setup::new().with("mail.port", &office.port());
        tacit_tests::run(engine, setup, async |app: &App| {
            for jump in [HOUR * 3, DAY * 3] {
                let person = |what: &str| format!("{what}{}@example.com", jump.as_secs());
                // One that was tried while the clock was ahead, and one whose worker died holding it.
                office.set_towards(&person("tried"), Mood::Say("451 later".to_owned()));
                app.clock.advance(jump);
                app.signed_up(&person("tried")).await;
                app.settle().await;
                office.behave();
                let lease = format!(
                    "UPDATE outbox SET lease_until = {}, attempts = 1 WHERE done_at IS NULL",
                    tacit_domain::seams::Clock::now(&*app.clock).as_millis() + 5 * 60 * 1000
                );
                app.database.execute(&lease).await;
                app.clock.set_back(jump);
                app.clock.advance(MINUTE * 20);
                app.settle().await;
                app.until("SELECT COUNT(*) FROM outbox WHERE done_at IS NULL", 0).await;
                assert_eq!(office.taken(&person("tried")).len(), 1, "set back by {jump:?}");
            }
        })
        .await;
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
