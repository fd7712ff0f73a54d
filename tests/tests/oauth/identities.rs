//! `/v1/identities`: the ways in to an account, and a first password.

use serde_json::json;
use tacit_tests::{App, Client, NewCredential, Person, Setup, User};

use super::browser::*;

const IDENTITIES: &str = "/v1/identities";

async fn link(
    app: &App,
    issuer: &tacit_tests::Issuer,
    caller: &Client,
    claims: serde_json::Value,
) -> tacit_tests::Answer {
    let code = visit_for(app, issuer, caller, "link", claims).await.expect_status(200).string("/code");
    caller.post(IDENTITIES, json!({"code": code, "code_verifier": VERIFIER})).await
}

async fn stepped_up(app: &App, email: &str) -> (Person, User) {
    let person = app.registered(email).await;
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    (person, user)
}

/// A provider that says nothing of addresses, so that nothing links by itself.
fn quiet(issuer: &tacit_tests::Issuer) -> Setup {
    issuer.setup(NAME, Setup::new())
}

with_issuer!(who_proved_the_password_links_and_then_signs_in_by_the_provider, quiet, async |app, issuer| {
    let (_, user) = stepped_up(app, "ada@example.com").await;
    let linked = link(app, issuer, &user.client, ada()).await.expect_status(201);
    assert_eq!((linked.string("/provider"), linked.string("/email")), (NAME.to_owned(), "ada@example.com".to_owned()));
    let listed = user.client.get(IDENTITIES).await.expect_status(200);
    assert_eq!(
        (&listed.member("/identities/0/id"), listed.member("/has_password")),
        (&linked.member("/id"), json!(true))
    );
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    assert_eq!(signed_in.string("/user_id"), user.id);
    assert!(app.mail_to("ada@example.com").await.subject.contains("ways to log in"));
});

with_issuer!(linking_asks_for_a_step_up_at_both_ends, quiet, async |app, issuer| {
    let person = app.registered("ada@example.com").await;
    let user = person.log_in().await;
    let body = json!({"provider": NAME, "purpose": "link", "code_challenge": challenge(VERIFIER)});
    user.client.post("/v1/identities/visits", body.clone()).await.expect_problem(403, "step_up_required").done();
    user.step_up(&person).await.expect_status(200).done();
    let code = visit_for(app, issuer, &user.client, "link", ada()).await.expect_status(200).string("/code");
    app.database.execute("UPDATE sessions SET stepped_up_at = NULL").await;
    let body = json!({"code": code, "code_verifier": VERIFIER});
    user.client.post(IDENTITIES, body).await.expect_problem(403, "step_up_required").done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM identities").await, 0);
});

with_issuer!(a_visit_counts_for_the_session_that_asked_and_for_its_purpose_only, quiet, async |app, issuer| {
    let (_, ada_in) = stepped_up(app, "ada@example.com").await;
    let (eve, eve_in) = stepped_up(app, "eve@example.com").await;
    let other_session = eve.log_in().await;
    other_session.step_up(&eve).await.expect_status(200).done();
    // Eve sends Ada's browser on a visit that Eve began: what comes of it is no use to anybody but that session of Eve's.
    let code = visit_for(app, issuer, &eve_in.client, "link", ada()).await.expect_status(200).string("/code");
    let body = json!({"code": code, "code_verifier": VERIFIER});
    for caller in [&ada_in.client, &other_session.client] {
        caller.post(IDENTITIES, body.clone()).await.expect_problem(401, "oauth_code_invalid").done();
    }
    eve_in.client.post("/v1/identities/step-up", body.clone()).await.expect_problem(401, "oauth_code_invalid").done();
    exchange(app, &code).await.expect_problem(401, "oauth_code_invalid").done();
    let signing_in = code_of_a_sign_in(app, issuer).await;
    let body = json!({"code": signing_in, "code_verifier": VERIFIER});
    ada_in.client.post(IDENTITIES, body).await.expect_problem(401, "oauth_code_invalid").done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM identities").await, 0);
});

async fn code_of_a_sign_in(app: &App, issuer: &tacit_tests::Issuer) -> String {
    code(app, issuer, ada()).await
}

with_issuer!(an_identity_opens_one_account, quiet, async |app, issuer| {
    let (_, first) = stepped_up(app, "ada@example.com").await;
    let (_, second) = stepped_up(app, "eve@example.com").await;
    link(app, issuer, &first.client, ada()).await.expect_status(201).done();
    for user in [&first, &second] {
        link(app, issuer, &user.client, ada()).await.expect_problem(409, "identity_taken").done();
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM identities").await, 1);
});

with_issuer!(a_link_code_serves_once, quiet, async |app, issuer| {
    let (_, user) = stepped_up(app, "ada@example.com").await;
    let code = visit_for(app, issuer, &user.client, "link", ada()).await.expect_status(200).string("/code");
    let body = json!({"code": code, "code_verifier": VERIFIER});
    let linked = user.client.post(IDENTITIES, body.clone()).await.expect_status(201);
    user.client.delete(&format!("{IDENTITIES}/{}", linked.string("/id"))).await.expect_status(204).done();
    user.client.post(IDENTITIES, body).await.expect_problem(401, "oauth_code_invalid").done();
});

with_issuer!(unlinking_ends_the_providers_sessions_and_its_way_in, async |app, issuer| {
    let (_, user) = stepped_up(app, "ada@example.com").await;
    let other = sign_in(app, issuer, ada()).await.expect_status(200);
    let listed = user.client.get(IDENTITIES).await.expect_status(200);
    let path = format!("{IDENTITIES}/{}", listed.string("/identities/0/id"));
    caller(app, &other).delete(&path).await.expect_problem(403, "step_up_required").done();
    user.client.delete(&path).await.expect_status(204).done();
    user.client.delete(&path).await.expect_problem(404, "identity_unknown").done();
    caller(app, &other).get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
    assert_eq!(user.client.get(IDENTITIES).await.member("/identities"), json!([]));
});

with_issuer!(another_persons_identity_is_unknown, async |app, issuer| {
    let theirs = sign_in(app, issuer, ada()).await.expect_status(200);
    let id = caller(app, &theirs).get(IDENTITIES).await.string("/identities/0/id");
    let (_, user) = stepped_up(app, "eve@example.com").await;
    user.client.delete(&format!("{IDENTITIES}/{id}")).await.expect_problem(404, "identity_unknown").done();
    caller(app, &theirs).get("/v1/auth/me").await.expect_status(200).done();
});

with_issuer!(the_last_way_in_stays, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let client = caller(app, &signed_in);
    step_up(app, issuer, &client, ada()).await.expect_status(200).done();
    let path = format!("{IDENTITIES}/{}", client.get(IDENTITIES).await.string("/identities/0/id"));
    client.delete(&path).await.expect_problem(409, "last_way_in").done();
    sign_in(app, issuer, ada()).await.expect_status(200).done();
});

with_issuer!(a_social_account_sets_a_password_after_a_step_up_by_its_provider, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let client = caller(app, &signed_in);
    let person = app.stranger("ada@example.com");
    let body = json!({"credential": person.credential.json()});
    client.post("/api/auth/srp/password/set", body.clone()).await.expect_problem(403, "step_up_required").done();
    client.post_nothing("/api/auth/srp/step-up/initiate").await.expect_problem(409, "password_missing").done();
    let stepped = step_up(app, issuer, &client, ada()).await.expect_status(200);
    assert_eq!(stepped.member("/expires_in"), 600);
    client.post("/api/auth/srp/password/set", body).await.expect_status(204).done();
    assert!(app.mail_to("ada@example.com").await.subject.contains("password"));
    let user = person.log_in().await;
    assert_eq!(user.id, signed_in.string("/user_id"));
    let again = json!({"credential": NewCredential::of("another password").json()});
    client.post("/api/auth/srp/password/set", again).await.expect_problem(409, "password_exists").done();
    // Now the identity is not the last way in any more.
    let path = format!("{IDENTITIES}/{}", client.get(IDENTITIES).await.string("/identities/0/id"));
    client.delete(&path).await.expect_status(204).done();
    person.log_in().await;
});

with_issuer!(a_step_up_asks_the_provider_anew_and_believes_no_old_proof, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let client = caller(app, &signed_in);
    let body = json!({"provider": NAME, "purpose": "step_up", "code_challenge": challenge(VERIFIER)});
    let url = client.post("/v1/identities/visits", body).await.expect_status(201).string("/url");
    let flow = begin(app, url.strip_prefix("http://localhost:8080").unwrap()).await;
    assert!(flow.location.contains("&max_age=0&prompt=login"));
    let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
    for old in [json!(now - 3600), json!(null), json!("now"), json!(now + 3600)] {
        let mut claims = ada();
        claims["auth_time"] = old;
        let answer = visit_for(app, issuer, &client, "step_up", claims).await;
        answer.expect_problem(500, "provider_token_invalid").done();
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions WHERE stepped_up_at IS NOT NULL").await, 0);
});

with_issuer!(a_step_up_by_somebody_else_is_none_and_is_recorded, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let client = caller(app, &signed_in);
    let other = json!({"sub": "eve", "email": "ada@example.com", "email_verified": true});
    let code = visit_for(app, issuer, &client, "step_up", other).await.expect_status(200).string("/code");
    let body = json!({"code": code, "code_verifier": VERIFIER});
    client.post("/v1/identities/step-up", body.clone()).await.expect_problem(404, "identity_unknown").done();
    client.post("/v1/identities/step-up", body).await.expect_problem(401, "oauth_code_invalid").done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions WHERE stepped_up_at IS NOT NULL").await, 0);
    let failed = "SELECT COUNT(*) FROM audit_events WHERE event_type = 'step_up' AND result = 'failure'";
    assert_eq!(app.database.number(failed).await, 1);
});

fn without_step_up(issuer: &tacit_tests::Issuer) -> Setup {
    issuer.setup(NAME, trusting()).with("providers.acme.step_up", "none")
}

with_issuer!(a_provider_that_cannot_be_asked_anew_steps_nobody_up, without_step_up, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let body = json!({"provider": NAME, "purpose": "step_up", "code_challenge": challenge(VERIFIER)});
    let answer = caller(app, &signed_in).post("/v1/identities/visits", body).await;
    answer.expect_problem(400, "step_up_unavailable").done();
});

with_issuer!(a_visit_begins_within_two_minutes_and_at_its_own_provider, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let body = json!({"provider": NAME, "purpose": "step_up", "code_challenge": challenge(VERIFIER)});
    let client = caller(app, &signed_in);
    let url = client.post("/v1/identities/visits", body).await.expect_status(201).string("/url");
    let path = url.strip_prefix("http://localhost:8080").unwrap();
    app.clock.advance(std::time::Duration::from_secs(121));
    navigate(app, path).await.expect_problem(401, "oauth_state_invalid").done();
});

with_issuer!(an_export_and_a_deletion_have_the_identities_in_them, async |app, issuer| {
    let signed_in = sign_in(app, issuer, ada()).await.expect_status(200);
    let client = caller(app, &signed_in);
    let file = client.get("/api/auth/users/export").await.expect_status(200);
    assert_eq!(file.string("/identities/0/subject"), "ada");
    assert_eq!(
        (file.string("/identities/0/issuer"), file.string("/sessions/0/provider")),
        (issuer.url.clone(), NAME.into())
    );
    step_up(app, issuer, &client, ada()).await.expect_status(200).done();
    client.delete("/api/auth/users/").await.expect_status(204).done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM identities").await, 0);
    // The identity is free for an account of its own.
    assert_eq!(sign_in(app, issuer, ada()).await.expect_status(200).member("/created"), true);
});
