//! Mails: their texts, their form, and the two ways they leave

use lettre::message::Mailbox as Sender;
use tacit_domain::Timestamp;
use tacit_domain::mailbox::Mailbox;
use tacit_domain::outbox::{MailJob, MailKind as DomainKind};
use tacit_domain::settings::Settings;
use time::OffsetDateTime;
use time::macros::format_description;

use smtp::{SetupError, Smtp};
use templates::{MailKind, Rendered, Templates, Values};

pub(crate) mod message;
pub(crate) mod smtp;
pub(crate) mod templates;

/// What stands for the secret in a link of the configuration.
const SECRET: &str = "{secret}";

/// How mails leave.
pub enum Transport {
    /// To a mail server.
    Smtp(Smtp),
    /// Into the demo's mailbox.
    Mailbox(Mailbox),
}

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may leave later.
    #[error("{0}")]
    Transient(String),
    /// It never will.
    #[error("{0}")]
    Permanent(String),
}

/// Where links in mails lead, with `{secret}` where the secret goes.
#[derive(Debug, Clone)]
pub struct Links {
    /// The page that activates an account.
    pub activation: String,
    /// The page that resets a password.
    pub password_reset: String,
    /// The page that confirms a new address.
    pub email_change: String,
    /// The page that takes a change of address back.
    pub email_undo: String,
}

impl Links {
    /// Where the secret of a mail leads; mails of other kinds have none.
    fn of(&self, kind: DomainKind) -> Option<&str> {
        match kind {
            DomainKind::Activation => Some(&self.activation),
            DomainKind::PasswordReset => Some(&self.password_reset),
            DomainKind::EmailChange => Some(&self.email_change),
            DomainKind::EmailChanged => Some(&self.email_undo),
            DomainKind::AlreadyRegistered
            | DomainKind::PasswordChanged
            | DomainKind::EmailUndone
            | DomainKind::EmailTaken
            | DomainKind::AccountDeleted
            | DomainKind::IdentitiesChanged => None,
        }
    }
}

/// Writes mails and sends them.
pub struct Mailer {
    transport: Transport,
    templates: Templates,
    links: Links,
    sender: Sender,
    site: String,
    public_url: String,
}

impl Mailer {
    /// Puts a mailer together. `from` is an address, with or without a name.
    ///
    /// # Errors
    /// [`SetupError::Sender`].
    pub fn new(
        transport: Transport,
        templates: Templates,
        links: Links,
        from: &str,
        settings: &Settings,
    ) -> Result<Self, SetupError> {
        let sender = message::parse_sender(from).map_err(SetupError::Sender)?;
        let site = settings.public_url.host_str().unwrap_or_default().to_owned();
        let public_url = settings.public_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { transport, templates, links, sender, site, public_url })
    }

    /// Writes and sends what the outbox asks for.
    pub(crate) async fn send(&self, job: &MailJob, now: Timestamp) -> Result<(), SendError> {
        let mut values = self.values(&job.to);
        values.display_name = job.display_name.clone().unwrap_or_default();
        values.expires_at = moment(job.expires_at);
        values.happened_at = moment(job.created_at);
        if let Some(secret) = &job.secret {
            values.link = self.links.of(job.kind).unwrap_or_default().replace(SECRET, &secret.link);
            values.code = secret.code.as_ref().map(|code| code.to_string()).unwrap_or_default();
        }
        self.deliver(&job.id.to_string(), job.kind.into(), &job.language, &values, now).await
    }

    /// Sends a mail that says that mails arrive; `id` must be fresh.
    ///
    /// # Errors
    /// What the mail server answered, or why it was not reached.
    pub async fn send_test(&self, id: &str, to: &str, language: &str, now: Timestamp) -> Result<(), SendError> {
        self.deliver(id, MailKind::Test, language, &self.values(to), now).await
    }

    /// Closes the connections to the mail server.
    pub async fn close(&self) {
        if let Transport::Smtp(smtp) = &self.transport {
            smtp.close().await;
        }
    }

    fn values(&self, to: &str) -> Values {
        Values { site: self.site.clone(), public_url: self.public_url.clone(), to: to.to_owned(), ..Values::default() }
    }

    async fn deliver(
        &self,
        id: &str,
        kind: MailKind,
        language: &str,
        values: &Values,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let rendered =
            self.templates.render(kind, language, values).map_err(|error| SendError::Permanent(error.to_string()))?;
        match &self.transport {
            Transport::Smtp(smtp) => {
                let message = message::compose(id, &self.sender, &values.to, rendered, now)
                    .map_err(|error| SendError::Permanent(error.to_string()))?;
                smtp.send(message).await
            }
            Transport::Mailbox(mailbox) => {
                let Rendered { subject, text, html } = rendered;
                let kept = mailbox.deliver(&values.to, &subject, &text, html.as_deref()).await;
                kept.map_err(|error| SendError::Transient(error.to_string()))
            }
        }
    }
}

impl From<DomainKind> for MailKind {
    fn from(kind: DomainKind) -> Self {
        match kind {
            DomainKind::Activation => Self::Activation,
            DomainKind::AlreadyRegistered => Self::AlreadyRegistered,
            DomainKind::PasswordReset => Self::PasswordReset,
            DomainKind::PasswordChanged => Self::PasswordChanged,
            DomainKind::EmailChange => Self::EmailChange,
            DomainKind::EmailChanged => Self::EmailChanged,
            DomainKind::EmailUndone => Self::EmailUndone,
            DomainKind::EmailTaken => Self::EmailTaken,
            DomainKind::AccountDeleted => Self::AccountDeleted,
            DomainKind::IdentitiesChanged => Self::IdentitiesChanged,
        }
    }
}

/// A time as a mail says it, the same in every language: `2026-01-02 03:04 UTC`.
fn moment(time: Timestamp) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    OffsetDateTime::from_unix_timestamp(time.as_seconds()).ok().and_then(|it| it.format(form).ok()).unwrap_or_default()
}
