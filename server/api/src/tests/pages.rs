//! Pages and files from inside the binary, and the documents against what is really there.

use poem::Request;
use poem::http::Method;
use serde_json::Value;

use super::world::World;

#[tokio::test]
async fn the_pages_are_there() {
    let world = World::start().await;
    for path in ["/", "/activate", "/confirm-email", "/reset", "/undo-email", "/welcome", "/docs", "/docs/"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
    }
    for (path, kind) in [
        ("/pages/base.css", "text/css; charset=utf-8"),
        ("/pages/index.js", "text/javascript; charset=utf-8"),
        ("/pages/mark.svg", "image/svg+xml"),
        ("/docs/swagger-ui.js", "text/javascript; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
        ("/docs/start.js", "text/javascript; charset=utf-8"),
        ("/openapi/tacit.json", "application/json"),
    ] {
        let answer = world.get(path).await;
        assert_eq!((answer.status().as_u16(), answer.header("content-type")), (200, kind), "{path}");
    }
}

#[tokio::test]
async fn a_file_that_did_not_change_is_not_sent_again() {
    let world = World::start().await;
    let first = world.get("/pages/base.css").await;
    assert_eq!(first.header("cache-control"), "no-cache");
    let request = Request::builder().uri_str("/pages/base.css").header("if-none-match", first.header("etag")).finish();
    let again = world.send(request).await;
    assert_eq!((again.status().as_u16(), again.text.as_str()), (304, ""));
}

#[tokio::test]
async fn files_are_compressed_and_answers_of_the_api_are_not() {
    let world = World::start().await;
    let ask = |path: &str| Request::builder().uri_str(path).header("accept-encoding", "gzip").finish();
    let script = world.send(ask("/docs/swagger-ui.js")).await;
    assert_eq!((script.header("content-encoding"), script.header("vary")), ("gzip", "Accept-Encoding"));
    assert_eq!(world.send(ask("/v1/auth/settings")).await.header("content-encoding"), "");
}

#[tokio::test]
async fn the_demo_is_there_in_demo_mode_only() {
    let world = World::start().await;
    for path in ["/demo/", "/demo/mailbox", "/demo/mailbox/mails"] {
        world.get(path).await.expect_problem(404, "not_found");
    }
    let world = World::demo().await;
    let redirect = world.over_a_socket("GET /demo HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(redirect.starts_with("HTTP/1.1 308") && redirect.contains("location: /demo/\r\n"), "{redirect}");
    assert_eq!(world.get("/demo/mailbox").await.header("content-type"), "text/html; charset=utf-8");
    let mails = |host: &str| {
        let path = "/demo/mailbox/mails?to=person@example.com";
        world.send(Request::builder().uri_str(path).header("host", host).finish())
    };
    assert_eq!(mails("localhost:8080").await.text, "{\"mails\":[]}");
    mails("rebound.example:8080").await.expect_problem(404, "not_found");
}

/// Each documented operation, called with nothing: what comes back must be documented, and not be a missing route.
#[tokio::test]
async fn every_documented_operation_is_there() {
    let world = World::start().await;
    let documents = crate::documents();
    let all = &documents.last().unwrap().1;
    for (path, item) in all["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057");
            let form = "application/x-www-form-urlencoded";
            let takes_form = operation["requestBody"]["content"].get(form).is_some();
            let content_type = if takes_form { form } else { "application/json" };
            let request = Request::builder().method(method).uri_str(&path).content_type(content_type);
            let answer = world.send(request.body("{}")).await;
            let status = answer.status().as_u16();
            // Without configuration no provider has a name that could be in a path.
            let is_unknown = answer.text.contains("\"provider_unknown\"");
            assert!(is_unknown || !matches!(status, 404 | 405 | 415), "{path}: {status} {}", answer.text);
            assert!(status < 500, "{path}: {status} {}", answer.text);
            assert!(is_documented(operation, status, all), "{path} answers {status}, which its document does not list");
        }
    }
}

fn is_documented(operation: &Value, status: u16, document: &Value) -> bool {
    let Some(response) = operation["responses"].get(status.to_string()) else { return false };
    let reference = response.get("$ref").and_then(Value::as_str);
    reference.is_none_or(|reference| document.pointer(reference.trim_start_matches('#')).is_some())
}
