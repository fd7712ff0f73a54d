//! What clients do that put secrets where none belong.

use serde_json::json;
use tacit_tests::{Person, User};

use super::story::Story;
use super::{ACTIVATE, COMPLETE, CONFIRM, REFRESH, RESEND, RESET, UNDO, USERS, VALIDATE};

/// What a client does that puts secrets where none belong.
pub(super) async fn blunder(story: &mut Story<'_>, root: &Person) {
    let user = story.log_in(root, &json!({})).await;
    in_bodies(story, &user).await;
    in_addresses(story).await;
    in_headers(story).await;
}

async fn in_bodies(story: &Story<'_>, user: &User) {
    let (heart, password, there) = (&story.heart, &story.password, &story.there);
    for body in [
        json!({ "auth_id": "ada@example.com", "password": password }),
        json!({ "auth_id": password }),
        json!({ "auth_id": { "password": password } }),
        json!({ "auth_id": "ada@example.com", "credential": { "identity": password, "salt": password } }),
        json!({ "auth_id": "ada@example.com", "ticket": password }),
        json!({ "token": password }),
        json!({ "refresh_token": password }),
        json!({ "handshake": password, "A": password, "M1": password }),
        json!({ "handshake": password, "A": password, "M1": password, "sealed": password }),
        json!({ "purpose": password }),
        json!({ "email": password }),
        json!({ "language": password }),
        json!(password),
        json!({ "auth_id": password.repeat(900) }),
    ] {
        for path in [
            "/api/auth/srp/sign-up",
            "/api/auth/srp/login/email",
            "/api/auth/srp/login/proof",
            ACTIVATE,
            RESEND,
            RESET,
            VALIDATE,
            COMPLETE,
            REFRESH,
            CONFIRM,
            UNDO,
        ] {
            there.post(path, body.clone()).await.done();
        }
        for path in [
            "/api/auth/srp/password/change/initiate",
            "/api/auth/srp/password/change/confirm",
            "/api/auth/srp/step-up/initiate",
            "/api/auth/srp/step-up/confirm",
        ] {
            user.client.post(path, body.clone()).await.done();
        }
        user.client.put(USERS, body).await.done();
    }
    let broken = format!("{{\"auth_id\": \"ada@example.com\", \"password\": \"{heart}\" oops");
    there.send(reqwest::Method::POST, "/api/auth/srp/login/email", Some(broken.into_bytes())).await.done();
}

async fn in_addresses(story: &Story<'_>) {
    let (heart, there) = (&story.heart, &story.there);
    for path in
        [format!("/v1/auth/settings?password={heart}"), format!("/no/such/{heart}"), format!("/activate?{heart}")]
    {
        there.get(&path).await.done();
    }
}

async fn in_headers(story: &Story<'_>) {
    let (heart, there) = (&story.heart, &story.there);
    for (name, value) in [
        ("authorization", format!("Bearer {heart}")),
        ("authorization", format!("Basic {heart}")),
        ("cookie", format!("tacit_refresh={heart}")),
        ("origin", format!("https://{heart}.example.com")),
        ("content-type", format!("text/{heart}")),
        ("accept-language", heart.clone()),
        ("x-forwarded-for", heart.clone()),
        ("x-tacit-client", heart.clone()),
    ] {
        let client = there.with(name, &value);
        client.get("/v1/auth/me").await.done();
        client.get("/metrics").await.done();
        client.post(REFRESH, json!({})).await.done();
    }
}
