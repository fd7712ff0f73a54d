//! Every refusal is a problem in one form, and every answer has a request id.

use reqwest::Method;
use serde_json::json;
use tacit_tests::both_engines;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LOGIN: &str = "/api/auth/srp/login/email";

both_engines!(refusals_of_the_framework_speak_our_language, async |app| {
    let client = app.anonymous();
    client.get("/no/such/path").await.expect_problem(404, "not_found").done();
    client.get("/v1/no-such-path").await.expect_problem(404, "not_found").done();
    client.get(LOGIN).await.expect_problem(405, "method_not_allowed").done();
    client.delete("/v1/auth/me").await.expect_problem(405, "method_not_allowed").done();
    let form = client.with("content-type", "application/x-www-form-urlencoded");
    let answer = form.send(Method::POST, LOGIN, Some(b"auth_id=person".to_vec())).await;
    answer.expect_problem(415, "unsupported_media_type").done();
    let answer = client.send(Method::POST, LOGIN, Some(b"{\"auth_id\": ".to_vec())).await;
    let problem = answer.expect_problem(400, "invalid_request");
    for word in ["serde", "poem", "expected value", "EOF", "line 1"] {
        assert!(!problem.text().contains(word), "{}", problem.text());
    }
    client.post(LOGIN, json!({ "auth_id": 5 })).await.expect_problem(400, "invalid_request").done();
    client.post(LOGIN, json!([])).await.expect_problem(400, "invalid_request").done();
});

both_engines!(a_problem_names_the_fields, async |app| {
    let problem = app.anonymous().post(LOGIN, json!({ "auth_id": "no address" })).await;
    let problem = problem.expect_problem(400, "invalid_request");
    assert_eq!(problem.member("/fields/0/name"), "auth_id");
    assert!(!problem.string("/fields/0/code").is_empty());
    assert!(!problem.string("/fields/0/detail").is_empty());
    assert!(!problem.text().contains("no address"), "input is not echoed");
});

both_engines!(unknown_members_are_refused, async |app| {
    let body = json!({ "auth_id": "person@example.com", "password": "secret" });
    let problem = app.anonymous().post(LOGIN, body).await.expect_problem(400, "invalid_request");
    assert!(!problem.text().contains("secret"), "{}", problem.text());
});

both_engines!(a_body_has_a_limit, async |app| {
    let long = json!({ "auth_id": "a".repeat(40 * 1024) });
    app.anonymous().post(LOGIN, long).await.expect_problem(413, "body_too_large").done();
    assert_eq!(chunked(&app.anonymous().base()).await, 413, "a chunked body has the same limit");
});

both_engines!(every_answer_has_a_request_id, async |app| {
    let client = app.anonymous();
    let first = client.get("/health").await.header("x-request-id");
    let second = client.get("/health").await.header("x-request-id");
    assert_ne!(first, second);
    assert!(!client.get("/no/such/path").await.header("x-request-id").is_empty());
    assert!(!client.get("/v1/auth/me").await.header("x-request-id").is_empty());
});

/// The status that 40 KiB get which do not say their length.
async fn chunked(base: &str) -> u16 {
    let mut stream = tokio::net::TcpStream::connect(base.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..40 {
        // The server may answer and hang up before it has read all.
        if stream.write_all(format!("400\r\n{}\r\n", " ".repeat(1024)).as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    std::str::from_utf8(&answer[9..]).unwrap().parse().unwrap()
}
