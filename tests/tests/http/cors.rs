//! Pages of the configured origins may call; others may not.

use reqwest::Method;
use tacit_tests::{Client, Setup, both_engines};

const LOGIN: &str = "/api/auth/srp/login/email";

fn allowing() -> Setup {
    Setup::new().with("allowed_origins", "https://app.localhost,http://localhost:5173")
}

async fn preflight(client: &Client, origin: &str) -> tacit_tests::Answer {
    let client = client
        .with("origin", origin)
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "content-type,authorization,x-tacit-client");
    client.send(Method::OPTIONS, LOGIN, None).await
}

both_engines!(a_preflight_from_an_allowed_origin_is_granted, allowing(), async |app| {
    let answer = preflight(&app.anonymous(), "https://app.localhost").await;
    assert!(matches!(answer.status, 200 | 204), "{}", answer.status);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.localhost");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    let headers = answer.header("access-control-allow-headers").to_lowercase();
    for header in ["content-type", "authorization", "x-tacit-client"] {
        assert!(headers.contains(header), "{header} is not in {headers}");
    }
});

both_engines!(a_preflight_from_elsewhere_is_not_granted, allowing(), async |app| {
    for origin in ["https://evil.example", "https://app.localhost.evil.example", "null"] {
        let answer = preflight(&app.anonymous(), origin).await;
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{origin}");
    }
});

both_engines!(answers_and_problems_carry_the_origin, allowing(), async |app| {
    let page = app.anonymous().with("origin", "http://localhost:5173");
    let answer = page.get("/v1/auth/settings").await.expect_status(200);
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:5173");
    assert!(answer.header("vary").to_lowercase().contains("origin"));
    let problem = page.get("/v1/auth/me").await.expect_problem(401, "unauthenticated");
    assert_eq!(problem.header("access-control-allow-origin"), "http://localhost:5173");
    let exposed = problem.header("access-control-expose-headers").to_lowercase();
    assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
});
