//! A provider of the tests' own, which says what it is told to say: OpenID Connect as far as a code flow needs it, and every
//! fault that no real provider can be made to show.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tacit_shared::encoding::{from_base64url, to_base64url};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use url::{Url, form_urlencoded};

use crate::seams::fresh_name;

/// The client it knows.
pub const CLIENT_ID: &str = "tacit";
/// Its secret, with letters that must be encoded.
pub const CLIENT_SECRET: &str = "a secret: 100% & more";

/// What an endpoint does instead of its work.
#[derive(Clone)]
pub enum Instead {
    /// Answers with this status, media type and body.
    Says(u16, &'static str, Vec<u8>),
    /// Says nothing for ever.
    Hangs,
}

/// How a token is spoilt before, and after, it is signed.
type Spoil = Arc<dyn Fn(&mut Header, &mut Value) + Send + Sync>;
type Replace = Arc<dyn Fn(String) -> String + Send + Sync>;

struct Key {
    id: String,
    signing: EncodingKey,
    jwk: Value,
}

struct Grant {
    client_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    max_age: Option<String>,
    claims: Value,
}

#[derive(Default)]
struct State {
    keys: Vec<Key>,
    codes: HashMap<String, Grant>,
    access: HashMap<String, Value>,
    spoil: Option<Spoil>,
    replace: Option<Replace>,
    user_info: Option<Value>,
    metadata: Option<Value>,
    instead: HashMap<String, Instead>,
    asked: Vec<String>,
}

/// The provider; gone when it is dropped.
pub struct Issuer {
    /// Its address, and its issuer unless it is told another.
    pub url: String,
    state: Arc<Mutex<State>>,
    running: AbortHandle,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Issuer {
    /// Starts it with one key.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let state = Arc::new(Mutex::new(State::default()));
        state.lock().unwrap().keys.push(Key::new("first"));
        let (of_server, base) = (Arc::clone(&state), url.clone());
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&of_server), base.clone()));
            }
        });
        Self { url, state, running: running.abort_handle() }
    }

    /// Settings for a provider of this name; more may follow.
    #[must_use]
    pub fn setup(&self, name: &str, setup: crate::Setup) -> crate::Setup {
        setup
            .with(&format!("providers.{name}.issuer"), &self.url)
            .with(&format!("providers.{name}.client_id"), CLIENT_ID)
            .with(&format!("providers.{name}.client_secret"), CLIENT_SECRET)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A person says yes at the authorization endpoint: the address the browser is sent back to.
    #[must_use]
    pub fn approve(&self, location: &str, claims: Value) -> String {
        let url = Url::parse(location).unwrap();
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = fresh_name();
        let grant = Grant {
            client_id: asked["client_id"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
            challenge: asked["code_challenge"].clone(),
            nonce: asked.get("nonce").cloned(),
            max_age: asked.get("max_age").cloned(),
            claims,
        };
        self.state().codes.insert(code.clone(), grant);
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked["state"]);
        format!("{}?{}", back.path(), back.query().unwrap())
    }

    /// A code as an application gets it for a request of its own.
    #[must_use]
    pub fn code(
        &self,
        client_id: &str,
        redirect_uri: &str,
        verifier: &str,
        nonce: Option<&str>,
        claims: Value,
    ) -> String {
        let code = fresh_name();
        let grant = Grant {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            challenge: to_base64url(&Sha256::digest(verifier.as_bytes())),
            nonce: nonce.map(str::to_owned),
            max_age: None,
            claims,
        };
        self.state().codes.insert(code.clone(), grant);
        code
    }

    /// From now on tokens are changed before they are signed.
    pub fn spoil(&self, spoil: impl Fn(&mut Header, &mut Value) + Send + Sync + 'static) {
        self.state().spoil = Some(Arc::new(spoil));
    }

    /// From now on tokens are replaced after they were signed.
    pub fn replace(&self, replace: impl Fn(String) -> String + Send + Sync + 'static) {
        self.state().replace = Some(Arc::new(replace));
    }

    /// From now on an endpoint does this instead: `/token`, `/jwks`, `/userinfo`, `/.well-known/openid-configuration`.
    pub fn instead(&self, endpoint: &str, instead: Instead) {
        self.state().instead.insert(endpoint.to_owned(), instead);
    }

    /// What the user information says, whoever asks.
    pub fn tell(&self, user_info: Value) {
        self.state().user_info = Some(user_info);
    }

    /// Members that are different in the metadata.
    pub fn publish(&self, members: Value) {
        self.state().metadata = Some(members);
    }

    /// Signs with a new key from now on; the old ones are withdrawn.
    pub fn rotate(&self, id: &str) {
        self.state().keys = vec![Key::new(id)];
    }

    /// Publishes one more key with this id; the first goes on signing.
    pub fn add_key(&self, id: &str) {
        self.state().keys.push(Key::new(id));
    }

    /// The public half of the first key.
    #[must_use]
    pub fn public_key(&self) -> Value {
        self.state().keys[0].jwk.clone()
    }

    /// How often an endpoint was asked.
    #[must_use]
    pub fn asked(&self, endpoint: &str) -> usize {
        self.state().asked.iter().filter(|asked| *asked == endpoint).count()
    }
}

impl Key {
    fn new(id: &str) -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id,
            "x": to_base64url(x), "y": to_base64url(y),
        });
        Self { id: id.to_owned(), signing: EncodingKey::from_ec_der(document.as_ref()), jwk }
    }
}

/// A private key in PEM, as an operator has it, and its public half.
#[must_use]
pub fn client_key() -> (String, Value) {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": to_base64url(x), "y": to_base64url(y)});
    let body = to_base64(document.as_ref());
    (format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"), jwk)
}

fn to_base64(bytes: &[u8]) -> String {
    let text = to_base64url(bytes).replace('-', "+").replace('_', "/");
    let padding = (4 - text.len() % 4) % 4;
    format!("{text}{}", "=".repeat(padding))
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>, base: String) {
    let Some((head, body)) = read(&mut stream).await else { return };
    let path = head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
    let instead = {
        let mut state = state.lock().unwrap();
        state.asked.push(path.clone());
        state.instead.get(&path).cloned()
    };
    let (status, media, answer) = match instead {
        Some(Instead::Hangs) => return std::future::pending().await,
        Some(Instead::Says(status, media, body)) => (status, media, body),
        None => {
            let (status, answer) = state.lock().unwrap().answer(&path, &head, &body, &base);
            (status, "application/json", answer.to_string().into_bytes())
        }
    };
    let head = format!(
        "HTTP/1.1 {status} It\r\ncontent-type: {media}\r\ncontent-length: {}\r\nconnection: close\r\nlocation: {base}/elsewhere\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).await.ok();
    stream.write_all(&answer).await.ok();
    stream.shutdown().await.ok();
}

async fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut said = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&said).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => said.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

impl State {
    fn answer(&mut self, path: &str, head: &str, body: &str, base: &str) -> (u16, Value) {
        match path {
            "/.well-known/openid-configuration" => (200, self.published(base)),
            "/jwks" => (200, json!({ "keys": self.keys.iter().map(|key| &key.jwk).collect::<Vec<_>>() })),
            "/token" => self.token(head, body, base),
            "/userinfo" => self.user_info(head),
            _ => (404, json!({})),
        }
    }

    fn published(&self, base: &str) -> Value {
        let mut metadata = json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/jwks"),
            "userinfo_endpoint": format!("{base}/userinfo"),
        });
        for (name, value) in self.metadata.iter().flat_map(|members| members.as_object().unwrap()) {
            metadata[name] = value.clone();
        }
        metadata
    }

    fn token(&mut self, head: &str, body: &str, base: &str) -> (u16, Value) {
        let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let Some(client) = client_of(head, &form) else { return (401, json!({"error": "invalid_client"})) };
        let refused = (400, json!({"error": "invalid_grant"}));
        // Gone in any case: a code serves once.
        let Some(grant) = self.codes.remove(&form["code"]) else { return refused };
        let challenge = to_base64url(&Sha256::digest(form["code_verifier"].as_bytes()));
        if grant.client_id != client || grant.redirect_uri != form["redirect_uri"] || grant.challenge != challenge {
            return refused;
        }
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        let mut claims = json!({"iss": base, "aud": client, "iat": now, "exp": now + 300});
        if let Some(nonce) = &grant.nonce {
            claims["nonce"] = json!(nonce);
        }
        if grant.max_age.is_some() {
            claims["auth_time"] = json!(now);
        }
        for (name, value) in grant.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut user_info = json!({});
        // What is only for the user information stands below this name.
        if let Some(more) = claims.as_object_mut().unwrap().remove("userinfo") {
            user_info = more;
            user_info["sub"] = claims["sub"].clone();
        }
        let access = fresh_name();
        self.access.insert(access.clone(), user_info);
        let key = &self.keys[0];
        let mut header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::ES256) };
        if let Some(spoil) = &self.spoil {
            spoil(&mut header, &mut claims);
        }
        let signed = match header.alg {
            // The public key taken for a secret: what a careless verifier would accept.
            Algorithm::HS256 => {
                let secret = EncodingKey::from_secret(key.jwk.to_string().as_bytes());
                jsonwebtoken::encode(&header, &claims, &secret)
            }
            _ => jsonwebtoken::encode(&header, &claims, &key.signing),
        };
        let mut token = signed.unwrap();
        if let Some(replace) = &self.replace {
            token = replace(token);
        }
        (200, json!({"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": token}))
    }

    fn user_info(&self, head: &str) -> (u16, Value) {
        let shown = header(head, "authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(known) = shown.and_then(|token| self.access.get(token)) else { return (401, json!({})) };
        (200, self.user_info.clone().unwrap_or_else(|| known.clone()))
    }
}

/// Who asks, if they show that they are: by header, by body, by a signed assertion, or as a public client.
fn client_of(head: &str, form: &HashMap<String, String>) -> Option<String> {
    if let Some(basic) = header(head, "authorization").and_then(|value| value.strip_prefix("Basic ")) {
        let url = basic.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let pair = String::from_utf8(from_base64url(&url).ok()?).ok()?;
        let decoded: Vec<String> = pair
            .split(':')
            .map(|part| form_urlencoded::parse(format!("x={part}").as_bytes()).next().unwrap().1.into_owned())
            .collect();
        return (decoded == [CLIENT_ID, CLIENT_SECRET]).then(|| CLIENT_ID.to_owned());
    }
    if let Some(assertion) = form.get("client_assertion") {
        let claims = from_base64url(assertion.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        return claims["sub"].as_str().map(str::to_owned);
    }
    let id = form.get("client_id")?;
    let is_public = id != CLIENT_ID;
    (is_public || form.get("client_secret").is_some_and(|secret| secret == CLIENT_SECRET)).then(|| id.clone())
}
