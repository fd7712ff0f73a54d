//! Puts the parts together as the configuration says

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tacit_api::ApiSettings;
use tacit_domain::mailbox::Mailbox;
use tacit_domain::seams::Seams;
use tacit_domain::settings::Settings;
use tacit_domain::{Domain, OpenError};
use tacit_engine::InstallError;
use tacit_jobs::{Links, Mailer, Security, SetupError, Smtp, SmtpSettings, Templates, Transport};
use tacit_store::{Access, DatabaseSettings, Engine, Store, StoreError, StoreErrorKind, instance};

use crate::config::{Config, MailSecurity, Network, Setting};
use crate::master_key::{self, MasterKeyError};

/// Where the domain notes which master key a database was made with.
const PINNED_KEY: &str = "master_key_fingerprint";

/// Why the parts do not come together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The database does not answer.
    #[error("the database {0} cannot be reached: {1}")]
    Unreachable(String, #[source] StoreError),
    /// The database cannot be used.
    #[error("the database {0}: {1}")]
    Database(String, #[source] StoreError),
    /// There is no database, and this command does not make one.
    #[error("there is no database {}: `tacit serve` or `tacit migrate` makes it, and database.url says where it is", .0.display())]
    NoDatabase(PathBuf),
    /// This command reads only, and there is nothing that this version can read.
    #[error("the database {0} is not set up for this version yet: `tacit serve` does that")]
    NotSetUp(String),
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// Database, realm and master key do not belong together.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The kernel that is to multiply cannot.
    #[error("srp.kernel: {0}")]
    Kernel(#[from] InstallError),
    /// The mail settings make no sense.
    #[error("mail: {0}")]
    Mail(#[from] SetupError),
    /// The mail server's certificate authority cannot be read.
    #[error("mail.ca_file {0}: {1}")]
    Authority(PathBuf, #[source] io::Error),
    /// The public address is none.
    #[error("public_url: {0}")]
    PublicUrl(#[from] url::ParseError),
}

/// What multiplies in logins.
pub(crate) fn kernel(config: &Config) -> tacit_engine::Choice {
    config.kernel.unwrap_or_else(tacit_engine::Choice::fastest)
}

/// Connects to the database.
pub(crate) async fn connect(config: &Config, access: Access) -> Result<Store, AssembleError> {
    let url = &config.database.url;
    if access != Access::Make
        && let Some(file) = url.sqlite_file().filter(|file| matches!(file.try_exists(), Ok(false)))
    {
        // Whoever is in the wrong folder sees which one it is.
        return Err(AssembleError::NoDatabase(std::path::absolute(&file).unwrap_or(file)));
    }
    let settings = DatabaseSettings { url: url.expose().to_owned(), max_connections: config.database.max_connections };
    Store::connect_to(&settings, access).await.map_err(|error| database(config, error))
}

/// Connects, brings the schema up to date, and opens the domain. To read, it takes the database as it is: it waits for nobody
/// who writes.
pub(crate) async fn open(
    config: &Config,
    settings: Settings,
    seams: Seams,
    access: Access,
) -> Result<(Store, Domain), AssembleError> {
    tacit_engine::install(kernel(config))?;
    // A key that is none, or another's, is refused before a database is made or its schema changed.
    let existing = master_key::existing(config)?;
    let store = Box::pin(connect(config, access)).await?;
    if let Some(master) = &existing {
        tacit_domain::check_master_key(&store, master).await?;
    }
    let not_set_up = || AssembleError::NotSetUp(config.database.url.show());
    match store.migrate().await {
        Err(error) if store.is_read_only() && error.kind() == StoreErrorKind::ReadOnly => return Err(not_set_up()),
        migrated => migrated.map_err(|error| database(config, error))?,
    }
    let pinned = is_pinned(&store).await.map_err(|error| database(config, error))?;
    if store.is_read_only() && !pinned {
        return Err(not_set_up());
    }
    let master = master_key::obtain(config, pinned, &*seams.entropy)?;
    let domain = Domain::open(store.clone(), &master, settings, seams).await?;
    Ok((store, domain))
}

/// A failure of the database, with its address and without its password.
pub(crate) fn database(config: &Config, error: StoreError) -> AssembleError {
    let url = config.database.url.show();
    match error.kind() {
        StoreErrorKind::Unavailable => AssembleError::Unreachable(url, error),
        _ => AssembleError::Database(url, error),
    }
}

async fn is_pinned(store: &Store) -> Result<bool, StoreError> {
    Ok(instance::find(&mut store.read().await?, PINNED_KEY).await?.is_some())
}

/// What the domain needs to know.
pub(crate) fn domain_settings(config: &Config) -> Result<Settings, AssembleError> {
    Ok(Settings {
        realm: config.realm.clone(),
        public_url: config.public_url.to_url()?,
        allowed_origins: config.allowed_origins.iter().map(Setting::show).collect(),
        audience: config.tokens.audience.clone(),
        reveal_accounts: config.reveal_accounts,
        registration_enabled: config.registration_enabled,
        demo: config.demo,
        default_language: config.default_language.clone(),
        algorithm: config.tokens.algorithm,
        providers: config.providers.0.clone(),
        lifetimes: config.lifetimes,
        limits: config.limits,
    })
}

/// What the surfaces need to know.
pub(crate) fn api_settings(
    config: &Config,
    settings: &Settings,
    seams: &Seams,
    metrics: Option<tacit_api::Metrics>,
) -> ApiSettings {
    ApiSettings {
        public_url: settings.public_url.clone(),
        allowed_origins: settings.allowed_origins.clone(),
        trusted_proxies: config.trusted_proxies.iter().map(Network::cidr).collect(),
        demo: config.demo,
        body_limit: config.body.0,
        metrics,
        entropy: Arc::clone(&seams.entropy),
    }
}

/// Mails into the demo's mailbox if there is one, or by SMTP.
pub(crate) fn mailer(config: &Config, settings: &Settings, mailbox: Option<Mailbox>) -> Result<Mailer, AssembleError> {
    let mail = &config.mail;
    let transport = match mailbox {
        Some(mailbox) => Transport::Mailbox(mailbox),
        None => Transport::Smtp(smtp(config)?),
    };
    let templates = Templates::new(mail.templates.clone());
    let links = Links {
        activation: mail.activation_link.clone(),
        password_reset: mail.password_reset_link.clone(),
        email_change: mail.email_change_link.clone(),
        email_undo: mail.email_undo_link.clone(),
    };
    Ok(Mailer::new(transport, templates, links, &mail.from, settings)?)
}

/// The mail server; nothing is sent yet.
pub(crate) fn smtp(config: &Config) -> Result<Smtp, AssembleError> {
    Ok(Smtp::new(&smtp_settings(config)?)?)
}

fn smtp_settings(config: &Config) -> Result<SmtpSettings, AssembleError> {
    let mail = &config.mail;
    let read = |path: &PathBuf| std::fs::read(path).map_err(|error| AssembleError::Authority(path.clone(), error));
    let password = |password: &SecretString| SecretString::from(password.expose_secret());
    Ok(SmtpSettings {
        host: mail.host.clone(),
        port: mail.port,
        security: match mail.security {
            MailSecurity::Tls => Security::Tls,
            MailSecurity::StartTls => Security::StartTls,
            MailSecurity::None => Security::None,
        },
        authority: mail.ca_file.as_ref().map(read).transpose()?,
        login: mail.username.clone().zip(mail.password.as_ref().map(password)),
        timeout: mail.timeout,
    })
}

/// The engine's name, as people write it.
pub(crate) const fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    }
}
