//! `/v1/oauth/…`: the way through the browser, as it goes well.

use serde_json::{Value, json};
use tacit_shared::encoding::from_base64url;
use tacit_tests::{Engine, Setup, both_engines};
use url::Url;

use super::browser::*;

with_issuer!(a_person_signs_in_and_has_an_account, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    assert_eq!(signed_in.member("/created"), true);
    assert_eq!(signed_in.string("/provider"), NAME);
    let me = caller(app, &signed_in).get("/v1/auth/me").await.expect_status(200);
    assert_eq!((me.string("/user/email"), me.string("/user/display_name")), ("ada@example.com".into(), "Ada".into()));
    assert_eq!(me.member("/user/is_email_verified"), true);
    let again = sign_in(app, issuer, ada()).await.expect_status(200);
    assert_eq!(again.member("/created"), false);
    assert_eq!(again.string("/user_id"), signed_in.string("/user_id"));
});

with_issuer!(the_session_says_how_it_was_opened, async |app, issuer| {
    let mut claims = ada();
    claims["auth_time"] = json!(1_700_000_000);
    let signed_in = sign_in(app, issuer, claims).await.expect_status(200);
    let token = signed_in.string("/tokens/access_token");
    let said: Value = serde_json::from_slice(&from_base64url(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert_eq!(said["amr"], json!(["fed"]), "not a password");
    assert_eq!(said["auth_time"], 1_700_000_000, "as the provider says");
    let me = caller(app, &signed_in).get("/v1/auth/me").await.expect_status(200);
    assert_eq!((me.member("/session/amr"), me.string("/session/provider")), (json!(["fed"]), NAME.to_owned()));
    let body = json!({"refresh_token": signed_in.string("/tokens/refresh_token")});
    app.anonymous().post("/v1/auth/refresh", body).await.expect_status(200).done();
});

with_issuer!(the_browser_is_sent_away_with_all_the_provider_needs_and_a_cookie, async |app, _issuer| {
    let answer = navigate(app, &start(NAME)).await.expect_status(307);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("tacit_oauth=") && cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let url = Url::parse(&answer.header("location")).unwrap();
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let wanted = [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "nonce",
    ];
    assert_eq!(names, wanted);
    let asked = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    assert_eq!(asked("redirect_uri"), "http://localhost:8080/v1/oauth/acme/callback");
    assert_ne!(asked("code_challenge"), challenge(VERIFIER), "the client's verifier is its own");
    let json = app.anonymous().get(&start(NAME)).await.expect_status(200);
    assert!(json.string("/authorization_url").contains("/authorize?") && json.member("/expires_in") == 600);
    assert!(json.header("set-cookie").starts_with("tacit_oauth="));
});

with_issuer!(a_browser_gets_a_page_that_hands_the_code_over, async |app, issuer| {
    let path = format!("{}&display=popup&return_to=http%3A%2F%2Flocalhost%3A8080%2Fdemo%2F%3Fa%3D1", start(NAME));
    let flow = begin(app, &path).await;
    let back = issuer.approve(&flow.location, ada());
    let page =
        app.anonymous().with("accept", "text/html").with("cookie", &flow.cookie).get(&back).await.expect_status(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!(page.header("cross-origin-opener-policy"), "unsafe-none");
    assert_eq!(page.header("set-cookie"), "tacit_oauth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    let text = page.text();
    assert!(text.contains("data-return-to=\"http://localhost:8080/demo/?a=1\" data-display=\"popup\""), "{text}");
    let (_, from) = text.split_once("data-code=\"").unwrap();
    let code = from.split('"').next().unwrap();
    exchange(app, code).await.expect_status(200).done();
});

with_issuer!(without_a_challenge_the_callback_answers_with_the_session, async |app, issuer| {
    let flow = begin(app, "/v1/oauth/acme/authorize").await;
    let answer = come_back(app, &issuer.approve(&flow.location, ada()), &flow.cookie).await.expect_status(200);
    assert_eq!((answer.json().get("code"), answer.string("/session/provider")), (None, NAME.to_owned()));
    caller(app, &answer).get("/v1/auth/me").await.expect_status(200).done();
});

with_issuer!(user_information_is_asked_for_what_the_token_leaves_out, async |app, issuer| {
    let claims = json!({"sub": "ada", "userinfo": {"email": "ada@example.com", "email_verified": true, "name": "Ada"}});
    let signed_in = sign_in(app, issuer, claims).await.expect_status(200);
    let me = caller(app, &signed_in).get("/v1/auth/me").await.expect_status(200);
    assert_eq!(me.string("/user/display_name"), "Ada");
});

with_issuer!(metadata_and_keys_are_asked_for_once_and_again_when_a_key_is_new, async |app, issuer| {
    for _ in 0..2 {
        sign_in(app, issuer, ada()).await.expect_status(200).done();
    }
    assert_eq!((issuer.asked("/.well-known/openid-configuration"), issuer.asked("/jwks")), (1, 1));
    app.clock.advance(std::time::Duration::from_secs(61));
    issuer.rotate("second");
    sign_in(app, issuer, ada()).await.expect_status(200).done();
    assert_eq!(issuer.asked("/jwks"), 2);
});

with_issuer!(a_refresh_token_may_come_as_a_cookie_to_a_client_of_ours_only, async |app, issuer| {
    let code = code(app, issuer, ada()).await;
    let body = json!({"code": code, "code_verifier": VERIFIER, "refresh_delivery": "cookie", "device_name": "Laptop"});
    app.anonymous().post("/v1/oauth/exchange", body.clone()).await.expect_problem(403, "csrf_rejected").done();
    let ours = app.anonymous().with("origin", "http://localhost:8080").with("x-tacit-client", "web");
    let answer = ours.post("/v1/oauth/exchange", body).await.expect_status(200);
    assert!(answer.header("set-cookie").starts_with("tacit_refresh=rt_"));
    assert_eq!(answer.json().pointer("/tokens/refresh_token"), None);
    let me = caller(app, &answer).get("/v1/auth/me").await.expect_status(200);
    assert_eq!(me.string("/session/device_name"), "Laptop");
});

with_issuer!(logging_out_says_what_it_does_not_log_out_there, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let out = caller(app, &signed_in).post_nothing("/api/auth/sessions/logout").await.expect_status(200);
    assert_eq!(out.string("/still_signed_in_at"), NAME);
});

both_engines!(a_session_by_password_leaves_nobody_signed_in_elsewhere, Setup::new(), async |app| {
    let user = app.user("person@example.com").await;
    let out = user.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200);
    assert_eq!(out.json(), json!({"ended": 1}));
});

/// Configured with two, of which one is for the list only.
fn two(issuer: &tacit_tests::Issuer) -> Setup {
    issuer.setup(NAME, trusting()).with("providers.acme.label", "Acme Inc.").with("providers.github.client_id", "x")
}

with_issuer!(providers_are_listed, two, async |app, _issuer| {
    let listed = app.anonymous().get("/v1/oauth/providers").await.expect_status(200);
    let wanted = json!([
        {"name": "acme", "label": "Acme Inc.", "step_up": true},
        {"name": "github", "label": "GitHub", "step_up": false},
    ]);
    assert_eq!(listed.member("/providers"), wanted);
});

#[tokio::test]
async fn what_happened_is_in_the_record_with_its_provider() {
    let issuer = tacit_tests::Issuer::start().await;
    tacit_tests::run(Engine::Sqlite, issuer.setup(NAME, trusting()), async |app: &tacit_tests::App| {
        sign_in(app, &issuer, ada()).await.expect_status(200).done();
        for kind in ["account.create", "identity.link", "login"] {
            let count = format!(
                "SELECT COUNT(*) FROM audit_events WHERE event_type = '{kind}' AND detail = '{{\"provider\":\"acme\"}}'"
            );
            assert_eq!(app.database.number(&count).await, 1, "{kind}");
        }
    })
    .await;
}
