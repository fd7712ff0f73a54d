//! `/api/auth/oauth/microsoft/…`: the same by the dialect of seed 001, and applications of their own.

use serde_json::{Value, json};
use tacit_tests::{Issuer, Setup};

use super::browser::*;

const MOBILE: &str = "/api/auth/oauth/microsoft/mobile";
const REDIRECT: &str = "msauth.example://auth";
const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const OTHER_TENANT: &str = "66666666-7777-4888-9999-000000000000";

/// Microsoft as it is, at another address: each tenant is an issuer of its own.
fn microsoft(issuer: &Issuer) -> Setup {
    issuer
        .setup("microsoft", Setup::new())
        .with("providers.microsoft.issuer", &format!("{}/{{tenantid}}/v2.0", issuer.url))
        .with("providers.microsoft.metadata", &format!("{}/.well-known/openid-configuration", issuer.url))
        .with("providers.microsoft.mobile_client_id", "mobile")
        .with("providers.microsoft.mobile_redirect_uris", REDIRECT)
}

/// The same for one tenant's people only.
fn one_tenant(issuer: &Issuer) -> Setup {
    microsoft(issuer).with("providers.microsoft.tenants", TENANT)
}

fn published(issuer: &Issuer) {
    issuer.publish(json!({"issuer": format!("{}/{{tenantid}}/v2.0", issuer.url)}));
}

fn of(issuer: &Issuer, tenant: &str) -> Value {
    json!({
        "iss": format!("{}/{tenant}/v2.0", issuer.url),
        "tid": tenant,
        "oid": "00000000-0000-4000-8000-000000000001",
        "sub": "another one for each application",
        "email": "ada@example.com",
        "xms_edov": true,
    })
}

async fn mobile(app: &tacit_tests::App, issuer: &Issuer, claims: Value) -> tacit_tests::Answer {
    let code = issuer.code("mobile", REDIRECT, VERIFIER, None, claims);
    app.anonymous().post(MOBILE, json!({"code": code, "code_verifier": VERIFIER})).await
}

with_issuer!(an_application_exchanges_its_code, microsoft, async |app, issuer| {
    published(issuer);
    let signed_in = mobile(app, issuer, of(issuer, TENANT)).await.expect_status(201);
    assert_eq!(signed_in.string("/provider"), "microsoft");
    caller(app, &signed_in).get("/v1/auth/me").await.expect_status(200).done();
});

with_issuer!(the_browsers_way_of_this_dialect_is_the_same, microsoft, async |app, issuer| {
    published(issuer);
    let flow = begin(app, "/api/auth/oauth/microsoft/login").await;
    assert!(
        flow.location
            .contains("redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fapi%2Fauth%2Foauth%2Fmicrosoft%2Fcallback")
    );
    let back = issuer.approve(&flow.location, of(issuer, TENANT));
    // The other dialect's callback is not where it was sent.
    let swapped = back.replace("/api/auth/oauth/", "/v1/oauth/");
    come_back(app, &swapped, &flow.cookie).await.expect_problem(400, "oauth_state_mismatch").done();
    let answer = come_back(app, &back, &flow.cookie).await.expect_status(200);
    assert_eq!(answer.string("/session/provider"), "microsoft");
});

with_issuer!(a_person_is_known_by_tenant_and_object_whatever_the_subject, microsoft, async |app, issuer| {
    published(issuer);
    let first = mobile(app, issuer, of(issuer, TENANT)).await.expect_status(201);
    let mut again = of(issuer, TENANT);
    again["sub"] = json!("a third");
    again["email"] = json!("renamed@example.com");
    assert_eq!(mobile(app, issuer, again).await.expect_status(201).string("/user_id"), first.string("/user_id"));
    // The same object id in another tenant is another person, whatever address their administrator wrote there.
    let mut other = of(issuer, OTHER_TENANT);
    other.as_object_mut().unwrap().remove("xms_edov");
    mobile(app, issuer, other).await.expect_problem(403, "email_unverified").done();
});

with_issuer!(people_of_other_tenants_stay_out_where_tenants_are_named, one_tenant, async |app, issuer| {
    published(issuer);
    mobile(app, issuer, of(issuer, OTHER_TENANT)).await.expect_problem(500, "provider_token_invalid").done();
    let mut forged = of(issuer, OTHER_TENANT);
    forged["tid"] = json!(TENANT);
    mobile(app, issuer, forged).await.expect_problem(500, "provider_token_invalid").done();
    for tenant in ["{tenantid}", "", "common", &TENANT.to_uppercase().replace('1', "A")] {
        mobile(app, issuer, of(issuer, tenant)).await.expect_problem(500, "provider_token_invalid").done();
    }
    nothing_is_left(app).await;
    mobile(app, issuer, of(issuer, TENANT)).await.expect_status(201).done();
});

with_issuer!(
    an_applications_code_is_taken_with_its_verifier_address_and_client_only,
    microsoft,
    async |app, issuer| {
        published(issuer);
        let claims = || of(issuer, TENANT);
        let post = async |body: Value| app.anonymous().post(MOBILE, body).await;
        let other_client = issuer.code("somebody else", REDIRECT, VERIFIER, None, claims());
        post(json!({"code": other_client, "code_verifier": VERIFIER}))
            .await
            .expect_problem(500, "provider_refused")
            .done();
        let code = issuer.code("mobile", REDIRECT, VERIFIER, None, claims());
        let wrong = json!({"code": code, "code_verifier": "x".repeat(43)});
        post(wrong).await.expect_problem(500, "provider_refused").done();
        let code = issuer.code("mobile", REDIRECT, VERIFIER, None, claims());
        let elsewhere = json!({"code": code, "code_verifier": VERIFIER, "redirect_uri": "evil.example://auth"});
        post(elsewhere).await.expect_problem(400, "invalid_request").done();
        post(json!({"code_verifier": VERIFIER})).await.expect_problem(400, "invalid_request").done();
        post(json!({"code": code})).await.expect_problem(400, "invalid_request").done();
        let with_nonce = issuer.code("mobile", REDIRECT, VERIFIER, Some("n-1"), claims());
        let body = json!({"code": with_nonce, "code_verifier": VERIFIER, "nonce": "n-2"});
        post(body).await.expect_problem(500, "provider_token_invalid").done();
        nothing_is_left(app).await;
        let with_nonce = issuer.code("mobile", REDIRECT, VERIFIER, Some("n-1"), claims());
        let body = json!({"code": with_nonce, "code_verifier": VERIFIER, "nonce": "n-1", "redirect_uri": REDIRECT});
        post(body.clone()).await.expect_status(201).done();
        post(body).await.expect_problem(500, "provider_refused").done();
    }
);
