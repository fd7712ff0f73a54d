//! The built-in pages: what they are served with, and when they are not there.

use tacit_tests::{Answer, Setup, both_engines};

/// Words of a policy that let foreign or inline code in.
const LAX: [&str; 4] = ["'unsafe-inline'", "'unsafe-eval'", "http:", "*"];

fn is_strict(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    for word in LAX {
        assert!(!policy.split([' ', ';']).any(|part| part == word), "{word} in {policy}");
    }
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    // The demo opens the windows of providers.
    let opener = if answer.request.contains(" /demo/") && !answer.request.contains("/mailbox") {
        "same-origin-allow-popups"
    } else {
        "same-origin"
    };
    assert_eq!(answer.header("cross-origin-opener-policy"), opener);
}

both_engines!(pages_of_links_are_served_with_a_strict_policy, async |app| {
    for path in ["/", "/activate", "/confirm-email", "/reset", "/undo-email", "/welcome"] {
        let page = app.anonymous().get(path).await.expect_status(200);
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        is_strict(&page);
    }
});

both_engines!(the_npm_package_is_served_to_the_pages, async |app| {
    let module = app.anonymous().get("/client/index.js").await.expect_status(200);
    assert!(module.header("content-type").contains("javascript"));
    let wasm = app.anonymous().get("/client/tacit_bg.wasm").await.expect_status(200);
    assert_eq!(wasm.header("content-type"), "application/wasm");
    assert!(wasm.body.starts_with(b"\0asm"));
});

both_engines!(without_demo_there_is_no_demo, async |app| {
    for path in ["/demo/", "/demo/index.html", "/demo/mailbox", "/demo/mailbox/mails"] {
        app.anonymous().get(path).await.expect_problem(404, "not_found").done();
    }
});

both_engines!(
    the_demo_shows_its_mails,
    Setup::new().with("demo", "true").with("mail.transport", "mailbox"),
    async |app| {
        is_strict(&app.anonymous().get("/demo/").await.expect_status(200));
        is_strict(&app.anonymous().get("/demo/mailbox").await.expect_status(200));
        app.signed_up("person@example.com").await;
        app.settle().await;
        let mails = app.anonymous().get("/demo/mailbox/mails").await.expect_status(200);
        assert_eq!(mails.member("/mails/0/to"), "person@example.com");
    }
);

both_engines!(the_api_is_documented_without_the_network, async |app| {
    let page = app.anonymous().get("/docs").await.expect_status(200);
    for outside in ["src=\"http", "href=\"http", "src='http", "href='http", "src=\"//"] {
        assert!(!page.text().contains(outside), "{outside} in the page");
    }
    for name in ["srp", "platform", "ops", "tacit"] {
        let document = app.anonymous().get(&format!("/openapi/{name}.json")).await.expect_status(200);
        assert_eq!(document.member("/openapi"), "3.1.0");
    }
});
