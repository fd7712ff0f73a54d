//! Refresh tokens under attack: a stolen one wins in no order of events, and honest ones never lose.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_tests::{Answer, App, Client, Engine, Process, Setup, User, both_engines};

const ME: &str = "/v1/auth/me";
const REFRESH: &str = "/v1/auth/refresh";
/// Beyond the time in which a repeat is taken for a second tab.
const LATER: Duration = Duration::from_secs(11);

async fn refresh(client: &Client, token: &str) -> Answer {
    client.post(REFRESH, json!({ "refresh_token": token })).await
}

/// The new refresh token of a good answer.
fn next(answer: Answer) -> String {
    answer.expect_status(200).string("/tokens/refresh_token")
}

async fn ended_reason(app: &App, reason: &str) -> i64 {
    app.database.number(&format!("SELECT COUNT(*) FROM sessions WHERE ended_reason = '{reason}'")).await
}

async fn alive(app: &App) -> i64 {
    app.database.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await
}

/// Fifty clients refresh one token at once; each then lives on with what it got.
async fn fifty_at_once(app: &App, clients: &[Client], user: &User) {
    let mut tasks = Vec::new();
    for number in 0..50 {
        let (client, token) = (clients[number % clients.len()].clone(), user.refresh_token().to_owned());
        tasks.push(tokio::spawn(async move { refresh(&client, &token).await }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap().expect_status(200));
    }
    let successor = answers[0].string("/tokens/refresh_token");
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.string("/tokens/refresh_token"), successor, "one family");
        let there = clients[(number + 1) % clients.len()].bearer(&answer.string("/tokens/access_token"));
        assert_eq!(there.get(ME).await.expect_status(200).member("/session/id"), user.session_id.as_str());
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM refresh_tokens").await, 2);
    assert_eq!(alive(app).await, 1);
    app.clock.advance(Duration::from_mins(4));
    next(refresh(&clients[0], &successor).await);
}

both_engines!(fifty_refreshes_at_once_are_one_family_and_sign_nobody_out, async |app| {
    let user = app.user("person@example.com").await;
    fifty_at_once(app, &[app.anonymous()], &user).await;
});

#[tokio::test]
async fn fifty_refreshes_at_once_on_two_nodes_are_one_family() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let node = app.node().await;
        let user = app.user("person@example.com").await;
        fifty_at_once(app, &[app.anonymous(), app.client_of(&node)], &user).await;
        node.stop().await;
    })
    .await;
}

/// Owner and thief hold the same token, and each uses the newest it has, in every order of four steps.
async fn steal(app: &App, user: User, order: u32) {
    let client = app.anonymous();
    let mut newest = [user.refresh_token().to_owned(), user.refresh_token().to_owned()];
    let mut access = [user.access_token.clone(), user.access_token.clone()];
    let first = usize::from(order & 1 == 1);
    let mut over = false;
    for step in 0..4 {
        let actor = usize::from((order >> step) & 1 == 1);
        app.clock.advance(LATER);
        let answer = refresh(&client, &newest[actor]).await;
        if over {
            answer.expect_problem(401, "refresh_invalid").done();
        } else if actor == first {
            newest[actor] = answer.clone().expect_status(200).string("/tokens/refresh_token");
            access[actor] = answer.string("/tokens/access_token");
        } else {
            // Whoever comes second shows that there are two, and both lose.
            answer.expect_problem(401, "refresh_reused").done();
            over = true;
        }
    }
    for token in access {
        let status = client.bearer(&token).get(ME).await.status;
        assert_eq!(status, if over { 401 } else { 200 }, "order {order:04b}");
    }
}

both_engines!(a_stolen_token_wins_in_no_order, async |app| {
    let person = app.registered("person@example.com").await;
    for order in 0..16 {
        let ended = ended_reason(app, "refresh_reused").await;
        steal(app, person.log_in().await, order).await;
        let both_came = order != 0 && order != 15;
        assert_eq!(ended_reason(app, "refresh_reused").await, ended + i64::from(both_came), "order {order:04b}");
    }
});

both_engines!(
    a_thief_who_uses_up_the_window_is_noticed_all_the_same,
    Setup::new().with("limits.session_refreshes", "3"),
    async |app| {
        app.clock.advance_to_next(Duration::from_mins(15));
        let user = app.registered("person@example.com").await.log_in().await;
        let thief = app.anonymous();
        let mut stolen = user.refresh_token().to_owned();
        for _ in 0..3 {
            stolen = next(refresh(&thief, &stolen).await);
        }
        app.clock.advance(LATER);
        refresh(&thief, &stolen).await.expect_problem(429, "too_many_requests").done();
        refresh(&user.client, user.refresh_token()).await.expect_problem(401, "refresh_reused").done();
        refresh(&thief, &stolen).await.expect_problem(401, "refresh_invalid").done();
        assert_eq!(ended_reason(app, "refresh_reused").await, 1);
    }
);

both_engines!(an_older_generation_ends_the_family_even_at_once, async |app| {
    let person = app.registered("person@example.com").await;
    for age in 1..=3 {
        let user = person.log_in().await;
        let client = app.anonymous();
        let mut generations = vec![user.refresh_token().to_owned()];
        for _ in 0..4 {
            // No time passes: within ten seconds only the token before the newest may come again.
            generations.push(next(refresh(&client, generations.last().unwrap()).await));
        }
        assert_eq!(next(refresh(&client, &generations[3]).await), generations[4]);
        refresh(&client, &generations[3 - age]).await.expect_problem(401, "refresh_reused").done();
        for token in &generations {
            refresh(&client, token).await.expect_problem(401, "refresh_invalid").done();
        }
        user.client.get(ME).await.expect_problem(401, "unauthenticated").done();
    }
    assert_eq!(ended_reason(app, "refresh_reused").await, 3);
});

both_engines!(what_a_thief_gets_within_the_ten_seconds_does_not_last, async |app| {
    let person = app.registered("person@example.com").await;
    for owner_first in [true, false] {
        let user = person.log_in().await;
        let client = app.anonymous();
        let owners = next(refresh(&client, user.refresh_token()).await);
        let thiefs = next(refresh(&client, user.refresh_token()).await);
        assert_eq!(owners, thiefs, "a second tab and a thief look alike");
        app.clock.advance(LATER);
        // The first of them goes on, the second shows that there are two.
        let (one, other) = if owner_first { (owners, thiefs) } else { (thiefs, owners) };
        let after = next(refresh(&client, &one).await);
        app.clock.advance(LATER);
        refresh(&client, &other).await.expect_problem(401, "refresh_reused").done();
        refresh(&client, &after).await.expect_problem(401, "refresh_invalid").done();
    }
});

both_engines!(why_a_session_ended_is_kept_and_not_overwritten, async |app| {
    let person = app.registered("person@example.com").await;
    let client = app.anonymous();
    let user = person.log_in().await;
    let newest = next(refresh(&client, user.refresh_token()).await);
    let renewed = next(refresh(&client, &newest).await);
    user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    for token in [user.refresh_token(), &newest, &renewed] {
        // After the logout nothing is a reuse any more, just over.
        app.clock.advance(LATER);
        refresh(&client, token).await.expect_problem(401, "refresh_invalid").done();
    }
    assert_eq!((ended_reason(app, "logout").await, ended_reason(app, "refresh_reused").await), (1, 0));

    let user = person.log_in().await;
    next(refresh(&client, user.refresh_token()).await);
    app.clock.advance(LATER);
    for (attempt, code) in ["refresh_reused", "refresh_invalid", "refresh_invalid"].into_iter().enumerate() {
        let answer = refresh(&client, user.refresh_token()).await;
        assert_eq!((attempt, answer.string("/code").as_str()), (attempt, code));
    }
    assert_eq!(ended_reason(app, "refresh_reused").await, 1);
    // Neither other sessions of the person nor those of others suffer.
    let (other, stranger) = (person.log_in().await, app.user("other@example.com").await);
    refresh(&client, user.refresh_token()).await.expect_problem(401, "refresh_invalid").done();
    for user in [other, stranger] {
        user.client.get(ME).await.expect_status(200).done();
        next(refresh(&client, user.refresh_token()).await);
    }
});

both_engines!(a_token_renews_its_own_session_whoever_shows_it, async |app| {
    let (ada, bob) = (app.user("ada@example.com").await, app.user("bob@example.com").await);
    // With Ada's access token in the header, Bob's refresh token is still Bob's.
    let answer = refresh(&ada.client, bob.refresh_token()).await.expect_status(200);
    let me = app.anonymous().bearer(&answer.string("/tokens/access_token")).get(ME).await.expect_status(200);
    assert_eq!(me.member("/session/id"), bob.session_id.as_str());
    next(refresh(&bob.client, ada.refresh_token()).await);
});

/// The token, spoiled in every way that a sloppy comparison would overlook.
fn spoiled(token: &str) -> Vec<Value> {
    let body = token.strip_prefix("rt_").unwrap();
    let swapped: String = token
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let mut all: Vec<String> = vec![
        token.to_lowercase(),
        token.to_uppercase(),
        swapped,
        format!("rt_{}", body.to_uppercase()),
        body.to_owned(),
        format!("rt_rt_{body}"),
        format!("RT_{body}"),
        format!("{token}="),
        format!("{token}=="),
        format!("{token}A"),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\0"),
        format!("\u{feff}{token}"),
        format!("{token}\u{200b}"),
        format!("Bearer {token}"),
        format!("{token},{token}"),
        format!("%72t_{body}"),
        token.replacen('_', "%5F", 1),
        token.chars().rev().collect(),
        String::new(),
        "rt_".to_owned(),
        "%".to_owned(),
        "' OR '1'='1".to_owned(),
    ];
    all.extend((1..token.len()).map(|length| token[..length].to_owned()));
    all.extend((1..token.len()).map(|from| token[from..].to_owned()));
    // One character changed, at each place; the last carries two bits that no byte holds.
    for at in 0..token.len() {
        let mut letters = token.as_bytes().to_vec();
        letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
        all.push(String::from_utf8(letters).unwrap());
    }
    let last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars();
    all.extend(last.map(|last| format!("{}{last}", &token[..token.len() - 1])));
    all.retain(|spoiled| spoiled != token);
    let mut values: Vec<Value> = all.into_iter().map(Value::from).collect();
    values.extend([json!([token]), json!({ "token": token }), json!(7), json!(true)]);
    values
}

both_engines!(a_spoiled_token_is_nobodys_and_harms_nobody, async |app| {
    let user = app.user("person@example.com").await;
    let client = app.anonymous();
    for value in spoiled(user.refresh_token()) {
        let answer = client.post(REFRESH, json!({ "refresh_token": value })).await;
        assert!(matches!(answer.status, 400 | 401), "{value}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains(user.refresh_token()));
        assert_ne!(answer.json()["code"], "refresh_reused", "{value}");
    }
    // Nor does an access token, or the ticket of the sign-up, renew anything.
    refresh(&client, &user.access_token).await.expect_problem(400, "invalid_request").done();
    assert_eq!(alive(app).await, 1);
    next(refresh(&client, user.refresh_token()).await);
});

both_engines!(
    a_reuse_is_a_warning_in_the_log,
    Setup::new().with("log.filter", "info").with("log.format", "json"),
    async |app| {
        app.stop().await;
        let process = Process::serve(&app.variables()).await;
        let there = app.client_at(&process.base);
        let mut person = app.stranger("person@example.com").through(&there);
        person.sign_up().await.expect_status(201).done();
        let secret = app.mail_to("person@example.com").await.link_secret();
        let body = json!({ "token": secret });
        there.post("/api/auth/srp/sign-up/activate", body).await.expect_status(200).done();
        let user = person.log_in().await;
        let second = next(refresh(&there, user.refresh_token()).await);
        next(refresh(&there, &second).await);
        refresh(&there, user.refresh_token()).await.expect_problem(401, "refresh_reused").done();
        let log = process.stop().await;
        let line = log.iter().find(|line| line.contains("a used refresh token came back"));
        let line: Value = serde_json::from_str(line.unwrap_or_else(|| panic!("{log:#?}"))).unwrap();
        assert_eq!(line["level"], "WARN");
        assert_eq!((&line["account"], &line["session"]), (&json!(user.id), &json!(user.session_id)));
        assert!(!log.iter().any(|line| line.contains(user.refresh_token()) || line.contains(&second)));
        assert_eq!(ended_reason(app, "refresh_reused").await, 1);
        app.start_again().await;
    }
);
