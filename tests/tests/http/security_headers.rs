//! What every answer carries and what none gives away: each documented operation, each page, each kind of refusal.
//!
//! The operations are read from the document, so one that is added is held to this by itself.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tacit_tests::{Answer, Client, Setup, both_engines};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const HTTPS: &str = "https://login.localhost";

/// With a token for metrics, so that every documented operation is there.
fn whole() -> Setup {
    Setup::new().with("metrics.token", "a-long-enough-metrics-token-for-all")
}

/// Headers an answer may have. Whatever else turns up (`Server`, `X-Powered-By`, `Via`) tells strangers what runs here.
const KNOWN: [&str; 26] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "date",
    "etag",
    "location",
    "permissions-policy",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-content-type-options",
];

/// Words that name the framework, its language, or a place in the sources.
const LEAKS: [&str; 12] = [
    "poem",
    "hyper",
    "tokio",
    "serde",
    "sqlx",
    "sqlite",
    "postgres",
    "rust",
    "panicked",
    ".rs:",
    "stack backtrace",
    "0.1.0",
];

/// What may be kept by caches, because everybody gets the same.
const PUBLIC: [&str; 6] = ["/.well-known/jwks.json", "/pages/", "/client/", "/docs", "/openapi/", "/demo/"];
const PAGES: [&str; 6] = ["/", "/activate", "/confirm-email", "/reset", "/undo-email", "/welcome"];

/// Every operation of the document: method, path, whether it takes a body, whether that is a form, and whether it asks for a token first.
fn operations() -> Vec<(Method, String, bool, bool, bool)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/tacit.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057").replace("{provider}", "microsoft");
            assert!(!path.contains('{'), "{path}: this test does not know what to put there");
            let schemes = operation["security"].as_array();
            let needs_token = schemes.is_some_and(|all| !all.is_empty() && !all.contains(&json!({})));
            let body = &operation["requestBody"]["content"];
            let takes_form = body.get("application/x-www-form-urlencoded").is_some();
            operations.push((method, path, !body.is_null(), takes_form, needs_token));
        }
    }
    assert!(operations.len() >= 18, "only {} operations", operations.len());
    operations
}

fn is_below(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

/// Holds one answer to everything that is true of all.
fn is_careful(answer: &Answer, https: bool) {
    let request = &answer.request;
    let path = request.split(' ').nth(1).unwrap();
    for name in answer.headers.keys() {
        let known =
            KNOWN.contains(&name.as_str()) || name == "x-request-id" || name.as_str().starts_with("x-ratelimit-");
        assert!(known, "{request}: {name} is not expected");
    }

    let policy = answer.header("content-security-policy");
    for directive in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(directive), "{request}: {directive} is not in {policy}");
    }
    for word in ["'unsafe-inline'", "'unsafe-eval'", "http:", "https:", "*", "blob:"] {
        // Swagger UI writes style attributes.
        let of_swagger = path.starts_with("/docs") && word == "'unsafe-inline'";
        let scripts = policy.split(';').find(|directive| directive.trim().starts_with("script-src")).unwrap();
        let searched = if of_swagger { scripts } else { &policy };
        assert!(!searched.split([' ', ';']).any(|part| part == word), "{request}: {word} in {searched}");
    }
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{request}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{request}");
    // The demo opens the windows of providers.
    let opener = if path.starts_with("/demo") && !path.starts_with("/demo/mailbox") {
        "same-origin-allow-popups"
    } else {
        "same-origin"
    };
    assert_eq!(answer.header("cross-origin-opener-policy"), opener, "{request}");
    assert!(!answer.header("permissions-policy").is_empty(), "{request}");
    assert!(!answer.header("x-request-id").is_empty(), "{request}");
    assert_eq!(answer.headers.contains_key("strict-transport-security"), https, "{request}");
    if https {
        let stay = answer.header("strict-transport-security");
        let age = stay.strip_prefix("max-age=").and_then(|rest| rest.split(';').next()).unwrap();
        assert!(age.parse::<u64>().unwrap() >= 31_536_000, "{request}: less than a year");
    }

    let may_be_kept = matches!(answer.status, 200 | 304 | 308) && (is_below(path, &PUBLIC) || PAGES.contains(&path));
    if !may_be_kept {
        assert_eq!(answer.header("cache-control"), "no-store", "{request}");
    }
    // Tokens and keys may spell any word by chance. The documents and the package say which version they are on purpose.
    let in_words = answer.status >= 400 || PAGES.contains(&path) || ["/health", "/v1/auth/settings"].contains(&path);
    if in_words && !is_below(path, &["/docs", "/openapi/", "/client/"]) {
        let text = answer.text().to_lowercase();
        for leak in LEAKS {
            assert!(!text.contains(leak), "{request}: {leak} in {text}");
        }
        assert!(!names_a_type(&text), "{request}: the name of a type in {text}");
    }
}

/// `std::io::Error`, but not the address `::1`.
fn names_a_type(text: &str) -> bool {
    let parts: Vec<&str> = text.split("::").collect();
    let letter = |char: char| char.is_ascii_alphabetic();
    parts.windows(2).any(|pair| pair[0].ends_with(letter) && pair[1].starts_with(letter))
}

fn as_form(client: &Client) -> Client {
    client.with("content-type", "application/x-www-form-urlencoded")
}

/// Asks each operation in every wrong way there is, and by its good name.
async fn every_operation(client: &Client, https: bool) {
    for (method, path, takes_body, takes_form, needs_token) in operations() {
        let body = |text: String| takes_body.then(|| text.into_bytes());
        let send = async |client: &Client, body| client.send(method.clone(), &path, body).await;
        is_careful(&send(client, body("{}".to_owned())).await, https);
        is_careful(&send(client, body("{\"auth_id\": ".to_owned())).await, https);
        is_careful(&client.send(Method::PATCH, &path, None).await.expect_problem(405, "method_not_allowed"), https);
        is_careful(&client.send(Method::TRACE, &path, None).await, https);
        is_careful(&client.send(Method::OPTIONS, &path, None).await, https);
        is_careful(&client.get(&format!("{path}/nowhere")).await, https);
        is_careful(
            &client.bearer("eyJhbGciOiJub25lIn0.e30.").send(method.clone(), &path, body("{}".to_owned())).await,
            https,
        );
        if takes_body {
            let long = json!({ "auth_id": "a".repeat(40 * 1024) }).to_string();
            is_careful(&send(client, body(long)).await.expect_problem(413, "body_too_large"), https);
            let other = if takes_form { client.clone() } else { as_form(client) };
            let other = send(&other, body("a=b".to_owned())).await;
            // Who asks comes before what they say.
            let other = if needs_token { other } else { other.expect_problem(415, "unsupported_media_type") };
            is_careful(&other, https);
        }
    }
}

both_engines!(every_operation_and_every_refusal_is_careful, whole(), async |app| {
    every_operation(&app.anonymous(), false).await;
});

both_engines!(every_operation_is_careful_towards_somebody_logged_in, whole(), async |app| {
    let user = app.user("person@example.com").await;
    is_careful(&user.answer, false);
    let refresh = json!({ "refresh_token": user.refresh_token() });
    is_careful(&app.anonymous().post("/v1/auth/refresh", refresh).await.expect_status(200), false);
    for path in ["/v1/auth/me", "/v1/sessions", "/api/auth/sessions/list"] {
        is_careful(&user.client.get(path).await.expect_status(200), false);
    }
    every_operation(&user.client, false).await;
});

both_engines!(under_https_browsers_are_told_to_stay_with_it, whole().with("public_url", HTTPS), async |app| {
    every_operation(&app.anonymous(), true).await;
    for path in PAGES {
        is_careful(&app.anonymous().get(path).await.expect_status(200), true);
    }
});

both_engines!(a_fault_of_the_server_tells_nothing_of_it, whole(), async |app| {
    let user = app.user("person@example.com").await;
    app.settle().await;
    for table in ["sessions", "accounts", "pending_credentials", "spent_handshakes"] {
        app.database.drop_table(table).await;
    }
    app.leaves_jobs();
    is_careful(&user.client.get("/v1/sessions").await.expect_problem(500, "internal"), false);
    every_operation(&user.client, false).await;
});

both_engines!(
    pages_and_files_are_careful,
    Setup::new().with("demo", "true").with("mail.transport", "mailbox"),
    async |app| {
        let client = app.anonymous();
        let mut paths = PAGES.to_vec();
        paths.extend([
            "/pages/pages.js",
            "/pages/base.css",
            "/client/index.js",
            "/client/tacit_bg.wasm",
            "/client/worker.js",
        ]);
        paths.extend(["/docs", "/docs/start.js", "/docs/swagger-ui.js", "/openapi/tacit.json"]);
        paths.extend(["/demo/", "/demo/mailbox", "/demo/mailbox/mails"]);
        for path in paths {
            let answer = client.get(path).await.expect_status(200);
            is_careful(&answer, false);
            if answer.header("content-type").starts_with("text/html") {
                has_no_inline_code(&answer);
            }
        }
        is_careful(&client.get("/demo").await.expect_status(308), false);
        is_careful(&client.get("/pages/../../Cargo.toml").await.expect_problem(404, "not_found"), false);
        is_careful(&client.get("/client/%2e%2e/Cargo.toml").await.expect_problem(404, "not_found"), false);
    }
);

/// A policy that forbids inline code is only as good as pages that need none.
fn has_no_inline_code(page: &Answer) {
    let text = page.text();
    for inline in ["<style", " style=", " onclick=", " onload=", " onerror=", "\"javascript:"] {
        assert!(!text.contains(inline), "{}: {inline}", page.request);
    }
    for script in text.split("<script").skip(1) {
        let (attributes, rest) = script.split_once('>').unwrap();
        assert!(attributes.contains("src=\"") && rest.starts_with("</script>"), "{}: inline script", page.request);
    }
}

both_engines!(
    metrics_on_a_listener_of_their_own_are_careful,
    Setup::new().with("metrics.listen", "127.0.0.1:0"),
    async |app| {
        let client = app.client_at(&app.metrics_address().await);
        for path in ["/metrics", "/nowhere"] {
            let answer = client.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert!(!answer.headers.contains_key("server"), "{path}");
        }
    }
);

both_engines!(what_is_no_http_is_answered_without_a_name, async |app| {
    for nonsense in ["GET / HTTP/9.9\r\n\r\n", "nonsense\r\n\r\n", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let said = raw(&app.anonymous().base(), nonsense).await.to_lowercase();
        assert!(said.is_empty() || said.starts_with("http/1.1 400"), "{nonsense:?}: {said}");
        assert!(!said.contains("\r\nserver:") && !LEAKS.iter().any(|leak| said.contains(leak)), "{said}");
    }
});

/// All that the server says to these bytes before it hangs up.
async fn raw(base: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let reading = stream.read_to_end(&mut said);
    tokio::time::timeout(std::time::Duration::from_secs(10), reading).await.expect("it hangs up").ok();
    String::from_utf8_lossy(&said).into_owned()
}

both_engines!(
    the_demos_mails_are_shown_to_this_machine_only,
    Setup::new().with("demo", "true").with("mail.transport", "mailbox"),
    async |app| {
        app.signed_up("person@example.com").await;
        app.settle().await;
        for own in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "demo.localhost"] {
            let mails = app.anonymous().with("host", own).get("/demo/mailbox/mails").await.expect_status(200);
            assert_eq!(mails.member("/mails/0/to"), "person@example.com", "{own}");
        }
        // A page whose own name leads to the loopback address (DNS rebinding).
        for rebound in ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:8080"] {
            let refused = app.anonymous().with("host", rebound).get("/demo/mailbox/mails").await;
            refused.expect_problem(404, "not_found").done();
        }
    }
);
