//! Requests that no HTTP library sends: over a bare socket.
//!
//! What the HTTP parser itself does not take is answered by it, with a bare 400, 414 or 431; everything that is a request at
//! all is answered by us, as a problem.

use std::time::Duration;

use tacit_tests::{App, Setup, both_engines};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const LOGIN: &str = "/api/auth/srp/login/email";
const BODY: &str = "{\"auth_id\":\"person@example.com\"}";
const JSON: &str = "Host: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";

/// All that comes back until the server hangs up, or says nothing more.
async fn exchange(app: &App, request: &[u8]) -> String {
    let base = app.anonymous().base();
    let mut stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).await.unwrap();
    // The server may answer and hang up before it has read all.
    stream.write_all(request).await.ok();
    let mut said = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut chunk)).await {
        said.extend_from_slice(&chunk[..count]);
    }
    String::from_utf8_lossy(&said).into_owned()
}

fn status(said: &str) -> u16 {
    let status = said.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).unwrap_or_else(|| panic!("{said:?}"));
    status.parse().unwrap()
}

/// Whether a refusal is ours: a problem with a code.
fn is_problem(said: &str) -> bool {
    said.contains("application/problem+json")
        && said.contains("\"code\":\"")
        && said.to_lowercase().contains("x-request-id:")
}

fn post(head: &str, body: &str) -> String {
    format!("POST {LOGIN} HTTP/1.1\r\n{head}\r\n{body}")
}

/// The login's first step, with its length.
fn login(head: &str) -> String {
    post(&format!("{JSON}Content-Length: {}\r\n{head}", BODY.len()), BODY)
}

both_engines!(unusual_requests_that_are_good_are_served, async |app| {
    let length = format!("Content-Length: {}\r\n", BODY.len());
    let kind = "Content-Type: application/json\r\n";
    for request in [
        format!("POST {LOGIN} HTTP/1.0\r\n{kind}{length}\r\n{BODY}"),
        format!("POST {LOGIN} HTTP/1.0\r\nHost: localhost\r\n{kind}{length}\r\n{BODY}"),
        format!("POST http://localhost{LOGIN} HTTP/1.1\r\n{JSON}{length}\r\n{BODY}"),
        format!("POST http://evil.example:1{LOGIN} HTTP/1.1\r\n{JSON}{length}\r\n{BODY}"),
        format!("POST {LOGIN}?a=b HTTP/1.1\r\n{JSON}{length}\r\n{BODY}"),
        format!("\r\nPOST {LOGIN} HTTP/1.1\r\n{JSON}{length}\r\n{BODY}"),
        login("Expect: 100-continue\r\n").replace("HTTP/1.1 100", ""),
        login("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        login("User-Agent: \u{ff}\u{fe} \u{1f511}\r\nAccept-Language: \u{e9}\r\n"),
        login(
            "X-Forwarded-For: \u{ff}\r\nX-Request-Id: \u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\r\nOrigin: \u{ff}\r\nCookie: \u{ff}=\u{ff}\r\n",
        ),
        post(
            &format!("{JSON}Transfer-Encoding: chunked\r\n"),
            &format!("{:x};a=b\r\n{BODY}\r\n0\r\nX-Trailer: a\r\n\r\n", BODY.len()),
        ),
    ] {
        let said = exchange(app, request.as_bytes()).await;
        let answer = said.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&said);
        assert_eq!(status(answer), 200, "{request}\n{said}");
    }
});

both_engines!(requests_of_an_odd_form_are_refused_as_problems, async |app| {
    let close = "Host: localhost\r\nConnection: close\r\n";
    for (request, wanted) in [
        (format!("OPTIONS * HTTP/1.1\r\n{close}\r\n"), &[404, 405][..]),
        (format!("GET * HTTP/1.1\r\n{close}\r\n"), &[404, 405]),
        (format!("CONNECT example.com:443 HTTP/1.1\r\n{close}\r\n"), &[404, 405]),
        (format!("GET http://evil.example/nowhere HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET /v1/auth/./me HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET /v1/x/../auth/me HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET //v1/auth/me HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET /v1/auth/me/../../../etc/passwd HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET /pages/../Cargo.toml HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET /pages/%2e%2e/Cargo.toml HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET /pages/..%2f..%2fCargo.toml HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("GET /openapi/%00.json HTTP/1.1\r\n{close}\r\n"), &[404]),
        (format!("get {LOGIN} HTTP/1.1\r\n{close}\r\n"), &[405]),
        (format!("GET {LOGIN} HTTP/1.1\r\n{close}\r\n"), &[405]),
        (format!("POST {LOGIN} HTTP/1.1\r\n{close}\r\n"), &[400, 415]),
        (post(&format!("{JSON}Content-Length: 0\r\n"), ""), &[400]),
        (post(JSON, ""), &[400]),
        (login("Authorization: Bearer \u{ff}\r\n").replace(LOGIN, "/v1/auth/me").replace("POST", "GET"), &[401]),
        (
            login("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n")
                .replace(LOGIN, "/v1/auth/me")
                .replace("POST", "GET"),
            &[401],
        ),
        (login("Content-Type: text/plain\r\n").replacen("application/json", "text/plain", 1), &[415]),
        (login("").replacen("application/json", "application/json\u{ff}", 1), &[415]),
        // Chunks that are none, and one that never ends.
        (post(&format!("{JSON}Transfer-Encoding: chunked\r\n"), "zz\r\n{}\r\n0\r\n\r\n"), &[400]),
        (post(&format!("{JSON}Transfer-Encoding: chunked\r\n"), "-1\r\n{}\r\n0\r\n\r\n"), &[400]),
        (post(&format!("{JSON}Transfer-Encoding: chunked\r\n"), "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"), &[400]),
        (post(&format!("{JSON}Transfer-Encoding: chunked\r\n"), "2\r\n{}xx0\r\n\r\n"), &[400]),
    ] {
        let said = exchange(app, request.as_bytes()).await;
        assert!(wanted.contains(&status(&said)) && is_problem(&said), "{request}\n{said}");
    }
});

both_engines!(what_is_no_request_is_turned_away_by_the_parser, async |app| {
    let long = "a".repeat(700_000);
    let many = "X: a\r\n".repeat(200);
    for request in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: localhost\r\n folded: yes\r\nno colon\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nA\0B: c\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n".to_owned(),
        "GET /a b HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"),
        format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
        post(&format!("{JSON}Content-Length: -5\r\n"), BODY),
        post(&format!("{JSON}Content-Length: +32\r\n"), BODY),
        post(&format!("{JSON}Content-Length: 99999999999999999999999\r\n"), BODY),
        post(&format!("{JSON}Content-Length: 32, 33\r\n"), BODY),
        post(&format!("{JSON}Content-Length: 32\r\nContent-Length: 33\r\n"), BODY),
        post(&format!("{JSON}Transfer-Encoding: gzip\r\n"), BODY),
        post(&format!("{JSON}Transfer-Encoding: chunked, identity\r\n"), BODY),
        // A TLS greeting, sent to a plain port.
        "\u{16}\u{3}\u{1}\0\u{5}\u{1}\0\0\u{1}\u{3}".to_owned(),
    ] {
        let said = exchange(app, request.as_bytes()).await;
        assert!(said.is_empty() || (400..500).contains(&status(&said)), "{request:.200}\n{said}");
    }
    app.anonymous().get("/health").await.expect_status(200).done();
});

both_engines!(no_second_request_hides_in_the_body_of_a_first, Setup::new(), async |app| {
    let hidden = "GET /v1/auth/settings HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let framed = |head: &str, body: &str| {
        format!(
            "POST {LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{head}\r\n{body}{hidden}"
        )
    };
    // Two lengths for one body: a proxy in front that goes by the other one sees other requests than we do.
    for (what, request) in [
        ("a length and chunks", framed("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
        ("chunks and a length", framed("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")),
        ("chunks in disguise", framed("Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n", "0\r\n\r\n")),
        ("chunks, folded", framed("Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")),
        ("chunks behind a space", framed("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", "0\r\n\r\n")),
        ("two lengths", framed("Content-Length: 0\r\nContent-Length: 53\r\n", "")),
        (
            "a length of HTTP/1.0",
            framed("Transfer-Encoding: chunked\r\n", "0\r\n\r\n").replacen("HTTP/1.1", "HTTP/1.0", 1),
        ),
    ] {
        let said = exchange(app, request.as_bytes()).await;
        assert!(!said.contains("\"realm\""), "{what}: {said}");
    }
});

both_engines!(two_hosts_or_none_lead_nowhere_else, async |app| {
    for (head, wanted) in
        [("", 200), ("Host: a\r\nHost: b\r\n", 200), ("Host: evil.example\r\n", 200), ("Host: \r\n", 200)]
    {
        let length = BODY.len();
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n");
        let said = exchange(app, post(&head, BODY).as_bytes()).await;
        // Nothing is taken from the name that was asked for: links are made from the configured address.
        assert!(status(&said) == wanted || (400..500).contains(&status(&said)), "{head}\n{said}");
        assert!(!said.contains("evil.example"), "{said}");
    }
    let body = format!(
        "{{\"auth_id\":\"person@example.com\",\"credential\":{}}}",
        tacit_tests::NewCredential::of("a password").json()
    );
    let head = format!(
        "Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    let said = exchange(app, post(&head, &body).replace(LOGIN, "/api/auth/srp/sign-up").as_bytes()).await;
    assert_eq!(status(&said), 201, "{said}");
    let mail = app.mail_to("person@example.com").await;
    assert!(
        mail.text.contains("http://localhost:8080/activate#") && !mail.text.contains("evil.example"),
        "{}",
        mail.text
    );
});
