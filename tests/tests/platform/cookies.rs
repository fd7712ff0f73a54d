//! Refresh tokens in browsers: a cookie no script can read, and what guards its use.

use serde_json::json;
use tacit_tests::{App, Client, Setup, User, both_engines};

const REFRESH: &str = "/v1/auth/refresh";
const ORIGIN: &str = "http://localhost:8080";

/// `name=value` of the cookie an answer sets, and its attributes.
fn cookie(answer: &tacit_tests::Answer) -> (String, Vec<String>) {
    let header = answer.header("set-cookie");
    let mut parts = header.split(';').map(|part| part.trim().to_owned());
    (parts.next().unwrap(), parts.collect())
}

/// A page of this origin that uses our client.
fn page(app: &App, origin: &str) -> Client {
    app.anonymous().with("origin", origin).with("x-tacit-client", "test")
}

/// Logs in from a page, the refresh token to come as a cookie.
async fn log_in(app: &App, origin: &str) -> User {
    let person = app.registered("person@example.com").await.through(&page(app, origin));
    person.log_in_with(&json!({ "refresh_delivery": "cookie" })).await
}

/// The same page with the cookie the login set.
fn signed_in_page(app: &App, user: &User, origin: &str) -> Client {
    page(app, origin).with("cookie", &cookie(&user.answer).0)
}

both_engines!(a_browser_gets_its_refresh_token_as_a_cookie, async |app| {
    let user = log_in(app, ORIGIN).await;
    assert!(user.refresh_token.is_none(), "the body does not carry what the cookie carries");
    let (pair, attributes) = cookie(&user.answer);
    assert!(pair.contains("=rt_"), "{pair}");
    assert!(!pair.starts_with("__Host-"), "unprefixed under http");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(attributes.iter().any(|present| present == attribute), "{attribute} is not in {attributes:?}");
    }
    assert!(!attributes.iter().any(|attribute| attribute == "Secure" || attribute.starts_with("Domain")));

    let refreshed = signed_in_page(app, &user, ORIGIN).post(REFRESH, json!({})).await.expect_status(200);
    assert!(refreshed.json().pointer("/tokens/refresh_token").is_none());
    assert_ne!(cookie(&refreshed).0, pair);
    let renewed = app.anonymous().bearer(&refreshed.string("/tokens/access_token"));
    renewed.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(
    under_https_the_cookie_is_bound_to_its_host,
    Setup::new().with("public_url", "https://login.localhost"),
    async |app| {
        let user = log_in(app, "https://login.localhost").await;
        let (pair, attributes) = cookie(&user.answer);
        assert!(pair.starts_with("__Host-"), "{pair}");
        assert!(attributes.iter().any(|attribute| attribute == "Secure"));
        signed_in_page(app, &user, "https://login.localhost").post(REFRESH, json!({})).await.expect_status(200).done();
    }
);

both_engines!(a_cookie_without_the_header_or_from_elsewhere_is_refused, async |app| {
    let user = log_in(app, ORIGIN).await;
    let (pair, _) = cookie(&user.answer);
    let bare = app.anonymous().with("cookie", &pair);
    for client in [
        bare.clone(),
        bare.with("origin", ORIGIN),
        bare.with("x-tacit-client", "test"),
        bare.with("x-tacit-client", "test").with("origin", "http://evil.example"),
        bare.with("x-tacit-client", "test").with("origin", "null"),
        bare.with("x-tacit-client", "test").with("origin", "http://localhost:8081"),
    ] {
        client.post(REFRESH, json!({})).await.expect_problem(403, "csrf_rejected").done();
    }
    // None of this used the token up.
    signed_in_page(app, &user, ORIGIN).post(REFRESH, json!({})).await.expect_status(200).done();
});

both_engines!(a_cookie_is_given_only_to_pages_of_an_allowed_origin, async |app| {
    let person = app.registered("person@example.com").await;
    for client in [app.anonymous(), page(app, "http://evil.example"), app.anonymous().with("origin", ORIGIN)] {
        let person = person.through(&client);
        let handshake = person.begin_login().await;
        let answer = person.prove_with(&handshake, &json!({ "refresh_delivery": "cookie" })).await;
        answer.expect_problem(403, "csrf_rejected").done();
        // Refused before anything was looked at, so the handshake is still good.
        person.prove(&handshake).await.expect_status(200).done();
    }
});

both_engines!(without_body_and_cookie_there_is_nothing_to_refresh, async |app| {
    let answer = app.anonymous().post(REFRESH, json!({})).await;
    assert!(matches!(answer.status, 400 | 401), "{}", answer.text());
});

both_engines!(logging_out_clears_the_cookie_under_its_own_name, async |app| {
    let user = log_in(app, ORIGIN).await;
    let name = cookie(&user.answer).0.split('=').next().unwrap().to_owned();
    let answer = user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200);
    let (pair, attributes) = cookie(&answer);
    assert_eq!(pair, format!("{name}="));
    assert!(attributes.iter().any(|attribute| attribute == "Max-Age=0"), "{attributes:?}");
});
