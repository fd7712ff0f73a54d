//! Sending through a mail server
//!
//! The steps are our own and not the library's: only so is it known what a refusal is about, and only so is a connection
//! with an answer outstanding never used again, on which every later answer would be taken for that of another command.

use std::error::Error as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout};

use super::SendError;

/// Connections kept to the server.
const CONNECTIONS: usize = 4;
/// How long a connection may idle; servers commonly hang up after five minutes.
const IDLE: Duration = Duration::from_mins(1);
/// A server that has the whole mail may take this many times as long: giving up then may send the mail twice.
const CONTENT: u32 = 3;
/// All of it together; the worker's lease on the mail is longer.
const LONGEST: Duration = Duration::from_mins(4);
/// How long to wait for a goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said; a server that does not offer it is refused.
    StartTls,
    /// Plain.
    None,
}

/// Where and how to send.
#[derive(Clone)]
pub struct SmtpSettings {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// A further certificate authority to trust, in PEM.
    pub authority: Option<Vec<u8>>,
    /// Name and password to log in with.
    pub login: Option<(String, SecretString)>,
    /// How long the server may take to answer one command.
    pub timeout: Duration,
}

/// A mail server that cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The certificate authority is not PEM.
    #[error("the certificate authority of the mail server is not a PEM certificate")]
    Authority(#[source] smtp::Error),
    /// The server's name cannot be that of a certificate.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(#[source] smtp::Error),
    /// The sender is no address.
    #[error("the sender of mails: {0}")]
    Sender(String),
}

/// A mail server and the connections to it.
pub struct Smtp {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    idle: Mutex<Vec<Idle>>,
}

/// A connection on which everything that was asked has been answered.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// What went wrong, and what a refusal for good would be about.
enum Trouble {
    /// Us: our address, our login, our sender. The operator can mend that, and mails wait for it.
    Us(smtp::Error),
    /// The mail: its recipient, its content.
    Mail(smtp::Error),
    /// Nobody answered in time.
    Slow,
    /// The server cannot carry the mail.
    Unable(&'static str),
}

impl Smtp {
    /// Prepares for connections; the first is made with the first mail.
    ///
    /// # Errors
    /// When the TLS settings make no sense.
    pub fn new(settings: &SmtpSettings) -> Result<Self, SetupError> {
        let tls = match settings.security {
            Security::Tls | Security::StartTls => Some(tls_parameters(settings)?),
            Security::None => None,
        };
        Ok(Self { settings: settings.clone(), tls, hello: ClientId::default(), idle: Mutex::default() })
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), SendError> {
        timeout(LONGEST, self.deliver(&message)).await.unwrap_or(Err(Trouble::Slow)).map_err(SendError::from)
    }

    /// Says goodbye on every connection.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for mut it in idle {
            drop(timeout(GOODBYE, it.connection.quit()).await);
        }
    }

    /// Sends on a connection of its own or an idle one. The connection is kept if nothing on it is left open; dropped on
    /// the way, as everything else is when this is cancelled, it is closed.
    async fn deliver(&self, message: &Message) -> Result<(), Trouble> {
        let mut connection = match self.reuse().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let result = self.hand_over(&mut connection, message).await;
        match &result {
            Ok(()) => {
                let mut idle = self.idle();
                if idle.len() < CONNECTIONS {
                    idle.push(Idle { connection, since: Instant::now() });
                }
            }
            // The server spoke last, so it listens.
            Err(Trouble::Us(error) | Trouble::Mail(error)) if error.status().is_some() => {
                drop(timeout(GOODBYE, connection.quit()).await);
            }
            Err(_) => {}
        }
        result
    }

    async fn reuse(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut idle = self.idle().pop()?;
            let fresh = idle.since.elapsed() < IDLE;
            if fresh && timeout(self.settings.timeout, idle.connection.test_connected()).await.unwrap_or(false) {
                return Some(idle.connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let it = &self.settings;
        let wrapper = self.tls.clone().filter(|_| it.security == Security::Tls);
        let server = (it.host.as_str(), it.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(it.timeout), &self.hello, wrapper, None);
        let mut connection = self.answer(connecting).await?.map_err(Trouble::Us)?;
        if let Some(tls) = self.tls.clone().filter(|_| it.security == Security::StartTls) {
            self.answer(connection.starttls(tls, &self.hello)).await?.map_err(Trouble::Us)?;
        }
        if let Some((name, password)) = &it.login {
            let credentials = Credentials::new(name.clone(), password.expose_secret().to_owned());
            self.answer(connection.auth(DEFAULT_MECHANISMS, &credentials)).await?.map_err(Trouble::Us)?;
        }
        Ok(connection)
    }

    /// One mail in four steps (RFC 5321 §3.3).
    async fn hand_over(&self, connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), Trouble> {
        let (envelope, content) = (message.envelope(), message.formatted());
        let mut parameters = Vec::new();
        let foreign = |address: &lettre::Address| !AsRef::<str>::as_ref(address).is_ascii();
        if envelope.from().into_iter().chain(envelope.to()).any(foreign) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Trouble::Unable("the mail server takes no addresses outside ASCII (SMTPUTF8)"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !content.is_ascii() {
            if !connection.server_info().supports_feature(Extension::EightBitMime) {
                return Err(Trouble::Unable("the mail server takes no text outside ASCII (8BITMIME)"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let sender = Mail::new(envelope.from().cloned(), parameters);
        self.answer(connection.command(sender)).await?.map_err(Trouble::Us)?;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            self.answer(connection.command(recipient)).await?.map_err(Trouble::Mail)?;
        }
        self.answer(connection.command(Data)).await?.map_err(Trouble::Mail)?;
        let taken = timeout(self.settings.timeout * CONTENT, connection.message(&content)).await;
        taken.map_err(|_| Trouble::Slow)?.map_err(Trouble::Mail)?;
        Ok(())
    }

    /// Waits for one answer, as long as the server may take.
    async fn answer<T>(&self, answer: impl Future<Output = T>) -> Result<T, Trouble> {
        timeout(self.settings.timeout, answer).await.map_err(|_| Trouble::Slow)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, SetupError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(authority) = &settings.authority {
        builder = builder.add_root_certificate(Certificate::from_pem(authority).map_err(SetupError::Authority)?);
    }
    builder.build_rustls().map_err(SetupError::Tls)
}

/// Only a refusal of the mail itself is final.
impl From<Trouble> for SendError {
    fn from(trouble: Trouble) -> Self {
        // RFC 4954 §6: authentication required, too weak, invalid, needs encryption. Some servers say so at RCPT only.
        const ABOUT_US: [u16; 4] = [530, 534, 535, 538];
        match trouble {
            Trouble::Mail(error)
                if error.is_permanent() && !status(&error).is_some_and(|it| ABOUT_US.contains(&it)) =>
            {
                Self::Permanent(text(&error))
            }
            Trouble::Us(error) | Trouble::Mail(error) => Self::Transient(text(&error)),
            Trouble::Slow => Self::Transient("the mail server took too long".to_owned()),
            Trouble::Unable(reason) => Self::Transient(reason.to_owned()),
        }
    }
}

fn status(error: &smtp::Error) -> Option<u16> {
    error.status().map(u16::from)
}

fn text(error: &smtp::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
