//! Ways in by a provider, and the address that an account moves to or is moved back to.

use serde_json::{Value, json};
use tacit_tests::{App, Client, Issuer, Setup};

use super::browser::*;

const USERS: &str = "/api/auth/users/";
const CONFIRM: &str = "/api/auth/users/email/confirm";
const UNDO: &str = "/api/auth/users/email/undo";
const OWNER: &str = "owner@example.com";
const THIEF: &str = "thief@example.com";

/// Somebody at the provider who has this address there.
fn claims(sub: &str, email: &str) -> Value {
    json!({"sub": sub, "email": email, "email_verified": true})
}

async fn linked(app: &App, issuer: &Issuer, caller: &Client, claims: Value) {
    let code = visit_for(app, issuer, caller, "link", claims).await.expect_status(200).string("/code");
    let body = json!({"code": code, "code_verifier": VERIFIER});
    caller.post("/v1/identities", body).await.expect_status(201).done();
}

/// Moves the account to another address, which answers.
async fn moved(app: &App, caller: &Client, email: &str) {
    caller.put(USERS, json!({"email": email})).await.expect_status(205).done();
    let token = app.mail_to(email).await.link_secret();
    app.anonymous().post(CONFIRM, json!({"token": token})).await.expect_status(200).done();
}

async fn undone(app: &App) {
    let token = app.mail_to(OWNER).await.link_secret();
    app.anonymous().post(UNDO, json!({"token": token})).await.expect_status(200).done();
}

async fn stepped_up(app: &App) -> Client {
    let person = app.registered(OWNER).await;
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    user.client
}

async fn subjects(app: &App) -> Vec<String> {
    app.database.texts("SELECT subject FROM identities ORDER BY subject").await
}

with_issuer!(a_thief_who_moved_the_address_and_linked_an_identity_is_out_once_that_is_undone, async |app, issuer| {
    let session = stepped_up(app).await;
    linked(app, issuer, &session, claims("owner", "at-work@example.com")).await;
    moved(app, &session, THIEF).await;
    // Whatever the clock says, it came after the move.
    app.clock.set_back(std::time::Duration::from_secs(3));
    linked(app, issuer, &session, claims("thief", "elsewhere@example.com")).await;
    // The provider speaks for the address that the account has meanwhile.
    sign_in(app, issuer, claims("thief-too", THIEF)).await.expect_status(200).done();
    undone(app).await;
    assert_eq!(subjects(app).await, ["owner"]);
});

with_issuer!(
    a_thief_who_has_an_account_made_for_the_old_address_does_not_keep_it_from_its_owner,
    |issuer: &Issuer| issuer.setup(NAME, Setup::new()).with("providers.acme.trust_email", "claim"),
    async |app, issuer| {
        let session = stepped_up(app).await;
        moved(app, &session, THIEF).await;
        let squatter = sign_in(app, issuer, claims("squatter", OWNER)).await.expect_status(200);
        undone(app).await;
        caller(app, &squatter).get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
        assert_eq!(app.database.texts("SELECT email FROM accounts").await, [OWNER]);
        assert_eq!(subjects(app).await, [""; 0]);
    }
);

with_issuer!(
    an_address_that_answered_is_proved_whoever_made_the_account,
    |issuer: &Issuer| issuer.setup(NAME, Setup::new()).with("providers.acme.trust_email", "claim"),
    async |app, issuer| {
        let signed_in = sign_in(app, issuer, claims("eve", OWNER)).await.expect_status(200);
        let session = caller(app, &signed_in);
        step_up(app, issuer, &session, claims("eve", OWNER)).await.expect_status(200).done();
        moved(app, &session, "eve@example.com").await;
        let me = session.get("/v1/auth/me").await.expect_status(200);
        assert_eq!(me.member("/user/is_email_verified"), true);
        // Nobody had proved the address before: nobody may take it back.
        assert!(app.inbox(OWNER).await.is_empty());
    }
);
