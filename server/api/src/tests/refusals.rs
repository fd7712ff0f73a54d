//! Every refusal is a problem in our words, and every answer carries what browsers need.

use poem::http::Method;
use poem::{Body, Request};
use serde_json::{Value, json};

use super::world::{OTHER_ORIGIN, PUBLIC_URL, World};

const LOGIN: &str = "/api/auth/srp/login/email";
const SIGN_UP: &str = "/api/auth/srp/sign-up";

#[tokio::test]
async fn a_path_that_is_not_there_is_not_found() {
    let world = World::start().await;
    for path in ["/nowhere", "/v1/nowhere", "/api/auth/nowhere", "/pages/nowhere.js", "/openapi/nowhere.json"] {
        world.get(path).await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_answered_with_those_that_are() {
    let world = World::start().await;
    let answer = world.get(LOGIN).await;
    answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "POST");
    let answer = world.post("/", "{}").await;
    answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_in_our_words() {
    let world = World::start().await;
    let request = |kind: &str| Request::builder().method(Method::POST).uri_str(LOGIN).content_type(kind);
    world.send(request("text/plain").body("{}")).await.expect_problem(415, "unsupported_media_type");
    let untyped = Request::builder().method(Method::POST).uri_str(LOGIN).body("{}");
    world.send(untyped).await.expect_problem(415, "unsupported_media_type");
    for body in ["", "{", "null", "[]", "5", "{\"auth_id\": \"a\", }"] {
        let problem = world.post(LOGIN, body).await.expect_problem(400, "invalid_request");
        assert!(problem.get("fields").is_none());
        assert_eq!(problem["detail"], "The request is not as documented.");
    }
}

#[tokio::test]
async fn where_nothing_need_be_said_no_body_is_as_good_as_an_empty_one() {
    let world = World::start().await;
    let post = || Request::builder().method(Method::POST).uri_str("/v1/auth/refresh");
    let with_cookie = || {
        let cookie = format!("tacit_refresh=rt_{}", "x".repeat(43));
        post().header("cookie", cookie).header("origin", PUBLIC_URL).header("x-tacit-client", "1")
    };
    for request in [post().finish(), post().content_type("application/json").finish(), with_cookie().finish()] {
        world.send(request).await.expect_problem(401, "refresh_invalid");
    }
    for request in
        [post().body("{}"), post().content_type("text/plain").body("{}"), post().content_type("text/plain").finish()]
    {
        world.send(request).await.expect_problem(415, "unsupported_media_type");
    }
    world.post("/v1/auth/refresh", "{").await.expect_problem(400, "invalid_request");
    let nothing = Request::builder().method(Method::POST).uri_str(LOGIN).finish();
    world.send(nothing).await.expect_problem(415, "unsupported_media_type");
}

/// None of these has a limit that poem-openapi holds: the documents say by `minLength` or `pattern` what the domain asks.
#[tokio::test]
async fn a_text_the_documents_do_not_allow_is_refused_by_its_name() {
    let world = World::start().await;
    let exchange = |member: &str, text: &str| {
        let mut body = json!({"code": "x", "code_verifier": "v".repeat(43)});
        body[member] = json!(text);
        ("/v1/oauth/exchange", body)
    };
    let proof = |text: &str| {
        ("/api/auth/srp/login/proof", json!({"handshake": "x", "A": "5", "M1": "3f".repeat(32), "device_name": text}))
    };
    let activate = |text: &str| ("/api/auth/srp/sign-up/activate", json!({"auth_id": "a@b.example", "code": text}));
    let (short, long) = ("v".repeat(42), format!("{}+", "v".repeat(43)));
    for (member, (path, body)) in [
        ("code_verifier", exchange("code_verifier", &short)),
        ("code_verifier", exchange("code_verifier", &long)),
        ("device_name", exchange("device_name", "")),
        ("device_name", proof("")),
        ("device_name", proof("a\u{202e}b")),
        ("code", activate("7KQ2M9XR4")),
        ("code", activate("7KQ2M-9XR4U")),
    ] {
        let answer = world.post(path, body.to_string()).await;
        assert_eq!(codes(&answer.expect_problem(400, "invalid_request")), [(member, "malformed")], "{path} {body}");
    }
}

#[tokio::test]
async fn wrong_fields_are_listed_all_at_once_and_never_repeated() {
    let world = World::start().await;
    let body = json!({
        "auth_id": "a".repeat(255),
        "display_name": 5,
        "password": "canary",
        "credential": {"identity": "canary", "salt": null, "preset": 70000},
    });
    let answer = world.post(SIGN_UP, body.to_string()).await;
    let problem = answer.expect_problem(400, "invalid_request");
    assert_eq!(
        codes(&problem),
        [
            ("auth_id", "too_long"),
            ("credential.identity", "malformed"),
            ("credential.preset", "out_of_range"),
            ("credential.salt", "required"),
            ("credential.verifier", "required"),
            ("display_name", "malformed"),
            ("password", "unexpected"),
        ]
    );
    assert!(!answer.text.contains("canary"));
}

#[tokio::test]
async fn an_unknown_field_is_named_even_where_it_is_null() {
    let world = World::start().await;
    let problem = world.post(LOGIN, json!({"auth_id": "a@b.example", "surprise": null}).to_string()).await;
    assert_eq!(codes(&problem.expect_problem(400, "invalid_request")), [("surprise", "unexpected")]);
}

#[tokio::test]
async fn a_number_or_a_truth_value_is_no_text() {
    let world = World::start().await;
    for value in [json!(5), json!(true)] {
        let problem = world.post("/v1/auth/refresh", json!({"refresh_token": value}).to_string()).await;
        assert_eq!(codes(&problem.expect_problem(400, "invalid_request")), [("refresh_token", "malformed")]);
    }
}

#[tokio::test]
async fn a_text_is_a_text_and_stands_there_once_or_not_at_all() {
    let world = World::start().await;
    for ticket in [json!(null), json!(5), json!(true), json!(["tk"])] {
        let body = json!({"auth_id": "person@example.com", "ticket": ticket});
        let problem = world.post(LOGIN, body.to_string()).await.expect_problem(400, "invalid_request");
        assert_eq!(codes(&problem), [("ticket", "malformed")], "{body}");
    }
    let twice = r#"{"auth_id": "person@example.com", "auth_id": "other@example.com"}"#;
    world.post(LOGIN, twice).await.expect_problem(400, "invalid_request");
}

#[tokio::test]
async fn a_field_the_domain_refuses_is_named_too() {
    let world = World::start().await;
    let problem = world.post(LOGIN, json!({"auth_id": "no address"}).to_string()).await;
    assert_eq!(codes(&problem.expect_problem(400, "invalid_request")), [("auth_id", "malformed")]);
}

fn codes(problem: &Value) -> Vec<(&str, &str)> {
    let fields = problem["fields"].as_array().unwrap().iter();
    let mut codes: Vec<_> =
        fields.map(|field| (field["name"].as_str().unwrap(), field["code"].as_str().unwrap())).collect();
    codes.sort_unstable();
    codes
}

#[tokio::test]
async fn a_body_has_a_limit_whether_it_says_its_length_or_not() {
    let world = World::start().await;
    let spaces = " ".repeat(tacit_shared::limits::BODY_MAX);
    world.post(LOGIN, spaces.clone()).await.expect_problem(400, "invalid_request");
    let longer = format!("{spaces} ");
    world.post(LOGIN, longer.clone()).await.expect_problem(413, "body_too_large");
    let chunked = Body::from_async_read(std::io::Cursor::new(longer));
    world.post(LOGIN, chunked).await.expect_problem(413, "body_too_large");
    let endless = Body::from_async_read(tokio::io::repeat(b' '));
    world.post(LOGIN, endless).await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn without_a_token_there_is_a_challenge() {
    let world = World::start().await;
    let bad = Request::builder().uri_str("/v1/auth/me").header("authorization", "Bearer nonsense").finish();
    for answer in [world.get("/v1/auth/me").await, world.get("/api/auth/sessions/list").await, world.send(bad).await] {
        answer.expect_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn metrics_open_with_their_token_only() {
    let world = World::start().await;
    let with = |token: &str| Request::builder().uri_str("/metrics").header("authorization", token).finish();
    world.get("/metrics").await.expect_problem(401, "unauthenticated");
    world.send(with("Bearer wrong")).await.expect_problem(401, "unauthenticated");
    assert_eq!(world.send(with("Bearer the metrics token")).await.status(), 401);
    assert_eq!(world.send(with("Bearer the-metrics-token")).await.text, "up 1\n");
}

#[tokio::test]
async fn the_cookie_needs_an_origin_and_the_header() {
    let world = World::start().await;
    let request = || {
        let request =
            Request::builder().method(Method::POST).uri_str("/v1/auth/refresh").content_type("application/json");
        request.header("cookie", format!("tacit_refresh=rt_{}", "x".repeat(43)))
    };
    let forged = request().header("origin", "https://evil.example").header("x-tacit-client", "1");
    world.send(forged.body("{}")).await.expect_problem(403, "csrf_rejected");
    world.send(request().header("origin", PUBLIC_URL).body("{}")).await.expect_problem(403, "csrf_rejected");
    let ours = request().header("origin", PUBLIC_URL).header("x-tacit-client", "1");
    world.send(ours.body("{}")).await.expect_problem(401, "refresh_invalid");
}

#[tokio::test]
async fn a_configured_origin_may_read_and_any_other_may_not() {
    let world = World::start().await;
    let from = |origin: &str| Request::builder().uri_str("/v1/auth/settings").header("origin", origin).finish();
    let answer = world.send(from(OTHER_ORIGIN)).await;
    assert_eq!(answer.header("access-control-allow-origin"), OTHER_ORIGIN);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(
        answer.header("access-control-expose-headers"),
        "x-request-id, retry-after, m2, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, content-disposition"
    );
    let answer = world.send(from("https://evil.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_eq!(answer.header("vary"), "Origin");
}

#[tokio::test]
async fn a_preflight_is_answered_for_configured_origins() {
    let world = World::start().await;
    let ask = |origin: &str| {
        let request = Request::builder().method(Method::OPTIONS).uri_str(LOGIN).header("origin", origin);
        request.header("access-control-request-method", "POST").finish()
    };
    let answer = world.send(ask(OTHER_ORIGIN)).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.header("access-control-allow-origin"), OTHER_ORIGIN);
    assert!(answer.header("access-control-allow-headers").contains("x-tacit-client"));
    world.send(ask("https://evil.example")).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_request_id_is_not_taken_over_from_just_anybody() {
    let world = World::start().await;
    let with = |id: &str| Request::builder().uri_str("/nowhere").header("x-request-id", id).finish();
    for id in ["edge-0123456789", "no good"] {
        let answered = world.send(with(id)).await;
        assert_eq!(answered.header("x-request-id").len(), 24);
        assert_ne!(answered.header("x-request-id"), id);
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let world = World::start().await;
    for path in ["/", "/health", "/nowhere", "/v1/auth/me"] {
        let answer = world.get(path).await;
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    assert_eq!(world.get("/v1/auth/me").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_says_no_more() {
    use poem::middleware::CatchPanic;
    use poem::{Endpoint, EndpointExt, Response};

    use crate::http::operations::Operations;
    use crate::http::translate::{Problems, panicked};

    async fn broken(_: Request) -> poem::Result<Response> {
        panic!("canary")
    }
    let endpoint = poem::endpoint::make(broken)
        .with(CatchPanic::new().with_handler(panicked))
        .with(Problems::new(Operations::default()));
    let mut response = endpoint.get_response(Request::default()).await;
    assert_eq!(response.status(), 500);
    let text = response.take_body().into_string().await.unwrap();
    assert!(text.contains("\"internal\"") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_text_of_the_wrong_form_is_named() {
    let world = World::start().await;
    let body = json!({"handshake": "x", "A": "0x5", "M1": "3f", "refresh_delivery": "pigeon"});
    let problem = world.post("/api/auth/srp/login/proof", body.to_string()).await;
    let problem = problem.expect_problem(400, "invalid_request");
    assert_eq!(codes(&problem), [("A", "malformed"), ("M1", "malformed"), ("refresh_delivery", "malformed")]);
}
