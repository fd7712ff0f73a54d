//! What a provider, a browser or an attacker can get wrong: each has its status and its code, and leaves nothing.

use std::time::Duration;

use serde_json::{Value, json};
use tacit_domain::seams::Clock as _;
use tacit_shared::encoding::to_base64url;
use tacit_tests::issuer::{CLIENT_ID, Instead};
use tacit_tests::{Answer, App, Engine, Issuer};
use url::Url;

use super::browser::*;

/// A sign-in that ends in the callback with this status and code, and leaves nothing.
async fn ends_in(app: &App, issuer: &Issuer, status: u16, code: &str, what: &str) {
    let answer = visit(app, issuer, ada()).await;
    assert_eq!((answer.status, answer.string("/code").as_str()), (status, code), "{what}: {}", answer.text());
    answer.expect_problem(status, code).done();
    nothing_is_left(app).await;
}

with_issuer!(a_token_that_does_not_hold_in_any_one_point_is_refused, async |app, issuer| {
    // The server's own time, which stands still.
    let now = app.clock.now().as_seconds();
    let wrong: Vec<(&str, &str, Value)> = vec![
        ("another nonce", "nonce", json!("x".repeat(43))),
        ("no nonce", "nonce", Value::Null),
        ("another audience", "aud", json!("somebody else")),
        ("no audience", "aud", Value::Null),
        ("several audiences without a party", "aud", json!([CLIENT_ID, "somebody else"])),
        ("another party", "azp", json!("somebody else")),
        ("another issuer", "iss", json!("http://127.0.0.1:1")),
        ("an issuer with a slash more", "iss", json!(format!("{}/", issuer.url))),
        ("no issuer", "iss", Value::Null),
        ("expired", "exp", json!(now - 61)),
        ("no end", "exp", Value::Null),
        ("not valid yet", "nbf", json!(now + 120)),
        ("issued in the future", "iat", json!(now + 120)),
        ("issued long ago", "iat", json!(now - 90_000)),
        ("nobody", "sub", Value::Null),
        ("an empty subject", "sub", json!("")),
        ("a subject that is none", "sub", json!({"a": 1})),
    ];
    for (what, claim, value) in wrong {
        issuer.spoil(move |_, claims| {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(claim);
            } else {
                claims[claim] = value.clone();
            }
        });
        ends_in(app, issuer, 500, "provider_token_invalid", what).await;
    }
    issuer.spoil(|_, _| {});
    visit(app, issuer, ada()).await.expect_status(200).done();
});

with_issuer!(a_token_that_nobody_signed_or_anybody_could_is_refused, async |app, issuer| {
    let unsigned = |header: Value| {
        move |token: String| {
            let claims = token.split('.').nth(1).unwrap();
            format!("{}.{claims}.", to_base64url(header.to_string().as_bytes()))
        }
    };
    issuer.replace(unsigned(json!({"alg": "none"})));
    ends_in(app, issuer, 500, "provider_token_invalid", "none").await;
    issuer.replace(unsigned(json!({"alg": "ES256", "kid": "first"})));
    ends_in(app, issuer, 500, "provider_token_invalid", "no signature").await;
    issuer.replace(|token| format!("{token}A"));
    ends_in(app, issuer, 500, "provider_token_invalid", "an altered signature").await;
    issuer.replace(|token| {
        let mut parts: Vec<&str> = token.split('.').collect();
        let claims = to_base64url(ada().to_string().as_bytes());
        parts[1] = &claims;
        parts.join(".")
    });
    ends_in(app, issuer, 500, "provider_token_invalid", "altered claims").await;
    issuer.replace(|_| "no token at all".to_owned());
    ends_in(app, issuer, 500, "provider_token_invalid", "no token").await;
    issuer.replace(|token| token);
    issuer.spoil(|header, _| header.alg = jsonwebtoken::Algorithm::HS256);
    ends_in(app, issuer, 500, "provider_token_invalid", "HS256 with the public key").await;
    issuer.spoil(|header, _| header.crit = Some(vec!["b64".to_owned()]));
    ends_in(app, issuer, 500, "provider_token_invalid", "a critical header").await;
});

with_issuer!(keys_that_are_unknown_or_named_twice_speak_for_nobody, async |app, issuer| {
    issuer.spoil(|header, _| header.kid = Some("unknown".to_owned()));
    for _ in 0..3 {
        ends_in(app, issuer, 500, "provider_token_invalid", "an unknown key").await;
    }
    assert_eq!(issuer.asked("/jwks"), 1, "forged tokens do not make us ask all the time");
    issuer.spoil(|_, _| {});
    // Rotated, and not a minute since the last look.
    issuer.rotate("second");
    ends_in(app, issuer, 500, "provider_token_invalid", "a key that is too new").await;
    app.clock.advance(Duration::from_secs(61));
    visit(app, issuer, ada()).await.expect_status(200).done();
    app.clock.advance(Duration::from_hours(1));
    issuer.add_key("second");
    ends_in(app, issuer, 500, "provider_token_invalid", "two keys of one name").await;
    // Without a name there are two, too.
    issuer.spoil(|header, _| header.kid = None);
    ends_in(app, issuer, 500, "provider_token_invalid", "no name, and two keys").await;
});

with_issuer!(a_withdrawn_key_counts_an_hour_at_most, async |app, issuer| {
    visit(app, issuer, ada()).await.expect_status(200).done();
    // Its owner goes on signing with it; the provider says nothing of it any more.
    issuer.instead("/jwks", Instead::Says(200, "application/json", br#"{"keys":[]}"#.to_vec()));
    visit(app, issuer, ada()).await.expect_status(200).done();
    app.clock.advance(Duration::from_hours(1));
    ends_in(app, issuer, 500, "provider_token_invalid", "a withdrawn key").await;
});

with_issuer!(only_the_browser_that_left_may_come_back_and_once, async |app, issuer| {
    let (flow, other) = (begin(app, &start(NAME)).await, begin(app, &start(NAME)).await);
    let back = issuer.approve(&flow.location, ada());
    let json = app.anonymous().with("accept", "application/json");
    json.get(&back).await.expect_problem(400, "oauth_state_mismatch").done();
    come_back(app, &back, &other.cookie).await.expect_problem(400, "oauth_state_mismatch").done();
    come_back(app, &back, "tacit_oauth=forged").await.expect_problem(401, "oauth_state_invalid").done();
    let (start, end) = flow.cookie.split_at(flow.cookie.len() / 2);
    let altered = [start, if end.starts_with('A') { "B" } else { "A" }, &end[1..]].concat();
    come_back(app, &back, &altered).await.expect_problem(401, "oauth_state_invalid").done();
    let without = back.split("&state=").next().unwrap();
    come_back(app, without, &flow.cookie).await.expect_problem(400, "oauth_state_mismatch").done();
    for forged in ["x", &"A".repeat(64)] {
        let path = format!("{without}&state={forged}");
        come_back(app, &path, &flow.cookie).await.expect_problem(401, "oauth_state_invalid").done();
    }
    nothing_is_left(app).await;
    // None of it has used the real one up.
    come_back(app, &back, &flow.cookie).await.expect_status(200).done();
    come_back(app, &back, &flow.cookie).await.expect_problem(401, "oauth_state_invalid").done();
});

with_issuer!(a_refused_attempt_takes_no_cookie_of_another_away, async |app, _issuer| {
    let flow = begin(app, &start(NAME)).await;
    // Any page can send the browser here with a state of its own making.
    let answer = come_back(app, "/v1/oauth/acme/callback?state=x&code=y", &flow.cookie).await;
    assert!(answer.headers.get("set-cookie").is_none());
    answer.expect_problem(401, "oauth_state_invalid").done();
});

with_issuer!(a_sign_in_takes_ten_minutes_at_most, async |app, issuer| {
    let flow = begin(app, &start(NAME)).await;
    app.clock.advance(Duration::from_secs(599));
    let back = issuer.approve(&flow.location, ada());
    let late = begin(app, &start(NAME)).await;
    come_back(app, &back, &flow.cookie).await.expect_problem(500, "provider_token_invalid").done();
    app.clock.advance(Duration::from_secs(601));
    let back = issuer.approve(&late.location, ada());
    come_back(app, &back, &late.cookie).await.expect_problem(401, "oauth_state_invalid").done();
});

with_issuer!(a_code_is_exchanged_once_in_time_and_by_its_client, async |app, issuer| {
    let first = code(app, issuer, ada()).await;
    let other = json!({"code": first, "code_verifier": "x".repeat(43)});
    app.anonymous().post("/v1/oauth/exchange", other).await.expect_problem(401, "oauth_code_invalid").done();
    let short = json!({"code": first, "code_verifier": "x".repeat(42)});
    app.anonymous().post("/v1/oauth/exchange", short).await.expect_problem(400, "invalid_request").done();
    exchange(app, &first[..first.len() - 1]).await.expect_problem(401, "oauth_code_invalid").done();
    exchange(app, "nonsense").await.expect_problem(401, "oauth_code_invalid").done();
    nothing_is_left(app).await;
    let late = code(app, issuer, ada()).await;
    exchange(app, &first).await.expect_status(200).done();
    exchange(app, &first).await.expect_problem(401, "oauth_code_invalid").done();
    app.clock.advance(Duration::from_secs(121));
    exchange(app, &late).await.expect_problem(401, "oauth_code_invalid").done();
});

with_issuer!(a_state_is_no_code_and_a_code_no_state, async |app, issuer| {
    let flow = begin(app, &start(NAME)).await;
    let sealed = flow.cookie.strip_prefix("tacit_oauth=").unwrap();
    exchange(app, sealed).await.expect_problem(401, "oauth_code_invalid").done();
    let code = code(app, issuer, ada()).await;
    let back = issuer.approve(&flow.location, ada());
    come_back(app, &back, &format!("tacit_oauth={code}")).await.expect_problem(401, "oauth_state_invalid").done();
    let visit = format!("/v1/oauth/acme/authorize?visit={sealed}");
    app.anonymous().get(&visit).await.expect_problem(401, "oauth_state_invalid").done();
});

with_issuer!(a_code_that_the_provider_does_not_take_is_refused, async |app, issuer| {
    let flow = begin(app, &start(NAME)).await;
    let back = issuer.approve(&flow.location, ada());
    let state = back.split("&state=").nth(1).unwrap();
    let stolen = issuer.code("another client", "http://localhost:8080/v1/oauth/acme/callback", VERIFIER, None, ada());
    let path = format!("/v1/oauth/acme/callback?code={stolen}&state={state}");
    come_back(app, &path, &flow.cookie).await.expect_problem(500, "provider_refused").done();

    // The code of another browser's sign-in: it belongs to another verifier of ours.
    let (mine, theirs) = (begin(app, &start(NAME)).await, begin(app, &start(NAME)).await);
    let (my_way, their_way) = (issuer.approve(&mine.location, ada()), issuer.approve(&theirs.location, ada()));
    let their_code = their_way.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let my_state = my_way.split("&state=").nth(1).unwrap();
    let injected = format!("/v1/oauth/acme/callback?code={their_code}&state={my_state}");
    come_back(app, &injected, &mine.cookie).await.expect_problem(500, "provider_refused").done();
    // And it is used up by that.
    come_back(app, &their_way, &theirs.cookie).await.expect_problem(500, "provider_refused").done();
    nothing_is_left(app).await;
});

with_issuer!(a_refusal_of_the_provider_is_shown_and_holds_no_markup, async |app, issuer| {
    let refuse = async |accept: &str| {
        let flow = begin(app, &start(NAME)).await;
        let back = issuer.approve(&flow.location, ada());
        let state = back.split("&state=").nth(1).unwrap();
        let path = format!(
            "/v1/oauth/acme/callback?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E%0d%0aSet-Cookie:%20a=b&state={state}"
        );
        app.anonymous().with("accept", accept).with("cookie", &flow.cookie).get(&path).await
    };
    let problem = refuse("application/json").await.expect_problem(400, "oauth_refused");
    assert_eq!(problem.string("/detail"), "access_denied scriptalert(1)/scriptSet-Cookie: a=b");
    assert!(problem.header("set-cookie").starts_with("tacit_oauth=;"));
    let page = refuse("text/html").await.expect_status(400);
    assert!(page.text().contains("data-error=\"oauth_refused\"") && !page.text().contains("<script>alert"));
    nothing_is_left(app).await;
});

fn two(issuer: &Issuer) -> tacit_tests::Setup {
    issuer.setup("other", issuer.setup(NAME, trusting())).with("providers.other.client_id", "other client")
}

with_issuer!(the_answer_of_one_provider_is_not_taken_for_anothers, two, async |app, issuer| {
    let flow = begin(app, &start(NAME)).await;
    let back = issuer.approve(&flow.location, ada());
    let swapped = back.replace("/v1/oauth/acme/", "/v1/oauth/other/");
    come_back(app, &swapped, &flow.cookie).await.expect_problem(400, "oauth_state_mismatch").done();
    // One that says who answers must say right (RFC 9207).
    let lying = format!("{back}&iss=https%3A%2F%2Fevil.example");
    come_back(app, &lying, &flow.cookie).await.expect_problem(400, "oauth_state_mismatch").done();
    nothing_is_left(app).await;
});

with_issuer!(one_that_promises_to_say_who_it_is_must, async |app, issuer| {
    issuer.publish(json!({"authorization_response_iss_parameter_supported": true}));
    let flow = begin(app, &start(NAME)).await;
    let back = issuer.approve(&flow.location, ada());
    come_back(app, &back, &flow.cookie).await.expect_problem(400, "oauth_state_mismatch").done();
    let flow = begin(app, &start(NAME)).await;
    let mut back = Url::parse("http://localhost:8080").unwrap().join(&issuer.approve(&flow.location, ada())).unwrap();
    back.query_pairs_mut().append_pair("iss", &issuer.url);
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    come_back(app, &path, &flow.cookie).await.expect_status(200).done();
});

with_issuer!(a_code_is_handed_to_allowed_origins_only, async |app, _issuer| {
    for address in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "http://localhost:8080.evil.example/",
        "http://localhost:8080@evil.example/",
        "http://localhost:8081/",
        "https://localhost:8080/",
        "http:\\\\evil.example",
        "http://evil.example%23@localhost:8080/",
        "javascript:alert(1)//http://localhost:8080/",
        "data:text/html,x",
        "http://localhost:8080/#fragment",
        "http://localhost:8080/\r\nSet-Cookie: a=b",
        "\u{ff0f}\u{ff0f}evil.example",
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", address).finish();
        let answer = navigate(app, &format!("{}&{query}", start(NAME))).await;
        let problem = answer.expect_problem(400, "invalid_request");
        assert_eq!(problem.string("/fields/0/name"), "return_to", "{address}");
    }
});

with_issuer!(a_challenge_that_is_none_is_refused, async |app, _issuer| {
    for challenge in ["short", &"A".repeat(42), &"=".repeat(43)] {
        let path = format!("/v1/oauth/acme/authorize?code_challenge={challenge}");
        let problem = navigate(app, &path).await.expect_problem(400, "invalid_request");
        assert_eq!(problem.string("/fields/0/name"), "code_challenge");
    }
    navigate(app, "/v1/oauth/nobody/authorize").await.expect_problem(404, "provider_unknown").done();
    let callback = "/v1/oauth/nobody/callback?code=x&state=y";
    come_back(app, callback, "tacit_oauth=x").await.expect_problem(404, "provider_unknown").done();
});

with_issuer!(user_information_about_another_person_is_refused, async |app, issuer| {
    issuer.tell(json!({"sub": "eve", "email": "ada@example.com", "email_verified": true}));
    let claims = json!({"sub": "ada", "userinfo": {"email": "ada@example.com"}});
    visit(app, issuer, claims).await.expect_problem(500, "provider_user_info_invalid").done();
    issuer.tell(json!({"email": "ada@example.com", "email_verified": true}));
    visit(app, issuer, json!({"sub": "ada"})).await.expect_problem(500, "provider_user_info_invalid").done();
    for body in [&b"<html></html>"[..], b"[]", b"\"ada\""] {
        issuer.instead("/userinfo", Instead::Says(200, "application/json", body.to_vec()));
        visit(app, issuer, json!({"sub": "ada"})).await.expect_problem(500, "provider_user_info_invalid").done();
    }
    nothing_is_left(app).await;
});

/// 64 MB of JSON that never ends.
fn flood() -> Instead {
    Instead::Says(200, "application/json", vec![b' '; 64_000_000])
}

/// What an endpoint may do wrong, and never so that anybody is signed in.
fn troubles() -> Vec<(&'static str, Instead)> {
    vec![
        ("HTML", Instead::Says(200, "text/html", b"<html>Welcome</html>".to_vec())),
        ("64 MB", flood()),
        ("an error", Instead::Says(503, "application/json", b"{}".to_vec())),
        ("a redirect", Instead::Says(302, "application/json", b"{}".to_vec())),
        ("nothing", Instead::Says(200, "application/json", Vec::new())),
    ]
}

with_issuer!(a_token_endpoint_in_trouble_signs_nobody_in, async |app, issuer| {
    for (what, instead) in troubles() {
        issuer.instead("/token", instead);
        ends_in(app, issuer, 500, "provider_unavailable", what).await;
    }
    assert_eq!(issuer.asked("/elsewhere"), 0, "no redirect is followed");
});

with_issuer!(a_key_set_in_trouble_signs_nobody_in, async |app, issuer| {
    for (what, instead) in troubles() {
        issuer.instead("/jwks", instead);
        ends_in(app, issuer, 500, "provider_unavailable", what).await;
        app.clock.advance(Duration::from_secs(6));
    }
});

with_issuer!(metadata_in_trouble_begins_nothing, async |app, issuer| {
    for (_, instead) in troubles() {
        issuer.instead("/.well-known/openid-configuration", instead);
        navigate(app, &start(NAME)).await.expect_problem(500, "provider_unavailable").done();
        app.clock.advance(Duration::from_secs(6));
    }
    let asked = issuer.asked("/.well-known/openid-configuration");
    for _ in 0..3 {
        navigate(app, &start(NAME)).await.expect_problem(500, "provider_unavailable").done();
    }
    assert_eq!(issuer.asked("/.well-known/openid-configuration"), asked + 1, "after a failure there is a pause");
});

with_issuer!(metadata_of_another_issuer_or_of_endpoints_elsewhere_is_refused, async |app, issuer| {
    for members in [
        json!({"issuer": "https://evil.example"}),
        json!({"issuer": format!("{}/", issuer.url)}),
        json!({"token_endpoint": "ftp://127.0.0.1/token"}),
        json!({"jwks_uri": "http://user:password@127.0.0.1/jwks"}),
        json!({"authorization_endpoint": "javascript:alert(1)"}),
        json!({"authorization_endpoint": null}),
    ] {
        issuer.publish(members);
        navigate(app, &start(NAME)).await.expect_problem(500, "provider_unavailable").done();
        app.clock.advance(Duration::from_secs(6));
    }
    // An address that only shows when it is asked.
    issuer.publish(json!({"token_endpoint": "https://192.0.2.1/token"}));
    ends_in(app, issuer, 500, "provider_unavailable", "another machine").await;
});

#[tokio::test]
async fn a_provider_that_says_nothing_is_waited_for_five_seconds() {
    let issuer = Issuer::start().await;
    tacit_tests::run(Engine::Sqlite, issuer.setup(NAME, trusting()), async |app: &App| {
        let flow = begin(app, &start(NAME)).await;
        let back = issuer.approve(&flow.location, ada());
        issuer.instead("/token", Instead::Hangs);
        let begun = std::time::Instant::now();
        come_back(app, &back, &flow.cookie).await.expect_problem(500, "provider_unavailable").done();
        assert!(begun.elapsed() > Duration::from_secs(4) && begun.elapsed() < Duration::from_secs(15));
        nothing_is_left(app).await;
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_at_once() {
    let issuer = Issuer::start().await;
    let setup = issuer.setup(NAME, trusting()).with("providers.acme.issuer", "http://127.0.0.1:9");
    tacit_tests::run(Engine::Sqlite, setup, async |app: &App| {
        let answer: Answer = navigate(app, &start(NAME)).await;
        answer.expect_problem(500, "provider_unavailable").done();
    })
    .await;
}
