//! `/v1/audit/logs`: what happened, as administrators read it.

use serde_json::{Value, json};
use tacit_shared::sealed::Purpose;
use tacit_tests::{App, Engine, NewCredential, Setup, User, both_engines};

const LOGS: &str = "/v1/audit/logs";
const AGENT: &str = "Mozilla/5.0 (test)";

/// The events of an account, oldest first.
async fn events_of(admin: &User, user_id: &str) -> Vec<Value> {
    let page = admin.client.get(&format!("{LOGS}?limit=100&user_id={user_id}")).await.expect_status(200);
    let mut logs = page.member("/logs").as_array().unwrap().clone();
    assert_eq!(page.member("/count"), logs.len());
    logs.reverse();
    logs
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event_type"].as_str().unwrap()).collect()
}

/// Does what leaves an event, with a moment between.
fn tick(app: &App) {
    app.clock.advance(std::time::Duration::from_secs(15));
}

both_engines!(each_operation_leaves_its_event, async |app| {
    let admin = app.admin("root@example.com").await;
    let mut person = app.signed_up("person@example.com").await.through(&app.anonymous().with("user-agent", AGENT));
    let token = app.mail_to("person@example.com").await.link_secret();
    let activation = app.anonymous().with("user-agent", AGENT);
    let answer = activation.post("/api/auth/srp/sign-up/activate", json!({ "token": token })).await;
    answer.expect_status(200).done();
    tick(app);
    let user = person.log_in().await;
    tick(app);
    let second = person.log_in().await;
    tick(app);
    user.client.delete(&format!("/v1/sessions/{}", second.session_id)).await.expect_status(204).done();
    tick(app);
    user.step_up(&person.mistyping("not the password")).await.expect_problem(401, "proof_rejected").done();
    tick(app);
    user.step_up(&person).await.expect_status(200).done();
    tick(app);
    let new = NewCredential::of("another password");
    let wrong = person.mistyping("not the password");
    user.change_password(&wrong, &new, &json!({})).await.expect_problem(401, "proof_rejected").done();
    tick(app);
    user.change_password(&person, &new, &json!({})).await.expect_status(204).done();
    person = person.with_password("another password", &new);
    tick(app);
    let third = person.log_in().await;
    tick(app);
    user.client.post_nothing("/api/auth/sessions/logout-all").await.expect_status(200).done();
    tick(app);
    user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();
    tick(app);

    let events = events_of(&admin, &user.id).await;
    let expected = [
        ("account.activate", "success", "anonymous", Value::Null),
        ("login", "success", "account", json!(user.session_id)),
        ("login", "success", "account", json!(second.session_id)),
        ("session.end", "success", "account", json!(second.session_id)),
        ("step_up", "failure", "account", json!(user.session_id)),
        ("step_up", "success", "account", json!(user.session_id)),
        ("password.change", "failure", "account", json!(user.session_id)),
        ("password.change", "success", "account", json!(user.session_id)),
        ("login", "success", "account", json!(third.session_id)),
        ("session.end", "success", "account", json!(user.session_id)),
        ("session.end", "success", "account", json!(user.session_id)),
    ];
    assert_eq!(events.len(), expected.len(), "{:?}", types(&events));
    for (event, (kind, result, actor, session)) in events.iter().zip(expected) {
        assert_eq!(event["event_type"], format!("{kind}.{result}"));
        assert_eq!((&event["result"], &event["actor"]), (&json!(result), &json!(actor)), "{event}");
        assert_eq!(event["session_id"], session, "{event}");
        let who = if actor == "account" { json!(user.id) } else { Value::Null };
        assert_eq!((&event["user_id"], &event["actor_id"]), (&json!(user.id), &who), "{event}");
        assert_eq!((&event["ip"], &event["user_agent"]), (&json!("127.0.0.1"), &json!(AGENT)), "{event}");
        assert!(event["created_at"].as_str().unwrap().ends_with('Z') && event["detail"].is_object(), "{event}");
    }
    assert_eq!(events[9]["detail"], json!({ "sessions_ended": 1 }));
    person.log_in().await;
    app.command(&["audit", "verify"]).await;
});

both_engines!(what_an_operator_does_is_recorded_as_theirs, async |app| {
    let admin = app.admin("root@example.com").await;
    let user = app.user("person@example.com").await;
    for command in ["unlock", "revoke-sessions", "disable"] {
        app.command(&["user", command, "person@example.com"]).await;
    }
    let mut events = events_of(&admin, &user.id).await;
    let by_operator: Vec<_> = events.extract_if(.., |event| event["actor"] == "operator").collect();
    let mut done = types(&by_operator);
    done.sort_unstable();
    assert_eq!(done, ["account.disable.success", "account.unlock.success", "session.revoke.success"]);
    for event in &by_operator {
        assert_eq!(event["user_id"], json!(user.id));
        for nobody in ["actor_id", "session_id", "ip", "user_agent"] {
            assert!(event.get(nobody).is_none(), "{event}");
        }
    }
    let invited = events_of(&admin, &admin.id).await;
    assert!(types(&invited).contains(&"account.invite.success"));
});

both_engines!(a_used_refresh_token_that_comes_back_is_recorded, async |app| {
    let admin = app.admin("root@example.com").await;
    let user = app.user("person@example.com").await;
    let refresh =
        async || app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": user.refresh_token() })).await;
    refresh().await.expect_status(200).done();
    tick(app);
    refresh().await.expect_problem(401, "refresh_reused").done();
    let events = events_of(&admin, &user.id).await;
    let reused = events.last().unwrap();
    assert_eq!(reused["event_type"], "session.refresh_reuse.failure");
    assert_eq!((&reused["actor"], &reused["session_id"]), (&json!("anonymous"), &json!(user.session_id)));
});

both_engines!(an_upgraded_credential_is_recorded_as_such, async |app| {
    let admin = app.admin("root@example.com").await;
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    let stronger = NewCredential::with_preset(&person.password, 1);
    let answer = user.replace_credential(&person, Purpose::Upgrade, &stronger, &json!({})).await;
    answer.expect_status(204).done();
    tick(app);
    assert!(types(&events_of(&admin, &user.id).await).contains(&"password.upgrade.success"));
});

both_engines!(a_refused_login_leaves_nothing_in_the_log, async |app| {
    let person = app.registered("person@example.com").await;
    let before = app.database.number("SELECT COUNT(*) FROM audit_events").await;
    let wrong = person.mistyping("not the password");
    wrong.prove(&wrong.begin_login().await).await.expect_problem(401, "proof_rejected").done();
    let nobody = app.stranger("nobody@example.com");
    nobody.prove(&nobody.begin_login().await).await.expect_problem(401, "proof_rejected").done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM audit_events").await, before);
});

both_engines!(only_administrators_read_the_log, async |app| {
    let user = app.user("person@example.com").await;
    for query in ["", "?limit=1", &format!("?user_id={}", user.id)] {
        user.client.get(&format!("{LOGS}{query}")).await.expect_problem(403, "forbidden").done();
        app.anonymous().get(&format!("{LOGS}{query}")).await.expect_problem(401, "unauthenticated").done();
    }
    let admin = app.admin("root@example.com").await;
    admin.client.get(LOGS).await.expect_status(200).done();
    app.database.execute("UPDATE accounts SET role = 'user'").await;
    admin.client.get(LOGS).await.expect_problem(403, "forbidden").done();
});

both_engines!(the_log_comes_in_pages_newest_first, async |app| {
    let admin = app.admin("root@example.com").await;
    let person = app.registered("person@example.com").await;
    for _ in 0..4 {
        tick(app);
        person.log_in().await;
    }
    let all = admin.client.get(LOGS).await.expect_status(200);
    let count = all.member("/count").as_u64().unwrap();
    assert_eq!((all.member("/limit"), all.member("/offset")), (json!(50), json!(0)));
    // An invitation, an activation and a login; an activation and four logins.
    assert_eq!(count, 8);
    let all: Vec<_> = all.member("/logs").as_array().unwrap().clone();
    let mut paged = Vec::new();
    for offset in [0, 3, 6, 9] {
        let page = admin.client.get(&format!("{LOGS}?limit=3&offset={offset}")).await.expect_status(200);
        assert_eq!((page.member("/count"), page.member("/offset")), (json!(8), json!(offset)));
        paged.extend(page.member("/logs").as_array().unwrap().clone());
    }
    assert_eq!(paged, all);
    let times: Vec<_> = all.iter().map(|event| event["created_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
});

both_engines!(the_log_of_one_account_has_no_others_events, async |app| {
    let admin = app.admin("root@example.com").await;
    let (ada, bob) = (app.user("ada@example.com").await, app.user("bob@example.com").await);
    for user in [&ada, &bob] {
        let events = events_of(&admin, &user.id).await;
        assert_eq!(events.len(), 2);
        assert!(events.iter().all(|event| event["user_id"] == json!(user.id)));
    }
    assert_eq!(events_of(&admin, "0193a6f0-5c1e-7d3a-9f42-6b8f0c2d1e57").await, Vec::<Value>::new());
});

both_engines!(a_page_of_the_log_has_bounds, async |app| {
    let admin = app.admin("root@example.com").await;
    for query in ["limit=0", "limit=101", "limit=-1", "offset=-1", "user_id=me", "user_id="] {
        let answer = admin.client.get(&format!("{LOGS}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        answer.expect_problem(400, "invalid_request").done();
    }
    admin.client.get(&format!("{LOGS}?limit=100")).await.expect_status(200).done();
});

/// Logs all in at once, at these servers in turn.
async fn at_once(app: &App, clients: &[tacit_tests::Client], rounds: usize) {
    let mut people = Vec::new();
    for number in 0..16 {
        people.push(app.registered(&format!("person{number}@example.com")).await);
    }
    let logins: Vec<_> = (0..16 * rounds)
        .map(|number| {
            let person = people[number % 16].through(&clients[number % clients.len()]);
            tokio::spawn(async move { person.log_in().await.session_id })
        })
        .collect();
    for login in logins {
        login.await.unwrap();
    }
    let expected = i64::try_from(16 + 16 * rounds).unwrap();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM audit_events").await, expected);
    let said = app.command(&["audit", "verify"]).await;
    assert!(said.starts_with(&format!("{expected} event(s), all as they were recorded")), "{said}");
}

both_engines!(logins_of_many_accounts_at_once_leave_whole_chains, async |app| {
    at_once(app, &[app.anonymous()], 3).await;
});

#[tokio::test]
async fn two_nodes_write_one_log() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let node = app.node().await;
        at_once(app, &[app.anonymous(), app.client_of(&node)], 4).await;
        node.stop().await;
    })
    .await;
}

both_engines!(the_log_is_whole_while_people_log_in, async |app| {
    let person = app.registered("person@example.com").await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let busy = tokio::spawn(async move {
        let mut logins = 0;
        while !*stopped.borrow() {
            person.log_in().await;
            logins += 1;
        }
        logins
    });
    for _ in 0..5 {
        app.command(&["audit", "verify"]).await;
    }
    stop.send_replace(true);
    let logins: i64 = busy.await.unwrap();
    assert!(logins > 0);
    let said = app.command(&["audit", "verify"]).await;
    assert!(said.starts_with(&format!("{} event(s)", logins + 1)), "{said}");
});
