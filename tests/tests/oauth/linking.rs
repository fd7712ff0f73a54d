//! Whose account a provider's word opens.

use serde_json::{Value, json};
use tacit_tests::{App, Issuer, Setup};

use super::browser::*;

/// A provider whose `email_verified` is what it is, no more.
fn claiming(issuer: &Issuer) -> Setup {
    issuer.setup(NAME, Setup::new()).with("providers.acme.trust_email", "claim")
}

/// One whose word about an address counts for nothing.
fn unheard(issuer: &Issuer) -> Setup {
    issuer.setup(NAME, Setup::new())
}

/// Two: `acme` only claims, `sure` speaks for its addresses.
fn claiming_and_sure(issuer: &Issuer) -> Setup {
    issuer
        .setup("sure", claiming(issuer))
        .with("providers.sure.trust_email", "binding")
        .with("providers.sure.issuer", &issuer.url)
}

async fn accounts(app: &App) -> i64 {
    app.database.number("SELECT COUNT(*) FROM accounts").await
}

async fn identities(app: &App) -> i64 {
    app.database.number("SELECT COUNT(*) FROM identities").await
}

with_issuer!(an_account_that_proved_the_address_is_opened_by_a_provider_that_speaks_for_it, async |app, issuer| {
    let user = app.user("ada@example.com").await;
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    assert_eq!((signed_in.string("/user_id"), signed_in.member("/created")), (user.id, json!(false)));
    let notice = app.mail_to("ada@example.com").await;
    assert!(notice.subject.contains("ways to log in"), "{}", notice.subject);
});

with_issuer!(an_administrators_account_is_never_opened_by_itself, async |app, issuer| {
    app.admin("ada@example.com").await;
    sign_in(app, issuer, ada()).await.expect_problem(409, "link_required").done();
    assert_eq!(identities(app).await, 0);
});

with_issuer!(one_that_waits_for_its_administrator_is_not_opened, async |app, issuer| {
    app.invite_admin("ada@example.com").await;
    sign_in(app, issuer, ada()).await.expect_problem(409, "link_required").done();
    assert_eq!(identities(app).await, 0);
});

with_issuer!(a_mere_claim_opens_no_account_that_is_there, claiming, async |app, issuer| {
    app.user("ada@example.com").await;
    sign_in(app, issuer, ada()).await.expect_problem(409, "link_required").done();
    assert_eq!((accounts(app).await, identities(app).await), (1, 0));
});

with_issuer!(a_mere_claim_makes_an_account_whose_address_is_not_proved, claiming, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let me = caller(app, &signed_in).get("/v1/auth/me").await.expect_status(200);
    assert_eq!(me.member("/user/is_email_verified"), false);
});

with_issuer!(
    a_word_that_does_not_count_makes_nothing_whether_there_is_an_account_or_not,
    unheard,
    async |app, issuer| {
        let unknown = sign_in(app, issuer, ada()).await.expect_problem(403, "email_unverified");
        nothing_is_left(app).await;
        app.user("ada@example.com").await;
        let known = sign_in(app, issuer, ada()).await.expect_problem(403, "email_unverified");
        assert_eq!(known.json(), unknown.json(), "nobody learns which");
        assert_eq!((accounts(app).await, identities(app).await), (1, 0));
    }
);

with_issuer!(no_address_or_one_that_is_none_makes_nothing, async |app, issuer| {
    for email in [json!(null), json!("nobody"), json!("a@b@c.example")] {
        let claims = json!({"sub": "ada", "email": email, "email_verified": true, "userinfo": {}});
        sign_in(app, issuer, claims).await.expect_problem(403, "email_unverified").done();
    }
    nothing_is_left(app).await;
});

with_issuer!(an_address_that_cannot_be_one_is_not_kept_of_somebody_who_is_known, async |app, issuer| {
    sign_in(app, issuer, ada()).await.expect_status(200).done();
    for email in ["a\0b@example.com".to_owned(), format!("{}@example.com", "a".repeat(20_000))] {
        let signed_in = sign_in(app, issuer, json!({"sub": "ada", "email": email})).await.expect_status(200);
        let listed = caller(app, &signed_in).get("/v1/identities").await.expect_status(200);
        assert_eq!(listed.json()["identities"][0].get("email"), None);
    }
});

/// Eve makes an account for Ada's address in advance and waits for her. `eve` signs in with a provider that merely claims
/// the address.
fn eve() -> Value {
    json!({"sub": "eve", "email": "ada@example.com", "email_verified": true, "name": "Eve"})
}

with_issuer!(
    whoever_proves_the_address_takes_the_account_over_and_who_made_it_is_out,
    claiming_and_sure,
    async |app, issuer| {
        let eve_in = sign_in(app, issuer, eve()).await.expect_status(200);
        let flow = begin(app, &start("sure")).await;
        let sure = json!({"sub": "ada", "email": "Ada@example.com", "email_verified": true, "name": "Ada"});
        let answer = come_back(app, &issuer.approve(&flow.location, sure), &flow.cookie).await.expect_status(200);
        let ada_in = exchange(app, &answer.string("/code")).await.expect_status(200);
        assert_eq!(ada_in.string("/user_id"), eve_in.string("/user_id"));
        let me = caller(app, &ada_in).get("/v1/auth/me").await.expect_status(200);
        assert_eq!(
            (me.member("/user/is_email_verified"), me.string("/user/display_name")),
            (json!(true), "Ada".to_owned())
        );
        caller(app, &eve_in).get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
        let refresh = json!({"refresh_token": eve_in.string("/tokens/refresh_token")});
        app.anonymous().post("/v1/auth/refresh", refresh).await.expect_problem(401, "refresh_invalid").done();
        sign_in(app, issuer, eve()).await.expect_problem(409, "link_required").done();
        assert_eq!((accounts(app).await, identities(app).await), (1, 1));
    }
);

with_issuer!(whoever_answers_the_mail_takes_the_account_over_too, claiming, async |app, issuer| {
    let eve_in = sign_in(app, issuer, eve()).await.expect_status(200);
    let user = app.user("ada@example.com").await;
    assert_eq!(user.id, eve_in.string("/user_id"));
    caller(app, &eve_in).get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
    sign_in(app, issuer, eve()).await.expect_problem(409, "link_required").done();
    assert_eq!((accounts(app).await, identities(app).await), (1, 0));
});

with_issuer!(nothing_is_kept_of_a_password_that_went_with_its_account, claiming, async |app, issuer| {
    let eve_in = caller(app, &sign_in(app, issuer, eve()).await.expect_status(200));
    step_up(app, issuer, &eve_in, eve()).await.expect_status(200).done();
    let eve = app.stranger("ada@example.com");
    let body = json!({"credential": eve.credential.json()});
    eve_in.post("/api/auth/srp/password/set", body).await.expect_status(204).done();
    eve.log_in().await;
    app.keeps_combs(1).await;
    app.registered("ada@example.com").await;
    app.keeps_combs(0).await;
});

with_issuer!(a_sign_up_that_waits_is_void_once_a_provider_speaks_for_the_address, async |app, issuer| {
    // Eve signs up for Ada's address and never answers the mail.
    let eve = app.signed_up("ada@example.com").await.with_ticket();
    let secret = app.mail_to("ada@example.com").await.link_secret();
    sign_in(app, issuer, ada()).await.expect_status(200).done();
    let handshake = eve.begin_login().await;
    eve.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    let late = app.anonymous().post("/api/auth/srp/sign-up/activate", json!({"token": secret})).await;
    late.expect_problem(401, "activation_invalid").done();
});

with_issuer!(an_account_without_a_password_answers_like_an_address_nobody_has, async |app, issuer| {
    sign_in(app, issuer, ada()).await.expect_status(200).done();
    let person = app.stranger("ada@example.com");
    let handshake = person.begin_login().await;
    person.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    let reset = json!({"auth_id": "ada@example.com"});
    app.anonymous().post("/api/auth/srp/password/reset", reset).await.expect_status(200).done();
    app.settle().await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM password_resets").await, 0);
});

with_issuer!(a_disabled_account_stays_shut, async |app, issuer| {
    sign_in(app, issuer, ada()).await.expect_status(200).done();
    app.command(&["user", "disable", "ada@example.com"]).await;
    sign_in(app, issuer, ada()).await.expect_problem(403, "account_disabled").done();
});

fn closed(issuer: &Issuer) -> Setup {
    issuer.setup(NAME, trusting()).with("registration_enabled", "false")
}

with_issuer!(a_closed_server_makes_no_account_and_lets_those_in_who_have_one, closed, async |app, issuer| {
    sign_in(app, issuer, ada()).await.expect_problem(403, "registration_disabled").done();
    nothing_is_left(app).await;
});

with_issuer!(of_two_first_sign_ins_at_once_one_makes_the_account, async |app, issuer| {
    let (first, second) = (code(app, issuer, ada()).await, code(app, issuer, ada()).await);
    let (one, other) = tokio::join!(exchange(app, &first), exchange(app, &second));
    assert!([&one, &other].iter().any(|answer| answer.status == 200), "{} {}", one.text(), other.text());
    assert_eq!((accounts(app).await, identities(app).await), (1, 1));
});
