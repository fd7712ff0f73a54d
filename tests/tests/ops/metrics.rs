//! `/metrics`: figures, to those who may see them.

use tacit_tests::{Setup, both_engines};

both_engines!(without_a_listener_or_token_there_are_no_metrics, async |app| {
    app.anonymous().get("/metrics").await.expect_problem(404, "not_found").done();
});

both_engines!(
    with_the_token_metrics_can_be_read,
    Setup::new().with("metrics.token", "a-long-enough-metrics-token-for-all"),
    async |app| {
        app.user("person@example.com").await;
        let without = app.anonymous().get("/metrics").await;
        assert!(matches!(without.status, 401 | 404), "{}", without.text());
        let wrong = app.anonymous().bearer("another-token").get("/metrics").await;
        assert!(matches!(wrong.status, 401 | 404), "{}", wrong.text());
        let figures =
            app.anonymous().bearer("a-long-enough-metrics-token-for-all").get("/metrics").await.expect_status(200);
        assert!(figures.text().contains("prove_login"), "{}", figures.text());
        assert!(!figures.text().contains("person@example.com"));
    }
);

both_engines!(a_listener_of_its_own_serves_metrics, Setup::new().with("metrics.listen", "127.0.0.1:0"), async |app| {
    app.user("person@example.com").await;
    let figures = app.client_at(&app.metrics_address().await).get("/metrics").await.expect_status(200);
    assert!(figures.text().contains("prove_login"), "{}", figures.text());
    app.anonymous().get("/metrics").await.expect_problem(404, "not_found").done();
});
