//! Sending through a mail server

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};

use super::SendError;

/// Connections kept to the server.
const CONNECTIONS: u32 = 4;
/// How long a connection may idle; servers commonly hang up after five minutes.
const IDLE: Duration = Duration::from_mins(1);
/// A whole mail may take this many times as long as one command.
const COMMANDS: u32 = 3;

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
    transport: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
}

impl Smtp {
    /// Prepares connections; the first is made with the first mail. Call it on the runtime, which keeps the pool tidy.
    ///
    /// # Errors
    /// When the TLS settings make no sense.
    pub fn new(settings: &SmtpSettings) -> Result<Self, SetupError> {
        let tls = match settings.security {
            Security::Tls => Tls::Wrapper(tls_parameters(settings)?),
            Security::StartTls => Tls::Required(tls_parameters(settings)?),
            Security::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host.as_str())
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.timeout))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let Some((name, password)) = &settings.login {
            builder = builder.credentials(Credentials::new(name.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), patience: settings.timeout * COMMANDS })
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), SendError> {
        match tokio::time::timeout(self.patience, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(SendError::Transient("the mail server took too long".to_owned())),
        }
    }

    pub(crate) async fn close(&self) {
        self.transport.shutdown().await;
    }
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, SetupError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(authority) = &settings.authority {
        builder = builder.add_root_certificate(Certificate::from_pem(authority).map_err(SetupError::Authority)?);
    }
    builder.build_rustls().map_err(SetupError::Tls)
}

/// Only a refusal of the mail itself is final; a refusal of *us* is the operator's to mend, and mails wait for it.
fn classify(error: &smtp::Error) -> SendError {
    // RFC 4954 §6: authentication required, too weak, invalid, needs encryption.
    const ABOUT_US: [u16; 4] = [530, 534, 535, 538];
    let code = error.status().map(u16::from);
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    if error.is_permanent() && !code.is_some_and(|code| ABOUT_US.contains(&code)) {
        SendError::Permanent(text)
    } else {
        SendError::Transient(text)
    }
}
