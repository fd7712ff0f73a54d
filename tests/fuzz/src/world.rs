//! A server in this process: a real database, one account that is signed in, a clock that stands, counted randomness.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{Endpoint, EndpointExt, Request, Response};
use sha2::{Digest, Sha256};
use tacit_api::ApiSettings;
use tacit_domain::caller::Origin;
use tacit_domain::keyring::MasterKey;
use tacit_domain::login::LoginError;
use tacit_domain::proofs::ProofError;
use tacit_domain::seams::{Clock, NoFetch, Seams};
use tacit_domain::settings::{Lifetimes, Limits, Settings, SigningAlgorithm};
use tacit_domain::{Domain, Timestamp};
use tacit_shared::messages::{Activate, Challenge, Credential, LoginProof, LoginStart, SignUp};
use tacit_shared::srp::{Identity, Salt, client};
use tacit_shared::{Entropy, limits, preset};
use tacit_store::{DatabaseSettings, Store};
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

const PUBLIC_URL: &str = "http://localhost:8080";
const ADDRESS: &str = "person@example.com";
const P: &[u8] = b"what Argon2id and HKDF made of a password";

/// Every operation that a request can name.
pub const OPERATIONS: [(Method, &str); 30] = [
    (Method::POST, "/api/auth/srp/sign-up/check"),
    (Method::POST, "/api/auth/srp/sign-up"),
    (Method::POST, "/api/auth/srp/sign-up/verification"),
    (Method::POST, "/api/auth/srp/sign-up/activate"),
    (Method::POST, "/api/auth/srp/login/email"),
    (Method::POST, "/api/auth/srp/login/proof"),
    (Method::POST, "/v1/auth/refresh"),
    (Method::GET, "/api/auth/sessions/list"),
    (Method::POST, "/api/auth/sessions/verify"),
    (Method::POST, "/api/auth/sessions/logout"),
    (Method::POST, "/api/auth/sessions/logout-all"),
    (Method::GET, "/v1/auth/me"),
    (Method::GET, "/v1/auth/settings"),
    (Method::GET, "/v1/sessions"),
    (Method::DELETE, "/v1/sessions/0193a6f0-5c1e-7d3a-9f42-6b8f0c2d1e57"),
    (Method::GET, "/.well-known/jwks.json"),
    (Method::PUT, "/v1/auth/settings"),
    (Method::POST, "/api/auth/srp/password/change/initiate"),
    (Method::POST, "/api/auth/srp/password/change/confirm"),
    (Method::POST, "/api/auth/srp/step-up/initiate"),
    (Method::POST, "/api/auth/srp/step-up/confirm"),
    (Method::GET, "/v1/audit/logs"),
    (Method::POST, "/api/auth/srp/password/reset"),
    (Method::POST, "/api/auth/srp/password/reset/validate"),
    (Method::POST, "/api/auth/srp/password/reset/complete"),
    (Method::PUT, "/api/auth/users/"),
    (Method::DELETE, "/api/auth/users/"),
    (Method::GET, "/api/auth/users/export"),
    (Method::POST, "/api/auth/users/email/confirm"),
    (Method::POST, "/api/auth/users/email/undo"),
];

/// Everything a target that needs a server asks.
pub struct World {
    runtime: Runtime,
    domain: Domain,
    endpoint: BoxEndpoint<'static>,
    handshake: String,
    access_token: String,
    refresh_token: String,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub text: String,
}

static WORLD: LazyLock<World> = LazyLock::new(World::start);

impl World {
    /// The one world of this process, made when it is first needed.
    pub fn with<T>(look: impl FnOnce(&Self) -> T) -> T {
        look(&WORLD)
    }

    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let name = format!("tacit-fuzz-{}.db", std::process::id());
        let url = format!("sqlite:{}", std::env::temp_dir().join(name).display());
        let (domain, handshake, tokens) = runtime.block_on(async {
            let store = Store::connect(&DatabaseSettings { url, max_connections: 2 }).await.expect("a database");
            store.migrate().await.expect("a schema");
            let seams =
                Seams { clock: Arc::new(Standing), entropy: Arc::new(Counting::default()), fetch: Arc::new(NoFetch) };
            let master = MasterKey::new(Zeroizing::new([7; 32]));
            let domain = Domain::open(store, &master, settings(), seams).await.expect("a domain");
            sign_up(&domain).await;
            let tokens = log_in(&domain).await;
            let handshake = begin(&domain).await.handshake;
            (domain, handshake, tokens)
        });
        let endpoint = tacit_api::routes(&domain, api_settings()).boxed();
        let (access_token, refresh_token) = tokens;
        Self { runtime, domain, endpoint, handshake, access_token, refresh_token }
    }

    /// A handshake that was handed out.
    pub fn handshake(&self) -> &str {
        &self.handshake
    }

    /// Whether a text is taken for a handshake of ours. `A` is no number of the group, so that nothing is spent.
    pub fn opens(&self, handshake: &str) -> bool {
        let proof = LoginProof {
            handshake: handshake.to_owned(),
            a: "0".to_owned(),
            m1: "00".repeat(32),
            refresh_delivery: None,
            device_name: None,
            device_token: None,
            remember_device: None,
        };
        let proof = proof.try_into().ok().expect("a message");
        match self.runtime.block_on(self.domain.logins.prove(proof, Origin::default())) {
            Err(LoginError::Proof(ProofError::HandshakeInvalid | ProofError::HandshakeExpired)) => false,
            Err(LoginError::Proof(ProofError::Invalid(_))) => true,
            _ => panic!("neither refused as a handshake nor for A"),
        }
    }

    /// The access token that was handed out.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// Whether a text is taken for an access token.
    pub fn accepts(&self, token: &str) -> bool {
        self.runtime.block_on(self.domain.sessions.authenticate(token, Origin::default())).is_ok()
    }

    /// The refresh token that was handed out.
    pub fn refresh_token(&self) -> &str {
        &self.refresh_token
    }

    /// Whether a text is taken for a refresh token.
    pub fn refreshes(&self, token: &str) -> bool {
        self.runtime.block_on(self.domain.refresh.refresh(token, &Origin::default())).is_ok()
    }

    /// Sends a request; each bit of `headers` is one header.
    pub fn request(&self, method: &Method, path: &str, headers: u8, body: &[u8]) -> Answer {
        let has = |bit: u8| headers >> bit & 1 == 1;
        let mut request = Request::builder().uri_str(path);
        if !has(0) {
            request = request.content_type("application/json");
        }
        // A session that ends here would be missing in the next request.
        let ends = *method == Method::DELETE || path.contains("logout");
        if has(1) && !ends {
            request = request.header("authorization", format!("Bearer {}", self.access_token));
        } else if has(2) {
            request = request.header("authorization", "Bearer a.b.c");
        }
        if has(3) {
            request = request.header("cookie", "tacit_refresh=rt_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        }
        if has(4) {
            request = request.header("origin", PUBLIC_URL);
        }
        if has(5) {
            request = request.header("x-tacit-client", "1");
        }
        if has(6) {
            request = request.header("x-forwarded-for", "203.0.113.9");
        }
        if has(7) {
            request = request.header("transfer-encoding", "chunked");
        }
        let request = request.method(method.clone()).body(body.to_vec());
        self.runtime.block_on(async {
            let mut response: Response = self.endpoint.get_response(request).await;
            let bytes = response.take_body().into_vec().await.expect("a body");
            Answer {
                status: response.status().as_u16(),
                content_type: response.content_type().unwrap_or_default().to_owned(),
                text: String::from_utf8(bytes).expect("a text"),
            }
        })
    }
}

async fn sign_up(domain: &Domain) {
    let entropy = Counting::new(1);
    let (identity, salt) = (Identity::random(&entropy), Salt::random(&entropy));
    let small = preset::find(3).expect("a preset");
    let verifier = client::verifier(small.group, &client::private_key(&identity, &salt, P));
    let credential = Credential::new(&identity, &salt, small, &verifier);
    let message = SignUp { auth_id: ADDRESS.to_owned(), credential, display_name: None, language: None };
    domain
        .sign_ups
        .sign_up(message.try_into().ok().expect("a message"), &Origin::default())
        .await
        .ok()
        .expect("a sign-up");
    let job = domain.outbox.claim(1, Duration::from_mins(1)).await.ok().expect("a row").mails.remove(0);
    let token = Some(job.secret.expect("a secret").link.to_string());
    let activate = Activate { token, ..Activate::default() };
    domain
        .sign_ups
        .activate(activate.try_into().ok().expect("a message"), &Origin::default())
        .await
        .ok()
        .expect("an account");
    domain.outbox.finish(job.id).await.ok().expect("done");
}

async fn begin(domain: &Domain) -> Challenge {
    let start = LoginStart { auth_id: ADDRESS.to_owned(), ticket: None };
    domain.logins.begin(start.try_into().ok().expect("a message"), &Origin::default()).await.ok().expect("a challenge")
}

/// An access and a refresh token.
async fn log_in(domain: &Domain) -> (String, String) {
    let challenge = begin(domain).await;
    let parsed = challenge.parse().ok().expect("a challenge");
    let x = client::private_key(&parsed.identity, &parsed.salt, P);
    let ephemeral = client::Ephemeral::new(parsed.preset.group, &Counting::new(3));
    let proof = ephemeral.prove(&parsed.identity, &parsed.salt, &x, &parsed.b_public).ok().expect("a proof");
    let message = LoginProof {
        handshake: challenge.handshake,
        a: proof.public.to_hex(),
        m1: proof.proof.to_hex(),
        refresh_delivery: None,
        device_name: None,
        device_token: None,
        remember_device: None,
    };
    let opened = domain.logins.prove(message.try_into().ok().expect("a message"), Origin::default()).await;
    let tokens = opened.ok().expect("a session").tokens;
    (tokens.access_token.to_string(), tokens.refresh_token.to_string())
}

fn settings() -> Settings {
    Settings {
        realm: "localhost".to_owned(),
        public_url: PUBLIC_URL.parse().expect("a URL"),
        allowed_origins: Vec::new(),
        audience: "tacit".to_owned(),
        reveal_accounts: false,
        registration_enabled: true,
        demo: false,
        default_language: "en".to_owned(),
        algorithm: SigningAlgorithm::EdDsa,
        providers: Vec::new(),
        lifetimes: Lifetimes::default(),
        limits: Limits {
            srp_workers: 1,
            client_requests: u32::MAX,
            client_logins: u32::MAX,
            client_proofs: u32::MAX,
            client_sign_ups: u32::MAX,
            client_mails: u32::MAX,
            session_refreshes: u32::MAX,
            address_sign_ups: u32::MAX,
            // Whoever makes pairs ahead draws randomness in an order of their own, and the genuine would be another each time.
            srp_pairs: 0,
            ..Limits::default()
        },
    }
}

fn api_settings() -> ApiSettings {
    ApiSettings {
        public_url: PUBLIC_URL.parse().expect("a URL"),
        allowed_origins: Vec::new(),
        trusted_proxies: Vec::new(),
        demo: false,
        body_limit: limits::BODY_MAX,
        metrics: None,
        entropy: Arc::new(Counting::new(2)),
    }
}

/// The clock stands, so that nothing handed out expires.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_780_000_000_000)
    }
}

/// Bytes that look random and are the same in every run.
#[derive(Default)]
pub struct Counting {
    seed: u64,
    count: AtomicU64,
}

impl Counting {
    pub const fn new(seed: u64) -> Self {
        Self { seed, count: AtomicU64::new(0) }
    }
}

impl Entropy for Counting {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let count = self.count.fetch_add(1, Ordering::Relaxed);
            let block =
                Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(count.to_be_bytes()).finalize();
            for (byte, from) in chunk.iter_mut().zip(block) {
                *byte = from;
            }
        }
    }
}
