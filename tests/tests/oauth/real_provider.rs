//! The whole way with a provider that is real: npm's `oidc-provider`, its login and consent pages filled in as a browser
//! fills them in.

use std::process::Stdio;

use reqwest::redirect::Policy;
use serde_json::json;
use tacit_tests::issuer::{CLIENT_ID, CLIENT_SECRET};
use tacit_tests::{App, Engine, Setup};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use super::browser::*;

const CALLBACK: &str = "http://localhost:8080/v1/oauth/acme/callback";

/// Starts the provider; it ends with the child.
async fn start() -> (Child, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/providers/oidc.mjs");
    let mut command = Command::new("node");
    command.args([script, CALLBACK, CLIENT_SECRET]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.kill_on_drop(true).spawn().expect("node is there: scripts/setup.sh test");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // What it says before its address is a warning of its own.
    loop {
        let line = lines.next_line().await.unwrap().expect("the provider starts: scripts/setup.sh test");
        if line.starts_with("http://") {
            // It warns later, too, and would end where nobody listens.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, line);
        }
    }
}

/// What stands between these two in a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> Option<&'a str> {
    page.split_once(before)?.1.split(after).next()
}

/// Fills in the provider's pages until it sends the browser back to us.
async fn log_in(location: &str, name: &str) -> String {
    let browser = reqwest::Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
    let mut url = Url::parse(location).unwrap();
    let mut prompts = Vec::new();
    while !url.as_str().starts_with(CALLBACK) {
        let mut answer = browser.get(url.clone()).send().await.unwrap();
        if !answer.headers().contains_key("location") {
            let page = answer.text().await.unwrap();
            let action = between(&page, "action=\"", "\"").unwrap_or_else(|| panic!("no form in {page}"));
            let prompt = between(&page, "name=\"prompt\" value=\"", "\"").unwrap().to_owned();
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("prompt", &prompt).append_pair("login", name).append_pair("password", "any");
            let posted = browser.post(url.join(action).unwrap());
            let posted = posted.header("content-type", "application/x-www-form-urlencoded").body(form.finish());
            answer = posted.send().await.unwrap();
            prompts.push(prompt);
        }
        url = url.join(answer.headers()["location"].to_str().unwrap()).unwrap();
    }
    assert_eq!(prompts, ["login", "consent"]);
    format!("{}?{}", url.path(), url.query().unwrap())
}

async fn whole_way(engine: Engine) {
    let (_provider, issuer) = start().await;
    let setup = Setup::new()
        .with("providers.acme.issuer", &issuer)
        .with("providers.acme.client_id", CLIENT_ID)
        .with("providers.acme.client_secret", CLIENT_SECRET)
        .with("providers.acme.trust_email", "binding");
    tacit_tests::run(engine, setup, async |app: &App| {
        let flow = begin(app, &start_path()).await;
        let back = log_in(&flow.location, "ada").await;
        let answer = come_back(app, &back, &flow.cookie).await.expect_status(200);
        let signed_in = exchange(app, &answer.string("/code")).await.expect_status(200);
        let me = caller(app, &signed_in).get("/v1/auth/me").await.expect_status(200);
        assert_eq!(me.string("/user/email"), "ada@example.com");
        assert_eq!(me.member("/session/amr"), json!(["fed"]));
    })
    .await;
}

fn start_path() -> String {
    super::browser::start(NAME)
}

mod a_person_signs_in_with_a_real_provider {
    use super::*;

    #[tokio::test]
    async fn sqlite() {
        whole_way(Engine::Sqlite).await;
    }

    #[tokio::test]
    async fn postgres() {
        whole_way(Engine::Postgres).await;
    }
}
