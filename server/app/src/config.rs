//! The configuration: defaults, then a TOML file, then `TACIT_*` variables, then flags
//!
//! Every wrong key and value is reported at once, each with where it came from.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tacit_domain::providers::ProviderSettings;
use tacit_domain::settings::{Lifetimes, Limits, SigningAlgorithm};
use tacit_engine::Choice;

mod origin;
mod problem;
mod providers;
mod reader;
mod rules;
mod setting;
mod sources;

pub use origin::{DatabaseUrl, Origin};
pub use problem::{Problem, Problems};
pub use reader::{Key, Line};
pub use setting::{Address, LogFormat, MailSecurity, MailTransport, Network, Preset, Room, Setting, Size};
pub use sources::{Flag, Sources};

use reader::Reader;

/// Everything an operator decides.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where users reach the server.
    pub public_url: Origin,
    /// The DNS name credentials are bound to.
    pub realm: String,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Further origins whose pages may call the server.
    pub allowed_origins: Vec<Origin>,
    /// Proxies whose word about the caller's address is taken.
    pub trusted_proxies: Vec<Network>,
    /// Brings back the early answers that tell which addresses have accounts.
    pub reveal_accounts: bool,
    /// Whether strangers may sign up.
    pub registration_enabled: bool,
    /// Whether the demo and its mailbox are served.
    pub demo: bool,
    /// Language of a person who states none.
    pub default_language: String,
    /// How long a stop may take.
    pub shutdown_deadline: Duration,
    /// Where everything is kept.
    pub database: Database,
    /// Where the master key is; on SQLite it may be absent.
    pub master_key: Option<MasterKeySource>,
    /// How mails leave.
    pub mail: Mail,
    /// Who else may say who somebody is.
    pub providers: Providers,
    /// How long what is handed out lives.
    pub lifetimes: Lifetimes,
    /// What multiplies in logins; the fastest the processor has, where none is named.
    pub kernel: Option<Choice>,
    /// How much one caller may ask for.
    pub limits: Limits,
    /// Longest request body.
    pub body: Size,
    /// How many connections there may be.
    pub connections: Connections,
    /// Access tokens.
    pub tokens: Tokens,
    /// Metrics.
    pub metrics: Metrics,
    /// Log lines.
    pub log: Log,
    /// Every setting as it came out.
    pub lines: Vec<Line>,
}

/// Where everything is kept.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its address.
    pub url: DatabaseUrl,
    /// Connections at most.
    pub max_connections: u32,
}

/// Where the master key comes from.
#[derive(Debug, Clone)]
pub enum MasterKeySource {
    /// A file with 64 hex characters.
    File(PathBuf),
    /// The 64 hex characters themselves.
    Value(SecretString),
}

/// How mails leave.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To a server or into the demo's mailbox.
    pub transport: MailTransport,
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// How long the mail server may take over one answer.
    pub timeout: Duration,
    /// A further certificate authority to trust, as a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Name to log in with.
    pub username: Option<String>,
    /// Password to log in with.
    pub password: Option<SecretString>,
    /// The sender.
    pub from: String,
    /// Folder whose files replace built-in texts.
    pub templates: Option<PathBuf>,
    /// Link of activation mails, with `{secret}` in it.
    pub activation_link: String,
    /// Link `admin create` prints, with `{secret}` in it.
    pub welcome_link: String,
    /// Link of password resets, with `{secret}` in it.
    pub password_reset_link: String,
    /// Link that confirms a new address, with `{secret}` in it.
    pub email_change_link: String,
    /// Link that takes a change of address back, with `{secret}` in it.
    pub email_undo_link: String,
}

/// Who else may say who somebody is.
#[derive(Clone)]
pub struct Providers(pub Vec<ProviderSettings>);

/// Their names alone: the rest holds secrets.
impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|provider| &provider.name)).finish()
    }
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// In all.
    pub total: u32,
    /// From one client's address.
    pub per_client: u32,
}

/// Access tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Algorithm of their signature.
    pub algorithm: SigningAlgorithm,
    /// Their `aud`.
    pub audience: String,
}

/// Where metrics are served.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// A listener of its own.
    pub listen: Option<SocketAddr>,
    /// The bearer token that opens `/metrics` on the main listener.
    pub token: Option<SecretString>,
}

/// Log lines.
#[derive(Debug, Clone)]
pub struct Log {
    /// For machines or for people.
    pub format: LogFormat,
    /// What is logged, in the syntax of `tracing`'s `EnvFilter`.
    pub filter: String,
}

/// How much of the configuration is worked with. Of the rest every key and value must be right as well, but what is kept apart,
/// secrets and files, may be missing: whoever copies the database at night has no password of the mail account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Everything,
    /// What mails are sent with.
    Mails,
    /// The database, its keys and its rules.
    Database,
}

impl Scope {
    const fn has_mails(self) -> bool {
        matches!(self, Self::Everything | Self::Mails)
    }

    const fn has_providers(self) -> bool {
        matches!(self, Self::Everything)
    }
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// Every problem there is, at once.
    pub fn load(sources: &Sources) -> Result<Self, Problems> {
        Self::load_for(Scope::Everything, sources)
    }

    /// Reads everything, and checks it for whoever works with so much of it.
    ///
    /// # Errors
    /// Every problem there is, at once.
    pub fn load_for(scope: Scope, sources: &Sources) -> Result<Self, Problems> {
        let mut reader = Reader::new(sources);
        let r = &mut reader;
        let public_url = r.value("public_url", Origin::local());
        let realm = r.value("realm", public_url.host());
        let demo = r.value("demo", false);
        let config = Self {
            listen: r.value("listen", SocketAddr::from(([127, 0, 0, 1], 8080))),
            allowed_origins: r.list("allowed_origins"),
            trusted_proxies: r.list("trusted_proxies"),
            reveal_accounts: r.value("reveal_accounts", false),
            registration_enabled: r.value("registration_enabled", true),
            default_language: r.value("default_language", "en".to_owned()),
            shutdown_deadline: r.value("shutdown_deadline", Duration::from_secs(20)),
            database: Database::read(r),
            master_key: MasterKeySource::read(r),
            mail: Mail::read(r, &public_url, &realm, demo),
            providers: Providers(providers::read(r, &public_url, scope)),
            lifetimes: lifetimes(r),
            kernel: r.optional("srp.kernel", "the fastest"),
            limits: limits(r, demo),
            body: r.value("limits.body", Size(tacit_shared::limits::BODY_MAX)),
            connections: Connections {
                total: r.value("limits.connections", 4096),
                per_client: r.value("limits.connections_per_client", 256),
            },
            tokens: Tokens {
                algorithm: r.value("tokens.algorithm", SigningAlgorithm::EdDsa),
                audience: r.value("tokens.audience", public_url.show()),
            },
            metrics: Metrics { listen: r.optional("metrics.listen", "none"), token: r.secret("metrics.token") },
            log: Log {
                format: r.value("log.format", LogFormat::Json),
                filter: r.value("log.filter", "info,poem=warn".to_owned()),
            },
            lines: Vec::new(),
            public_url,
            realm,
            demo,
        };
        rules::check(&config, r, scope);
        Ok(Self { lines: reader.finish()?, ..config })
    }
}

impl Database {
    fn read(r: &mut Reader) -> Self {
        let url = r.guarded("database.url", DatabaseUrl::local());
        Self { url, max_connections: r.value("database.max_connections", 10) }
    }
}

impl MasterKeySource {
    fn read(r: &mut Reader) -> Option<Self> {
        let file = r.optional("master_key.file", "beside the SQLite database").map(Self::File);
        let value = r.secret("master_key.value").map(Self::Value);
        if file.is_some() && value.is_some() {
            r.conflict(&["master_key.value"], "give either master_key.file or master_key.value, not both");
        }
        file.or(value)
    }
}

impl Mail {
    fn read(r: &mut Reader, public_url: &Origin, realm: &str, demo: bool) -> Self {
        let security = r.value("mail.security", MailSecurity::StartTls);
        let port = match security {
            MailSecurity::Tls => 465,
            MailSecurity::StartTls => 587,
            MailSecurity::None => 25,
        };
        let base = public_url.show();
        // An address literal is no domain a sender can be at.
        let domain = if realm.parse::<IpAddr>().is_ok() { "localhost" } else { realm };
        Self {
            transport: r.value("mail.transport", if demo { MailTransport::Mailbox } else { MailTransport::Smtp }),
            host: r.value("mail.host", "localhost".to_owned()),
            port: r.value("mail.port", port),
            security,
            timeout: r.value("mail.timeout", Duration::from_secs(20)),
            ca_file: r.optional("mail.ca_file", ""),
            username: r.optional("mail.username", ""),
            password: r.secret("mail.password"),
            from: r.value("mail.from", format!("no-reply@{domain}")),
            templates: r.optional("mail.templates", ""),
            activation_link: r.value("mail.links.activation", format!("{base}/activate#{{secret}}")),
            welcome_link: r.value("mail.links.welcome", format!("{base}/welcome#{{secret}}")),
            password_reset_link: r.value("mail.links.password_reset", format!("{base}/reset#{{secret}}")),
            email_change_link: r.value("mail.links.email_change", format!("{base}/confirm-email#{{secret}}")),
            email_undo_link: r.value("mail.links.email_undo", format!("{base}/undo-email#{{secret}}")),
        }
    }
}

fn lifetimes(r: &mut Reader) -> Lifetimes {
    let default = Lifetimes::default();
    Lifetimes {
        access_token: r.value("lifetimes.access_token", default.access_token),
        refresh_token: r.value("lifetimes.refresh_token", default.refresh_token),
        session: r.value("lifetimes.session", default.session),
        activation: r.value("lifetimes.activation", default.activation),
        invitation: r.value("lifetimes.invitation", default.invitation),
        password_reset: r.value("lifetimes.password_reset", default.password_reset),
        email_change: r.value("lifetimes.email_change", default.email_change),
        email_undo: r.value("lifetimes.email_undo", default.email_undo),
        signing_key: r.value("lifetimes.signing_key", default.signing_key),
    }
}

fn limits(r: &mut Reader, demo: bool) -> Limits {
    // In the demo everybody comes from this machine.
    let default = if demo {
        Limits { client_sign_ups: 1000, client_mails: 1000, ..Limits::default() }
    } else {
        Limits::default()
    };
    let threads = |wanted: u32, otherwise: usize| usize::try_from(wanted).unwrap_or(otherwise);
    let shown = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Limits {
        proof_attempts: r.value("limits.proof_attempts", default.proof_attempts),
        proof_window: r.value("limits.proof_window", default.proof_window),
        proof_lock: r.value("limits.proof_lock", default.proof_lock),
        code_attempts: r.value("limits.code_attempts", default.code_attempts),
        code_window: r.value("limits.code_window", default.code_window),
        mails: r.value("limits.mails", default.mails),
        mail_window: r.value("limits.mail_window", default.mail_window),
        resend_after: r.value("limits.resend_after", default.resend_after),
        address_sign_ups: r.value("limits.address_sign_ups", default.address_sign_ups),
        client_requests: r.value("limits.client_requests", default.client_requests),
        client_logins: r.value("limits.client_logins", default.client_logins),
        client_proofs: r.value("limits.client_proofs", default.client_proofs),
        client_sign_ups: r.value("limits.client_sign_ups", default.client_sign_ups),
        sign_up_window: r.value("limits.sign_up_window", default.sign_up_window),
        client_mails: r.value("limits.client_mails", default.client_mails),
        session_refreshes: r.value("limits.session_refreshes", default.session_refreshes),
        refresh_window: r.value("limits.refresh_window", default.refresh_window),
        srp_workers: threads(r.value("limits.srp_workers", shown(default.srp_workers)), default.srp_workers),
        srp_queue: threads(r.value("limits.srp_queue", shown(default.srp_queue)), default.srp_queue),
        srp_pairs: r.value("limits.srp_pairs", Room(default.srp_pairs)).0,
        srp_combs: r.value("limits.srp_combs", Room(default.srp_combs)).0,
    }
}

#[cfg(test)]
mod tests;
