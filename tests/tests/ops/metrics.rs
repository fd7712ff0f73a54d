//! `/metrics`: figures, to those who may see them.

use std::time::{Duration, Instant};
use tacit_tests::{Process, Setup, both_engines};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const TOKEN: &str = "a-long-enough-metrics-token-for-all";
/// RFC 9110, section 10.1.1.
const CONTINUE: &[u8; 25] = b"HTTP/1.1 100 Continue\r\n\r\n";

both_engines!(without_a_listener_or_token_there_are_no_metrics, async |app| {
    app.anonymous().get("/metrics").await.expect_problem(404, "not_found").done();
});

both_engines!(with_the_token_metrics_can_be_read, Setup::new().with("metrics.token", TOKEN), async |app| {
    app.user("person@example.com").await;
    let without = app.anonymous().get("/metrics").await;
    assert!(matches!(without.status, 401 | 404), "{}", without.text());
    let wrong = app.anonymous().bearer("another-token").get("/metrics").await;
    assert!(matches!(wrong.status, 401 | 404), "{}", wrong.text());
    let figures = app.anonymous().bearer(TOKEN).get("/metrics").await.expect_status(200);
    assert!(figures.text().contains("prove_login"), "{}", figures.text());
    assert!(!figures.text().contains("person@example.com"));
});

both_engines!(
    who_goes_away_before_the_answer_leaves_a_line_and_a_count,
    Setup::new().with("metrics.token", TOKEN).with("log.filter", "info"),
    async |app| {
        let person = app.registered("person@example.com").await;
        app.stop().await;
        let process = Process::serve(&app.variables()).await;
        let there = app.client_at(&process.base);
        let guesser = person.through(&there).mistyping("a guess");
        let body = guesser.proof_body(&guesser.begin_login().await).to_string();

        // The server asks for the body once it works on the request: one that it has not begun leaves nothing. An answer to a
        // wrong proof takes a while after that: it comes at a time that tells nothing.
        let mut stream = TcpStream::connect(process.base.strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!("Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let request = format!("POST /api/auth/srp/login/proof HTTP/1.1\r\n{head}Expect: 100-continue\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut go_on = [0; CONTINUE.len()];
        stream.read_exact(&mut go_on).await.unwrap();
        assert_eq!(go_on, *CONTINUE);
        stream.write_all(body.as_bytes()).await.unwrap();
        drop(stream);

        let wanted = r#"http_requests_total{operation="prove_login",status="499"} 1"#;
        let begun = Instant::now();
        loop {
            let figures = there.bearer(TOKEN).get("/metrics").await.expect_status(200);
            if figures.text().contains(wanted) {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "no {wanted} in {}", figures.text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let log = process.stop().await;
        assert!(log.iter().any(|line| line.contains("broken off") && line.contains("prove_login")), "{log:#?}");
        app.start_again().await;
    }
);

both_engines!(a_listener_of_its_own_serves_metrics, Setup::new().with("metrics.listen", "127.0.0.1:0"), async |app| {
    app.user("person@example.com").await;
    let figures = app.client_at(&app.metrics_address().await).get("/metrics").await.expect_status(200);
    assert!(figures.text().contains("prove_login"), "{}", figures.text());
    app.anonymous().get("/metrics").await.expect_problem(404, "not_found").done();
});
