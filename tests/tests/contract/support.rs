//! What several rows need.

use reqwest::Method;
use serde_json::{Value, json};

use tacit_tests::{Answer, App, Client, Setup, User};

pub(super) async fn post(app: &App, path: &str, body: Value) -> Answer {
    app.anonymous().post(path, body).await
}

pub(super) async fn form(app: &App, path: &str) -> Answer {
    form_of(&app.anonymous(), path).await
}

pub(super) async fn form_of(client: &Client, path: &str) -> Answer {
    let client = client.with("content-type", "application/x-www-form-urlencoded");
    client.send(Method::POST, path, Some(b"auth_id=person".to_vec())).await
}

pub(super) fn address(auth_id: &str) -> Value {
    json!({ "auth_id": auth_id })
}

pub(super) fn long() -> Value {
    json!({ "auth_id": "a".repeat(33 * 1024) })
}

/// One thread for SRP, one place to wait, and nothing computed ahead.
pub(super) fn narrow() -> Setup {
    Setup::new().with("limits.srp_workers", "1").with("limits.srp_queue", "1").with("limits.srp_pairs", "0")
}

/// A client that may ask for little.
pub(super) fn hasty() -> Setup {
    Setup::new().with("limits.client_requests", "20")
}

/// Asks until that is refused.
pub(super) async fn flood(request: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..20 {
        let answer = request().await;
        if answer.status == 429 {
            return answer;
        }
    }
    request().await
}

pub(super) async fn user(app: &App) -> User {
    let user = app.user("person@example.com").await;
    app.settle().await;
    user
}

pub(super) async fn admin(app: &App) -> User {
    let admin = app.admin("root@example.com").await;
    app.settle().await;
    admin
}

/// Somebody logged in who has just shown the password again.
pub(super) async fn stepped_up(app: &App) -> User {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    user
}

pub(super) async fn without_sessions(app: &App) -> Client {
    let user = user(app).await;
    app.database.drop_table("sessions").await;
    user.client
}

/// The answer to a request while the database is out of the server's reach.
pub(super) async fn cut_off(app: &App, request: impl Future<Output = Answer>) -> Answer {
    let outage = app.database.cut_off().await;
    let answer = request.await;
    outage.end().await;
    answer
}

pub(super) async fn crowd_of(client: &Client, path: &'static str, bodies: Vec<Value>) -> Answer {
    let requests: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = client.clone();
            tokio::spawn(async move { client.post(path, body).await })
        })
        .collect();
    let mut turned_away = None;
    for request in requests {
        let answer = request.await.unwrap();
        if answer.status == 503 {
            turned_away = Some(answer);
        }
    }
    turned_away.expect("the queue was never full")
}
