//! Addresses that look like another, or want to be more than one: whose mail goes where.

use serde_json::json;
use tacit_tests::{Answer, App, NewCredential, Setup, both_engines};

const SIGN_UP: &str = "/api/auth/srp/sign-up";
const OWNER: &str = "owner@example.com";

async fn sign_up(app: &App, address: &str) -> Answer {
    let credential = NewCredential::of("a password").json();
    app.anonymous().post(SIGN_UP, json!({ "auth_id": address, "credential": credential })).await
}

// The owner's password is tried often enough to make the owner wait.
both_engines!(
    a_look_alike_is_another_account_and_its_mail_goes_to_it_alone,
    Setup::new().with("limits.proof_attempts", "100"),
    async |app| {
        let owner = app.registered(OWNER).await;
        let mails_of_the_owner = app.inbox(OWNER).await.len();
        // Cyrillic о and е, a Greek ο, a digit, a dotless i and its like in the domain.
        let look_alikes = [
            "\u{43e}wner@example.com",
            "own\u{435}r@example.com",
            "\u{3bf}wner@example.com",
            "0wner@example.com",
            "owner@ex\u{430}mple.com",
        ];
        for look_alike in look_alikes {
            let person = app.registered(look_alike).await;
            assert_eq!(app.inbox(OWNER).await.len(), mails_of_the_owner, "{look_alike}");
            let user = person.log_in().await;
            assert_eq!(user.client.get("/v1/auth/me").await.expect_status(200).member("/user/email"), look_alike);
            let as_the_owner = owner.mistyping(&person.password);
            as_the_owner.prove(&as_the_owner.begin_login().await).await.expect_problem(401, "proof_rejected").done();
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM accounts").await, 1 + 5);
        owner.log_in().await;
    }
);

both_engines!(another_spelling_is_the_same_account_and_its_mail_goes_to_the_owner, async |app| {
    let owner = app.registered(OWNER).await;
    let identity = owner.begin_login().await.identity;
    // Case, full width, a Kelvin sign's kin: what NFKC makes of them is the owner's address, and so is where mail goes.
    for spelling in [
        "OWNER@EXAMPLE.COM",
        "Owner@Example.Com",
        "\u{ff4f}wner@example.com",
        "owner\u{ff20}example.com",
        "owner@\u{24d4}xample\u{ff0e}com",
    ] {
        let mut person = app.stranger(spelling);
        assert_eq!(person.begin_login().await.identity, identity, "{spelling}");
        person.sign_up().await.expect_status(201).done();
        let mails = app.inbox(spelling).await;
        let notice =
            if mails.is_empty() { app.mail_to(OWNER).await } else { app.mail_to(&mails[0].recipients[0]).await };
        // Mailboxes differ by case on hardly any server, and the domain never does.
        assert_eq!(notice.recipients.len(), 1);
        assert_eq!(notice.recipients[0].to_lowercase(), OWNER, "{spelling}");
        assert!(!notice.text.contains("/activate#"), "{spelling}: {}", notice.text);
    }
    let umlaut = app.registered("jos\u{e9}@b\u{fc}cher.example").await;
    let identity = umlaut.begin_login().await.identity;
    for spelling in
        ["JOSE\u{301}@BU\u{308}CHER.EXAMPLE", "jos\u{e9}@xn--bcher-kva.example", "jose\u{301}@XN--BCHER-KVA.example"]
    {
        assert_eq!(app.stranger(spelling).begin_login().await.identity, identity, "{spelling}");
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM accounts").await, 2);
});

both_engines!(what_is_not_one_mailbox_is_refused_everywhere_by_name, async |app| {
    let long = format!("{}@example.com", "a".repeat(10_000));
    // Sixty signs of three bytes each that stand for four: within the limit as written, and beyond it as an address.
    let growing = format!("{}@{}com", "a".repeat(60), "\u{33c2}".repeat(60));
    let refused = [
        "",
        " ",
        "@",
        "owner",
        "owner@",
        "@example.com",
        "owner@example.com ",
        " owner@example.com",
        "owner@example.com\0",
        "owner\0@example.com",
        "owner@example.com\r\nBcc: mallory@example.com",
        "owner@example.com\nBcc: mallory@example.com",
        "owner\r\nRCPT TO:<mallory@example.com>@example.com",
        "owner@example.com%0d%0aBcc:mallory@example.com\u{2028}",
        "owner@example.com,mallory@example.com",
        "owner@example.com;mallory@example.com",
        "mallory@evil.example@example.com",
        "owner@example.com@evil.example",
        "owner\u{ff20}example.com@evil.example",
        "\"owner\"@example.com",
        "\"own er\"@example.com",
        "\"owner@example.com\"@evil.example",
        "owner(comment)@example.com",
        "(comment)owner@example.com",
        "owner@(comment)example.com",
        "Owner <owner@example.com>",
        "<owner@example.com>",
        "owner@[127.0.0.1]",
        "owner@[IPv6:::1]",
        "owner@127.0.0.1",
        "owner@2130706433",
        "owner@0x7f.1",
        "owner@example.com.",
        "owner@example..com",
        "owner@.example.com",
        ".owner@example.com",
        "owner.@example.com",
        "ow..ner@example.com",
        "owner@ex%61mple.com",
        "owner@example\u{3002}com",
        "owner@exam\u{ad}ple.com",
        "own\u{200b}er@example.com",
        "own\u{ad}er@example.com",
        "own\u{202e}er@example.com",
        "own\u{2060}er@example.com",
        "own\u{115f}er@example.com",
        "own\u{3164}er@example.com",
        "own\u{feff}er@example.com",
        "own\u{e000}er@example.com",
        "own\u{d7a4}er@example.com",
        "own\u{ffff}er@example.com",
        "owner@xn--.com",
        "owner@xn--a.com",
        "owner@xn--example-.com",
        &long,
        &growing,
    ];
    // Made once: what costs time here is the password hashing.
    let (client, credential) = (app.anonymous(), NewCredential::of("a password").json());
    for address in refused {
        for (path, body) in [
            (SIGN_UP, json!({ "auth_id": address, "credential": credential })),
            ("/api/auth/srp/sign-up/check", json!({ "auth_id": address })),
            ("/api/auth/srp/sign-up/verification", json!({ "auth_id": address })),
            ("/api/auth/srp/sign-up/activate", json!({ "auth_id": address, "code": "ZZZZZ-ZZZZZ" })),
            ("/api/auth/srp/login/email", json!({ "auth_id": address })),
        ] {
            let answer = client.post(path, body).await;
            assert_eq!(answer.status, 400, "{path} {address:?}: {}", answer.text());
            let problem = answer.expect_problem(400, "invalid_request");
            assert_eq!(problem.member("/fields/0/name"), "auth_id", "{path} {address:?}");
        }
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM outbox").await, 0);
});

both_engines!(an_odd_but_good_address_gets_its_one_mail_and_adds_no_header, async |app| {
    for address in [
        "a=?utf-8?q?bcc=3a?=@example.com",
        "mallory%evil.example@example.com",
        "evil.example!mallory@example.com",
        "-oProxyCommand@example.com",
        "o'neil+tag@example.com",
        "$(id)`id`@example.com".replace(['(', ')'], "{").as_str(),
    ] {
        sign_up(app, address).await.expect_status(201).done();
        let mail = app.mail_to(address).await;
        assert_eq!(mail.recipients, [address]);
        assert!(!mail.headers.keys().any(|name| matches!(name.as_str(), "bcc" | "cc")), "{:?}", mail.headers);
    }
});
