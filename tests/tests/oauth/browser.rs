//! What the sentences of this folder share: a browser that goes to a provider and comes back, and a client with its verifier.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tacit_shared::encoding::to_base64url;
use tacit_tests::{Answer, App, Client, Issuer};

/// A verifier as a client makes one.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The name the issuer has in most sentences.
pub(super) const NAME: &str = "acme";

/// A sentence about one provider, which the setting-up is told of; on both engines.
macro_rules! with_issuer {
    ($name:ident, async |$app:ident, $issuer:ident| $body:block) => {
        $crate::oauth::browser::with_issuer!(
            $name,
            |it: &tacit_tests::Issuer| it.setup($crate::oauth::browser::NAME, $crate::oauth::browser::trusting()),
            async |$app, $issuer| $body
        );
    };
    ($name:ident, $setup:expr, async |$app:ident, $issuer:ident| $body:block) => {
        mod $name {
            use super::*;

            async fn sentence($app: &tacit_tests::App, $issuer: &tacit_tests::Issuer) $body

            async fn on(engine: tacit_tests::Engine) {
                let issuer = tacit_tests::Issuer::start().await;
                let setup = ($setup)(&issuer);
                tacit_tests::run(engine, setup, async |app: &tacit_tests::App| sentence(app, &issuer).await).await;
            }

            #[tokio::test]
            async fn sqlite() {
                on(tacit_tests::Engine::Sqlite).await;
            }

            #[tokio::test]
            async fn postgres() {
                on(tacit_tests::Engine::Postgres).await;
            }
        }
    };
}
pub(super) use with_issuer;

/// A provider that speaks for the addresses it names.
pub(super) fn trusting() -> tacit_tests::Setup {
    tacit_tests::Setup::new().with("providers.acme.trust_email", "binding")
}

pub(super) fn challenge(verifier: &str) -> String {
    to_base64url(&Sha256::digest(verifier.as_bytes()))
}

/// A sign-in that is under way.
pub(super) struct Flow {
    pub(super) location: String,
    /// `name=value`, as the browser sends it.
    pub(super) cookie: String,
}

impl Flow {
    pub(super) fn of(answer: &Answer) -> Self {
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { location: answer.header("location"), cookie }
    }
}

/// The address at which a client begins.
pub(super) fn start(provider: &str) -> String {
    format!("/v1/oauth/{provider}/authorize?code_challenge={}", challenge(VERIFIER))
}

fn browser(app: &App) -> Client {
    app.anonymous().with("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
}

pub(super) async fn navigate(app: &App, path: &str) -> Answer {
    browser(app).get(path).await
}

pub(super) async fn begin(app: &App, path: &str) -> Flow {
    Flow::of(&navigate(app, path).await.expect_status(307))
}

/// Comes back with this cookie; the answer as JSON.
pub(super) async fn come_back(app: &App, path: &str, cookie: &str) -> Answer {
    app.anonymous().with("accept", "application/json").with("cookie", cookie).get(path).await
}

/// From the beginning to the callback's answer.
pub(super) async fn visit(app: &App, issuer: &Issuer, claims: Value) -> Answer {
    let flow = begin(app, &start(NAME)).await;
    come_back(app, &issuer.approve(&flow.location, claims), &flow.cookie).await
}

/// From the beginning to a one-time code.
pub(super) async fn code(app: &App, issuer: &Issuer, claims: Value) -> String {
    visit(app, issuer, claims).await.expect_status(200).string("/code")
}

pub(super) async fn exchange(app: &App, code: &str) -> Answer {
    let body = json!({"code": code, "code_verifier": VERIFIER});
    app.anonymous().post("/v1/oauth/exchange", body).await
}

/// The whole way.
pub(super) async fn sign_in(app: &App, issuer: &Issuer, claims: Value) -> Answer {
    let code = code(app, issuer, claims).await;
    exchange(app, &code).await
}

/// Somebody whose address their provider vouches for.
pub(super) fn ada() -> Value {
    json!({"sub": "ada", "email": "ada@example.com", "email_verified": true, "name": "Ada"})
}

/// A caller with the access token of an answer.
pub(super) fn caller(app: &App, answer: &Answer) -> Client {
    let pointer =
        if answer.json().get("session").is_some() { "/session/tokens/access_token" } else { "/tokens/access_token" };
    app.anonymous().bearer(&answer.string(pointer))
}

/// A visit of somebody who is signed in, up to its one-time code.
pub(super) async fn visit_for(app: &App, issuer: &Issuer, caller: &Client, purpose: &str, claims: Value) -> Answer {
    let body = json!({"provider": NAME, "purpose": purpose, "code_challenge": challenge(VERIFIER)});
    let url = caller.post("/v1/identities/visits", body).await.expect_status(201).string("/url");
    let flow = begin(app, url.strip_prefix("http://localhost:8080").unwrap()).await;
    come_back(app, &issuer.approve(&flow.location, claims), &flow.cookie).await
}

/// Steps the session up by the provider.
pub(super) async fn step_up(app: &App, issuer: &Issuer, caller: &Client, claims: Value) -> Answer {
    let code = visit_for(app, issuer, caller, "step_up", claims).await.expect_status(200).string("/code");
    caller.post("/v1/identities/step-up", json!({"code": code, "code_verifier": VERIFIER})).await
}

/// Nothing was made: no account, no session, no identity.
pub(super) async fn nothing_is_left(app: &App) {
    for table in ["accounts", "sessions", "identities", "audit_events"] {
        assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}
