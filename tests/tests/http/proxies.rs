//! The caller's address: whose word counts.

use tacit_tests::{App, Setup, both_engines};

/// The address a session was opened from, as the server wrote it down.
async fn seen_from(app: &App, forwarded: &str) -> String {
    let person = app.registered("person@example.com").await;
    let user = person.through(&app.anonymous().with("x-forwarded-for", forwarded)).log_in().await;
    user.client.get("/v1/sessions").await.expect_status(200).string("/sessions/0/ip_address")
}

both_engines!(a_stranger_cannot_say_where_they_come_from, async |app| {
    assert_eq!(seen_from(app, "203.0.113.7").await, "127.0.0.1");
});

both_engines!(a_trusted_proxy_can, Setup::new().with("trusted_proxies", "127.0.0.1/32"), async |app| {
    assert_eq!(seen_from(app, "203.0.113.7").await, "203.0.113.7");
});

both_engines!(
    only_the_last_hop_before_the_proxies_counts,
    Setup::new().with("trusted_proxies", "127.0.0.1/32"),
    async |app| {
        assert_eq!(seen_from(app, "198.51.100.1, 203.0.113.7").await, "203.0.113.7");
    }
);
