//! One login over one connection, and what else is asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tacit_shared::encoding::to_hex;
use tacit_shared::srp::client::Ephemeral;
use tacit_shared::srp::{Identity, Proof, PublicValue, Salt};
use tacit_shared::{confirm, preset};
use tacit_tests::{OsEntropy, Wire};

use crate::fill::{anybody, anywhere};
use crate::srp::{Cheap, PRIVATE_KEY};

/// Of so many logins one is made by the real client, which checks all of the answer.
const CHECKED: u32 = 64;
/// How long whoever is told that the server is busy waits.
const BUSY: Duration = Duration::from_millis(20);

/// Somebody who logs in again and again, each time as somebody else.
pub(crate) struct Client {
    wire: Wire,
    base: String,
    cheap: Arc<Cheap>,
    preset: u16,
    accounts: u32,
    logins: u32,
    /// Answers of "busy" so far.
    pub(crate) refused: u32,
}

/// How long the parts of a login took.
pub(crate) struct Times {
    pub(crate) challenge: Duration,
    pub(crate) proof: Duration,
}

impl Client {
    pub(crate) async fn new(base: &str, preset: u16, accounts: u32) -> Self {
        let group = preset::find(preset).expect("a preset of the table").group;
        let cheap = Arc::new(Cheap::new(group));
        let wire = Wire::to(base).await;
        Self { wire, base: base.to_owned(), cheap, preset, accounts, logins: 0, refused: 0 }
    }

    /// Step one alone.
    pub(crate) async fn begin(&mut self) -> Value {
        let body = json!({ "auth_id": anybody(self.accounts) });
        self.post("/api/auth/srp/login/email", &body).await
    }

    /// A whole login, checked; its access token and its parts.
    pub(crate) async fn log_in(&mut self) -> (String, Times) {
        self.logins += 1;
        let begun = Instant::now();
        let body = json!({ "auth_id": anybody(self.accounts) });
        let challenge = self.post("/api/auth/srp/login/email", &body).await;
        let answered = begun.elapsed();
        assert_eq!(challenge["preset"], json!(self.preset), "an account of another group");
        let (answer, proof) = if self.logins % CHECKED == 1 {
            self.prove_and_check(&challenge).await
        } else {
            self.prove(&challenge).await
        };
        let Some(Value::String(token)) = answer.pointer("/tokens/access_token").cloned() else {
            panic!("no session: {answer}")
        };
        (token, Times { challenge: answered, proof })
    }

    async fn prove(&mut self, challenge: &Value) -> (Value, Duration) {
        let group = preset::find(self.preset).unwrap().group;
        let server = PublicValue::parse_hex(group, text(challenge, "B")).unwrap();
        let salt = Salt::parse(text(challenge, "salt")).unwrap();
        let shown = self.cheap.prove(text(challenge, "identity"), salt.as_bytes(), &server);
        let (handshake, a) = (text(challenge, "handshake"), &self.cheap.public_hex);
        let body = json!({ "handshake": handshake, "A": a, "M1": shown.proof });
        let begun = Instant::now();
        let answer = self.post("/api/auth/srp/login/proof", &body).await;
        let took = begun.elapsed();
        assert_eq!(text(&answer, "M2"), shown.expected, "the server did not prove itself");
        (answer, took)
    }

    /// The same by the client that ships, which checks `confirm` as well.
    async fn prove_and_check(&mut self, challenge: &Value) -> (Value, Duration) {
        let group = preset::find(self.preset).unwrap().group;
        let server = PublicValue::parse_hex(group, text(challenge, "B")).unwrap();
        let identity = Identity::parse(text(challenge, "identity")).unwrap();
        let salt = Salt::parse(text(challenge, "salt")).unwrap();
        let proof = Ephemeral::new(group, &OsEntropy).prove(&identity, &salt, &PRIVATE_KEY, &server).unwrap();
        let handshake = text(challenge, "handshake");
        let body = json!({ "handshake": handshake, "A": proof.public.to_hex(), "M1": proof.proof.to_hex() });
        let begun = Instant::now();
        let answer = self.post("/api/auth/srp/login/proof", &body).await;
        let took = begun.elapsed();
        let m2 = Proof::parse(text(&answer, "M2")).unwrap();
        assert!(proof.server_proved(&m2), "the server did not prove itself");
        let tokens = &answer["tokens"];
        let session = confirm::Session {
            user_id: text(&answer, "user_id"),
            session_id: text(&answer, "session_id"),
            access_token: text(tokens, "access_token"),
            refresh_token: Some(text(tokens, "refresh_token")),
            token_type: text(tokens, "token_type"),
            expires_in: tokens["expires_in"].as_u64().unwrap(),
            device_token: None,
        };
        let confirmed = to_hex(&confirm::compute(&proof.key, &session));
        assert_eq!(text(&answer, "confirm"), confirmed, "confirm does not cover the answer");
        (answer, took)
    }

    /// Asks whether a session is alive.
    pub(crate) async fn verify(&mut self, token: &str) {
        let head = format!("Host: localhost\r\nAuthorization: Bearer {token}\r\nX-Forwarded-For: {}\r\n", anywhere());
        let request = format!("POST /api/auth/sessions/verify HTTP/1.1\r\n{head}Content-Length: 0\r\n\r\n");
        let (status, _) = self.wire.ask(request.as_bytes()).await.expect("an answer");
        assert_eq!(status, 204, "the session is not alive");
    }

    /// Posts until the server is not busy.
    async fn post(&mut self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let head = format!("Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        loop {
            // From somebody else each time: no client asks so often.
            let request = format!("POST {path} HTTP/1.1\r\n{head}X-Forwarded-For: {}\r\n\r\n{body}", anywhere());
            match self.wire.ask(request.as_bytes()).await {
                Some((200, answer)) => return serde_json::from_slice(&answer).unwrap(),
                Some((503, _)) => self.refused += 1,
                Some((status, answer)) => panic!("{path}: {status} {}", String::from_utf8_lossy(&answer)),
                None => self.wire = Wire::to(&self.base).await,
            }
            tokio::time::sleep(BUSY).await;
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}
