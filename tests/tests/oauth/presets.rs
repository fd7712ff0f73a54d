//! Providers with ways of their own: Apple posts a form and wants a signed secret, GitHub speaks plain OAuth 2.

use serde_json::json;
use tacit_tests::issuer::{CLIENT_ID, Instead, client_key};
use tacit_tests::{Issuer, Setup};
use url::form_urlencoded::Serializer;

use super::browser::*;

/// Apple, at another address; named otherwise, so that the name is no matter.
fn apple(issuer: &Issuer) -> Setup {
    Setup::new()
        .with("providers.acme.preset", "apple")
        .with("providers.acme.issuer", &issuer.url)
        .with("providers.acme.client_id", CLIENT_ID)
        .with("providers.acme.private_key", &client_key().0)
        .with("providers.acme.private_key_id", "KEY1234567")
        .with("providers.acme.team_id", "TEAM123456")
}

with_issuer!(an_answer_may_come_as_a_posted_form, apple, async |app, issuer| {
    // Its secret is made anew for each exchange; the issuer of the tests takes any client but its own without one.
    let answer = navigate(app, &start(NAME)).await.expect_status(307);
    assert!(answer.header("set-cookie").ends_with("; HttpOnly; SameSite=None; Secure"));
    let flow = Flow::of(&answer);
    assert!(flow.location.contains("response_mode=form_post"));
    let back = issuer.approve(&flow.location, json!({"sub": "ada", "email": "a@icloud.com", "email_verified": "true"}));
    let (path, query) = back.split_once('?').unwrap();
    let form = app.anonymous().with("content-type", "application/x-www-form-urlencoded").with("cookie", &flow.cookie);
    let answer = form.with("accept", "application/json").send(reqwest::Method::POST, path, Some(query.into())).await;
    answer.expect_problem(500, "provider_refused").done();
    assert_eq!(issuer.asked("/token"), 1);
});

/// A client that proves itself by a signed assertion.
fn by_assertion(issuer: &Issuer) -> Setup {
    trusting()
        .with("providers.acme.issuer", &issuer.url)
        .with("providers.acme.client_id", "signing client")
        .with("providers.acme.private_key", &client_key().0)
}

with_issuer!(a_client_may_show_who_it_is_by_a_signature, by_assertion, async |app, issuer| {
    sign_in(app, issuer, ada()).await.expect_status(200).done();
});

/// GitHub, at another address.
fn github(issuer: &Issuer) -> Setup {
    let at = |path: &str| format!("{}{path}", issuer.url);
    issuer
        .setup("acme", Setup::new())
        .with("providers.acme.preset", "github")
        .with("providers.acme.authorization_endpoint", &at("/authorize"))
        .with("providers.acme.token_endpoint", &at("/token"))
        .with("providers.acme.userinfo_endpoint", &at("/userinfo"))
        .with("providers.acme.emails_endpoint", &at("/emails"))
}

with_issuer!(a_provider_of_plain_oauth_is_asked_who_it_is, github, async |app, issuer| {
    issuer.tell(json!({"id": 583_231, "login": "ada", "name": "Ada", "email": "public@example.com"}));
    let listed = json!([
        {"email": "other@example.com", "primary": false, "verified": true},
        {"email": "ada@example.com", "primary": true, "verified": true},
    ]);
    issuer.instead("/emails", Instead::Says(200, "application/json", listed.to_string().into_bytes()));
    let signed_in = sign_in(app, issuer, json!({"sub": "unused"})).await.expect_status(200);
    let me = caller(app, &signed_in).get("/v1/auth/me").await.expect_status(200);
    assert_eq!(
        (me.string("/user/email"), me.member("/user/is_email_verified")),
        ("ada@example.com".into(), json!(false))
    );
    let unverified = json!([{"email": "eve@example.com", "primary": true, "verified": false}]);
    issuer.instead("/emails", Instead::Says(200, "application/json", unverified.to_string().into_bytes()));
    issuer.tell(json!({"id": 2, "email": "eve@example.com", "email_verified": true}));
    sign_in(app, issuer, json!({"sub": "unused"})).await.expect_problem(403, "email_unverified").done();
    let refusal = br#"{"error":"bad_verification_code","error_description":"expired"}"#.to_vec();
    issuer.instead("/token", Instead::Says(200, "application/json", refusal));
    visit(app, issuer, json!({"sub": "unused"})).await.expect_problem(500, "provider_refused").done();
});

with_issuer!(a_form_that_is_none_is_refused, async |app, _issuer| {
    let form = app.anonymous().with("content-type", "application/x-www-form-urlencoded");
    let body = Serializer::new(String::new()).append_pair("state", "x").append_pair("code", "y").finish();
    let path = "/v1/oauth/acme/callback";
    let answer = form.send(reqwest::Method::POST, path, Some(body.into())).await;
    answer.expect_problem(401, "oauth_state_invalid").done();
    app.anonymous().post(path, json!({"state": "x"})).await.expect_problem(415, "unsupported_media_type").done();
});
