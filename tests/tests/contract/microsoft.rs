//! Sign-in with Microsoft.

use serde_json::{Value, json};
use tacit_tests::{Answer, App, Client, Issuer, Setup, both_engines};

use super::support::{cut_off, flood, form, hasty, long, post};
use super::{Row, conforms};

const MICROSOFT: &str = "/api/auth/oauth/microsoft/login";
const MICROSOFT_BACK: &str = "/api/auth/oauth/microsoft/callback";
const MOBILE: &str = "/api/auth/oauth/microsoft/mobile";
const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "msauth.example://auth";

contract! {
    begin_microsoft_login {
        307 a_browser [away()] => |app| app.anonymous().get(MICROSOFT).await;
        400 a_challenge_that_is_none [away()] => |app| {
            app.anonymous().get(&format!("{MICROSOFT}?code_challenge=x")).await
        };
        404 a_server_without_microsoft [Setup::new()] => |app| app.anonymous().get(MICROSOFT).await;
        429 a_second_login_where_one_is_allowed [away().with("limits.client_logins", "1")] => |app| {
            app.anonymous().get(MICROSOFT).await;
            app.anonymous().get(MICROSOFT).await
        };
        500 a_provider_that_is_away [unheard_of()] => |app| app.anonymous().get(MICROSOFT).await;
        503 a_database_out_of_reach [away()] on Postgres => |app| {
            cut_off(app, app.anonymous().get(MICROSOFT)).await
        };
    }
    finish_microsoft_login {
        200 a_person_who_is_known_there [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            come_back(client, issuer, vouched_for()).await
        }).await;
        400 no_cookie [away()] => |app| {
            let state = state_of(&app.anonymous().get(MICROSOFT).await);
            app.anonymous().get(&format!("{MICROSOFT_BACK}?code=x&state={state}")).await
        };
        400 no_cookie_in_a_browser [away()] => |app| {
            let state = state_of(&app.anonymous().get(MICROSOFT).await);
            app.anonymous().with("accept", "text/html").get(&format!("{MICROSOFT_BACK}?code=x&state={state}")).await
        };
        400 no_state [away()] => |app| app.anonymous().get(&format!("{MICROSOFT_BACK}?code=x")).await;
        401 a_forged_state [away()] => |app| app.anonymous().get(&format!("{MICROSOFT_BACK}?code=x&state=y")).await;
        403 an_address_nobody_vouches_for [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            come_back(client, issuer, json!({ "email": "ada@example.com" })).await
        }).await;
        404 a_server_without_microsoft [Setup::new()] => |app| {
            app.anonymous().get(&format!("{MICROSOFT_BACK}?code=x&state=y")).await
        };
        409 an_administrators_address [Setup::new()] => |app| {
            app.admin("ada@example.com").await;
            at_microsoft(app, async |client, issuer| come_back(client, issuer, vouched_for()).await).await
        };
        429 a_flood [hasty()] => |app| {
            flood(async || app.anonymous().get(&format!("{MICROSOFT_BACK}?state=y")).await).await
        };
        500 a_code_that_microsoft_does_not_take [Setup::new()] => |app| at_microsoft(app, async |client, _| {
            let begun = client.get(MICROSOFT).await;
            let path = format!("{MICROSOFT_BACK}?code=x&state={}", state_of(&begun));
            client.with("cookie", begun.header("set-cookie").split(';').next().unwrap()).get(&path).await
        }).await;
        503 a_database_out_of_reach [away()] on Postgres => |app| {
            let begun = app.anonymous().get(MICROSOFT).await;
            let path = format!("{MICROSOFT_BACK}?code=x&state={}", state_of(&begun));
            let client = app.anonymous().with("cookie", begun.header("set-cookie").split(';').next().unwrap());
            cut_off(app, client.get(&path)).await
        };
    }
    exchange_microsoft_code {
        201 a_person_who_is_known_there [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            mobile(client, issuer, vouched_for()).await
        }).await;
        400 no_verifier [away()] => |app| post(app, MOBILE, json!({ "code": "x" })).await;
        403 an_address_nobody_vouches_for [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            mobile(client, issuer, json!({ "email": "ada@example.com" })).await
        }).await;
        404 a_server_without_microsoft [Setup::new()] => |app| post(app, MOBILE, mobile_body("x")).await;
        409 an_administrators_address [Setup::new()] => |app| {
            app.admin("ada@example.com").await;
            at_microsoft(app, async |client, issuer| mobile(client, issuer, vouched_for()).await).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(MOBILE).await;
        413 a_long_body [Setup::new()] => |app| post(app, MOBILE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, MOBILE).await;
        429 a_flood [hasty()] => |app| flood(async || post(app, MOBILE, json!({})).await).await;
        500 a_code_that_microsoft_does_not_take [Setup::new()] => |app| at_microsoft(app, async |client, _| {
            client.post(MOBILE, mobile_body("x")).await
        }).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| at_microsoft(app, async |client, issuer| {
            cut_off(app, mobile(client, issuer, vouched_for())).await
        }).await;
    }
}

/// A Microsoft that answers nothing, and need not for what is asked.
fn away() -> Setup {
    unheard_of()
        .with("providers.microsoft.authorization_endpoint", "http://127.0.0.1:9/authorize")
        .with("providers.microsoft.token_endpoint", "http://127.0.0.1:9/token")
        .with("providers.microsoft.mobile_redirect_uris", REDIRECT)
}

/// One whose metadata cannot be had.
fn unheard_of() -> Setup {
    Setup::new()
        .with("providers.microsoft.issuer", "http://127.0.0.1:9/{tenantid}")
        .with("providers.microsoft.metadata", "http://127.0.0.1:9/metadata")
        .with("providers.microsoft.client_id", "tacit")
}

/// Does something at a node of its own that knows a Microsoft of the tests' own.
async fn at_microsoft(app: &App, work: impl AsyncFnOnce(&Client, &Issuer) -> Answer) -> Answer {
    let issuer = Issuer::start().await;
    issuer.publish(json!({ "issuer": format!("{}/{{tenantid}}", issuer.url) }));
    let setup = issuer
        .setup("microsoft", Setup::new())
        .with("providers.microsoft.issuer", &format!("{}/{{tenantid}}", issuer.url))
        .with("providers.microsoft.metadata", &format!("{}/.well-known/openid-configuration", issuer.url))
        .with("providers.microsoft.mobile_redirect_uris", REDIRECT);
    let node = app.node_with(&setup).await;
    let answer = work(&app.client_of(&node), &issuer).await;
    node.stop().await;
    answer
}

fn vouched_for() -> Value {
    json!({ "email": "ada@example.com", "xms_edov": true })
}

/// What Microsoft says of a person, whatever else it does.
fn said(issuer: &Issuer, mut claims: Value) -> Value {
    claims["iss"] = json!(format!("{}/{TENANT}", issuer.url));
    claims["tid"] = json!(TENANT);
    claims["oid"] = json!("00000000-0000-4000-8000-000000000001");
    claims["sub"] = json!("ada");
    claims
}

async fn come_back(client: &Client, issuer: &Issuer, claims: Value) -> Answer {
    let begun = client.get(MICROSOFT).await;
    let back = issuer.approve(&begun.header("location"), said(issuer, claims));
    client.with("cookie", begun.header("set-cookie").split(';').next().unwrap()).get(&back).await
}

async fn mobile(client: &Client, issuer: &Issuer, claims: Value) -> Answer {
    let code = issuer.code(tacit_tests::issuer::CLIENT_ID, REDIRECT, VERIFIER, None, said(issuer, claims));
    client.post(MOBILE, mobile_body(&code)).await
}

fn mobile_body(code: &str) -> Value {
    json!({ "code": code, "code_verifier": VERIFIER })
}

fn state_of(begun: &Answer) -> String {
    let location = begun.header("location");
    location.split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}
