use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use sqlx::{Connection as _, Row as _};
use tacit_domain::caller::Origin;
use tacit_domain::keyring::MasterKey;
use tacit_domain::seams::{Clock, NoFetch, Seams};
use tacit_domain::settings::{Lifetimes, Limits, Settings, SigningAlgorithm};
use tacit_domain::{Domain, Store, Timestamp};
use tacit_jobs::{Links, Mailer, Security, Smtp, SmtpSettings, Templates, Transport, Worker};
use tacit_shared::Entropy;
use tacit_shared::messages::{Activate, Credential, ResendActivation, SignUp};
use tacit_store::DatabaseSettings;

/// A clock that stands until it is moved.
pub(crate) struct SteppedClock(AtomicI64);

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).unwrap();
    }
}

/// What a test wants to know of a row.
pub(crate) struct OutboxRow {
    pub(crate) sealed: bool,
    pub(crate) failed: bool,
    pub(crate) last_error: Option<String>,
}

/// A domain on a fresh SQLite file.
pub(crate) struct World {
    pub(crate) domain: Domain,
    pub(crate) clock: Arc<SteppedClock>,
    url: String,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/tacit.db", folder.path().display());
        let store = Store::connect(&DatabaseSettings { url: url.clone(), max_connections: 2 }).await.unwrap();
        store.migrate().await.unwrap();
        // 2026-01-02 03:04:05 UTC
        let clock = Arc::new(SteppedClock(AtomicI64::new(1_767_323_045_000)));
        let seams = Seams { clock: clock.clone(), entropy: Arc::new(SystemEntropy), fetch: Arc::new(NoFetch) };
        let master = MasterKey::parse(&"5a".repeat(32)).unwrap();
        let domain = Domain::open(store, &master, settings(), seams).await.unwrap();
        Self { domain, clock, url, _folder: folder }
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Has the domain write an activation mail; gives the ticket.
    pub(crate) async fn sign_up(&self, address: &str, language: &str) -> String {
        let sign_up = SignUp {
            auth_id: address.to_owned(),
            credential: Credential {
                identity: "0123456789abcdef0123456789abcdef".to_owned(),
                salt: "a1".repeat(32),
                preset: 3,
                verifier: "12".repeat(256),
            },
            display_name: Some("Eve\u{201d} <b>".to_owned()),
            language: Some(language.to_owned()),
        };
        let accepted =
            self.domain.sign_ups.sign_up(sign_up.try_into().ok().unwrap(), &Origin::default()).await.unwrap();
        accepted.ticket.to_string()
    }

    /// Asks for the mail again.
    pub(crate) async fn resend(&self, address: &str, ticket: &str) {
        let message = ResendActivation { auth_id: address.to_owned(), ticket: Some(ticket.to_owned()) };
        self.domain.sign_ups.resend(message.try_into().ok().unwrap(), &Origin::default()).await.unwrap();
    }

    /// Follows the link of a mail.
    pub(crate) async fn activate(&self, secret: &str) {
        let message = Activate { token: Some(secret.to_owned()), auth_id: None, code: None, credential: None };
        self.domain.sign_ups.activate(message.try_into().ok().unwrap(), &Origin::default()).await.unwrap();
    }

    /// The one row of the outbox, behind the store's back.
    pub(crate) async fn only_row(&self) -> OutboxRow {
        let mut connection = sqlx_sqlite::SqliteConnection::connect(&self.url).await.unwrap();
        let rows = sqlx::query("SELECT * FROM outbox").fetch_all(&mut connection).await.unwrap();
        assert_eq!(rows.len(), 1);
        let is_set = |column| !sqlx::ValueRef::is_null(&rows[0].try_get_raw(column).unwrap());
        OutboxRow { sealed: is_set("sealed"), failed: is_set("failed_at"), last_error: rows[0].get("last_error") }
    }

    /// A worker that sends to a port of this machine in the clear.
    pub(crate) fn worker(&self, port: u16) -> Worker {
        self.worker_with(&plain(port), Templates::default())
    }

    pub(crate) fn worker_with(&self, smtp: &SmtpSettings, templates: Templates) -> Worker {
        self.worker_over(Transport::Smtp(Smtp::new(smtp).unwrap()), templates)
    }

    pub(crate) fn worker_over(&self, transport: Transport, templates: Templates) -> Worker {
        let to = |page: &str| format!("https://login.example.com/{page}#{{secret}}");
        let links = Links {
            activation: to("activate"),
            password_reset: to("reset"),
            email_change: to("confirm-email"),
            email_undo: to("undo-email"),
        };
        let from = "Tacit <no-reply@example.com>";
        let mailer = Mailer::new(transport, templates, links, from, &self.domain.settings).unwrap();
        Worker::new(&self.domain, Arc::new(mailer), self.clock.clone())
    }

    /// Rows neither done nor given up.
    pub(crate) async fn open_rows(&self) -> u64 {
        self.domain.outbox.open_rows().await.unwrap()
    }
}

/// A server on this machine, in the clear.
pub(crate) fn plain(port: u16) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security: Security::None,
        authority: None,
        login: None,
        timeout: Duration::from_secs(5),
    }
}

/// The same with a name and a password.
pub(crate) fn with_login(settings: SmtpSettings, name: &str, password: &str) -> SmtpSettings {
    SmtpSettings { login: Some((name.to_owned(), SecretString::from(password))), ..settings }
}

fn settings() -> Settings {
    Settings {
        realm: "example.com".to_owned(),
        public_url: "https://login.example.com".parse().unwrap(),
        allowed_origins: Vec::new(),
        audience: "https://login.example.com".to_owned(),
        reveal_accounts: false,
        registration_enabled: true,
        demo: true,
        default_language: "en".to_owned(),
        algorithm: SigningAlgorithm::EdDsa,
        providers: Vec::new(),
        lifetimes: Lifetimes::default(),
        limits: Limits { srp_workers: 1, client_sign_ups: 1000, client_mails: 1000, ..Limits::default() },
    }
}
