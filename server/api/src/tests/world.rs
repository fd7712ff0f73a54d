//! A server of a test's own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use poem::endpoint::BoxEndpoint;
use poem::http::{Method, StatusCode};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::{Body, Endpoint, EndpointExt, Request, Response, Server};
use serde_json::Value;
use tacit_domain::keyring::MasterKey;
use tacit_domain::seams::{Clock, NoFetch, Seams};
use tacit_domain::settings::{Lifetimes, Limits, Settings, SigningAlgorithm};
use tacit_domain::{Domain, Timestamp};
use tacit_shared::Entropy;
use tacit_shared::encoding::to_hex;
use tacit_store::{DatabaseSettings, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::settings::{ApiSettings, Metrics};

pub(super) const PUBLIC_URL: &str = "http://localhost:8080";
pub(super) const OTHER_ORIGIN: &str = "https://app.example.com";

pub(super) struct World {
    endpoint: Arc<BoxEndpoint<'static>>,
    folder: PathBuf,
}

impl World {
    pub(super) async fn start() -> Self {
        Self::with(false).await
    }

    pub(super) async fn demo() -> Self {
        Self::with(true).await
    }

    async fn with(demo: bool) -> Self {
        let mut name = [0; 8];
        OsEntropy.fill(&mut name);
        let folder = std::env::temp_dir().join(format!("tacit-api-{}", to_hex(&name)));
        std::fs::create_dir(&folder).unwrap();
        let url = format!("sqlite:{}", folder.join("tacit.db").display());
        let store = Store::connect(&DatabaseSettings { url, max_connections: 2 }).await.unwrap();
        store.migrate().await.unwrap();
        let seams = Seams { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy), fetch: Arc::new(NoFetch) };
        let master = MasterKey::new(Zeroizing::new([7; 32]));
        let domain = Domain::open(store, &master, domain_settings(demo), seams).await.unwrap();
        let endpoint = Arc::new(crate::routes(&domain, api_settings(demo)).boxed());
        Self { endpoint, folder }
    }

    pub(super) async fn send(&self, request: Request) -> Answer {
        Answer::of(self.endpoint.get_response(request).await).await
    }

    /// The head of an answer to a request as it stands, over a socket.
    pub(super) async fn over_a_socket(&self, request: &str) -> String {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let server = tokio::spawn(Server::new_with_acceptor(acceptor).run(Arc::clone(&self.endpoint)));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        server.abort();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Request::builder().uri_str(path).finish()).await
    }

    pub(super) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(Method::POST).uri_str(path).content_type("application/json");
        self.send(request.body(body)).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// An answer, read to its end.
pub(super) struct Answer {
    response: Response,
    pub(super) text: String,
}

impl Answer {
    pub(super) async fn of(mut response: Response) -> Self {
        let bytes = response.take_body().into_vec().await.unwrap();
        Self { response, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.response.header(name).unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Holds that this is a problem, whole and of this code.
    pub(super) fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!((self.status().as_u16(), problem["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["type"], format!("urn:tacit:problem:{code}"));
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        assert!(!self.header("x-request-id").is_empty());
        problem
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the test's implementation of the seam")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }
}

pub(super) struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the test's implementation of the seam")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).unwrap();
    }
}

fn domain_settings(demo: bool) -> Settings {
    Settings {
        realm: "localhost".to_owned(),
        public_url: PUBLIC_URL.parse().unwrap(),
        allowed_origins: vec![OTHER_ORIGIN.to_owned()],
        audience: "tacit".to_owned(),
        reveal_accounts: false,
        registration_enabled: true,
        demo,
        default_language: "en".to_owned(),
        algorithm: SigningAlgorithm::EdDsa,
        providers: Vec::new(),
        lifetimes: Lifetimes::default(),
        limits: Limits { resend_after: Duration::from_mins(1), ..Limits::default() },
    }
}

fn api_settings(demo: bool) -> ApiSettings {
    ApiSettings {
        public_url: PUBLIC_URL.parse().unwrap(),
        allowed_origins: vec![OTHER_ORIGIN.to_owned()],
        trusted_proxies: Vec::new(),
        demo,
        body_limit: tacit_shared::limits::BODY_MAX,
        metrics: Some(Metrics::new(Box::new(|| "up 1\n".to_owned()), "the-metrics-token".into())),
        entropy: Arc::new(OsEntropy),
    }
}
