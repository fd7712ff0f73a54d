//! `X-Request-Id`: a proxy that is trusted may name requests, nobody else.

use tacit_tests::{App, Setup, both_engines};

/// The id of an answer to a request that brings one.
async fn answered(app: &App, brought: &str) -> String {
    app.anonymous().with("x-request-id", brought).get("/health").await.expect_status(200).header("x-request-id")
}

fn is_ours(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

both_engines!(a_stranger_does_not_name_requests, async |app| {
    let id = answered(app, "somebody-elses-request").await;
    assert!(is_ours(&id), "{id}");
});

both_engines!(
    a_trusted_proxy_names_requests_if_the_name_is_harmless,
    Setup::new().with("trusted_proxies", "127.0.0.1/32"),
    async |app| {
        assert_eq!(answered(app, "edge-0123456789").await, "edge-0123456789");
        for harmful in ["short", "with space in it", "quote\"quote\"", "x{}x{}x{}x", &"x".repeat(65)] {
            let id = answered(app, harmful).await;
            assert!(is_ours(&id), "{harmful}: {id}");
        }
    }
);
