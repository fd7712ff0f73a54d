//! The file with everything stored about somebody.

use poem_openapi::Object;
use serde_json::Value;
use tacit_domain::accounts::{Export, ExportedMail};
use tacit_domain::audit::LoggedEvent;
use tacit_domain::caller::Caller;
use tacit_domain::records::{
    AccountRecord, CredentialRecord, EmailChangeRecord, IdentityRecord, PasswordResetRecord, SessionRecord,
};
use uuid::Uuid;

use crate::http::time::Moment;

/// Why a member that people would look for is not there.
const VERIFIER: &str = "Kept sealed and not handed out: with it the password could be guessed.";

/// Everything stored about the caller
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct AccountExport {
    /// When this was put together
    exported_at: Moment,
    /// The account
    account: ExportedAccount,
    /// What the password is proved against
    credential: Option<ExportedCredential>,
    /// Identities at providers that are linked
    identities: Vec<ExportedIdentity>,
    /// All sessions that are kept: those that live, and for ninety days those that ended
    sessions: Vec<ExportedSession>,
    /// Changes of address that wait for their confirmation, or can still be undone
    email_changes: Vec<ExportedEmailChange>,
    /// Password resets that wait
    password_resets: Vec<ExportedReset>,
    /// What happened to the account, newest first; at most the newest ten thousand
    events: Vec<ExportedAuditEvent>,
    /// How many events there are
    events_in_all: u64,
    /// Mails to the address that wait, or were given up
    mails: Vec<ExportedMessage>,
}

/// The account as it is stored
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ExportedAccount {
    /// Its id
    id: Uuid,
    /// The e-mail address, as it was written
    email: String,
    /// The address as it is compared
    email_key: String,
    /// What the person wants to be called
    display_name: Option<String>,
    /// The language of mails, a BCP 47 tag
    language: String,
    /// What the account may do: `user` or `admin`
    role: String,
    /// Where it stands: `invited`, `active` or `disabled`
    status: String,
    /// When it was made
    created_at: Moment,
    /// When it last changed
    updated_at: Moment,
    /// When its owner showed that the address is theirs
    activated_at: Option<Moment>,
}

impl From<AccountRecord> for ExportedAccount {
    fn from(account: AccountRecord) -> Self {
        Self {
            id: account.id.as_uuid(),
            email: account.email,
            email_key: account.email_key,
            display_name: account.display_name,
            language: account.language,
            role: account.role.as_str().to_owned(),
            status: account.status.as_str().to_owned(),
            created_at: account.created_at.into(),
            updated_at: account.updated_at.into(),
            activated_at: account.activated_at.map(Moment::from),
        }
    }
}

/// What the password is proved against
#[derive(Object)]
struct ExportedCredential {
    /// Its id
    id: Uuid,
    /// How often it was replaced, from 1
    version: i64,
    /// The SRP identity
    identity: String,
    /// The salt, in hex
    salt: String,
    /// Number of the group and password hashing
    preset: u16,
    /// Where the verifier is: kept sealed, and not handed out
    verifier: String,
    /// When it was set
    created_at: Moment,
}

impl From<CredentialRecord> for ExportedCredential {
    fn from(credential: CredentialRecord) -> Self {
        Self {
            id: credential.id.as_uuid(),
            version: credential.version,
            identity: credential.identity,
            salt: tacit_shared::encoding::to_hex(&credential.salt),
            preset: credential.preset,
            verifier: VERIFIER.to_owned(),
            created_at: credential.created_at.into(),
        }
    }
}

/// An identity at a provider
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ExportedIdentity {
    /// Its id
    id: Uuid,
    /// The provider's name
    provider: String,
    /// Who speaks for the subject
    issuer: String,
    /// Who the owner is there
    subject: String,
    /// The address the provider named last
    email: Option<String>,
    /// When it was linked
    created_at: Moment,
    /// When it last opened a session
    last_used_at: Moment,
}

impl From<IdentityRecord> for ExportedIdentity {
    fn from(identity: IdentityRecord) -> Self {
        Self {
            id: identity.id.as_uuid(),
            provider: identity.provider,
            issuer: identity.issuer,
            subject: identity.subject,
            email: identity.email,
            created_at: identity.created_at.into(),
            last_used_at: identity.last_used_at.into(),
        }
    }
}

/// A session, living or ended
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ExportedSession {
    /// Its id
    id: Uuid,
    /// Whether it is the one that asks
    current: bool,
    /// When it was opened
    created_at: Moment,
    /// When its tokens were last renewed
    last_seen_at: Moment,
    /// When the password was last proved
    auth_time: Moment,
    /// When it was last proved again
    stepped_up_at: Option<Moment>,
    /// When it ends, or would have ended, by itself
    expires_at: Moment,
    /// When it was ended
    ended_at: Option<Moment>,
    /// Why it was ended, in a word
    ended_reason: Option<String>,
    /// How the owner proved who they are (RFC 8176)
    amr: Vec<String>,
    /// The program that logged in, as it named itself
    user_agent: Option<String>,
    /// Where the login came from
    ip_address: Option<String>,
    /// What its owner calls the device
    device_name: Option<String>,
    /// How its refresh tokens travel: `body` or `cookie`
    refresh_delivery: String,
    /// The provider whose word opened it
    provider: Option<String>,
}

impl ExportedSession {
    fn of(session: SessionRecord, caller: &Caller) -> Self {
        Self {
            current: session.id == caller.session_id(),
            id: session.id.as_uuid(),
            created_at: session.created_at.into(),
            last_seen_at: session.last_seen_at.into(),
            auth_time: session.auth_time.into(),
            stepped_up_at: session.stepped_up_at.map(Moment::from),
            expires_at: session.expires_at.into(),
            ended_at: session.ended_at.map(Moment::from),
            ended_reason: session.ended_reason,
            amr: serde_json::from_str(&session.amr).unwrap_or_default(),
            user_agent: session.user_agent,
            ip_address: session.ip_address,
            device_name: session.device_name,
            refresh_delivery: session.refresh_delivery.as_str().to_owned(),
            provider: session.provider,
        }
    }
}

/// A change of address
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ExportedEmailChange {
    /// The address before it
    old_email: String,
    /// The address after it
    new_email: String,
    /// When it was asked for
    created_at: Moment,
    /// When it was confirmed
    confirmed_at: Option<Moment>,
    /// Until when it can be confirmed or, once it was, undone
    expires_at: Moment,
}

impl From<EmailChangeRecord> for ExportedEmailChange {
    fn from(change: EmailChangeRecord) -> Self {
        Self {
            old_email: change.old_email,
            new_email: change.new_email,
            created_at: change.created_at.into(),
            confirmed_at: change.confirmed_at.map(Moment::from),
            expires_at: change.expires_at.into(),
        }
    }
}

/// A password reset that waits
#[derive(Object)]
struct ExportedReset {
    /// When it was asked for
    created_at: Moment,
    /// When it stops working
    expires_at: Moment,
}

impl From<PasswordResetRecord> for ExportedReset {
    fn from(reset: PasswordResetRecord) -> Self {
        Self { created_at: reset.created_at.into(), expires_at: reset.expires_at.into() }
    }
}

/// Something that happened to the account
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ExportedAuditEvent {
    /// Its id
    id: Uuid,
    /// What was tried, and whether it was done, such as `login.success`
    event_type: String,
    /// The session it happened in
    session_id: Option<Uuid>,
    /// Who acted: `anonymous`, `account` or `operator`
    actor: String,
    /// More, by kind of event
    detail: Value,
    /// When
    created_at: Moment,
    /// Where the request came from
    ip_address: Option<String>,
    /// The program that asked, as it named itself
    user_agent: Option<String>,
}

impl From<LoggedEvent> for ExportedAuditEvent {
    fn from(event: LoggedEvent) -> Self {
        Self {
            id: event.id.as_uuid(),
            event_type: event.event_type,
            session_id: event.session.map(|session| session.as_uuid()),
            actor: event.actor.as_str().to_owned(),
            detail: Value::Object(event.detail),
            created_at: event.created_at.into(),
            ip_address: event.ip_address,
            user_agent: event.user_agent,
        }
    }
}

/// A mail that waits, or was given up
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ExportedMessage {
    /// What it is about
    kind: String,
    /// When it was written
    created_at: Moment,
    /// When it was given up
    failed_at: Option<Moment>,
}

impl From<ExportedMail> for ExportedMessage {
    fn from(mail: ExportedMail) -> Self {
        Self { kind: mail.kind, created_at: mail.created_at.into(), failed_at: mail.failed_at.map(Moment::from) }
    }
}

impl AccountExport {
    /// As the domain gathered it, for the session that asks.
    pub(super) fn of(export: Export, caller: &Caller) -> Self {
        Self {
            exported_at: export.exported_at.into(),
            account: export.account.into(),
            credential: export.credential.map(ExportedCredential::from),
            identities: export.identities.into_iter().map(ExportedIdentity::from).collect(),
            sessions: export.sessions.into_iter().map(|session| ExportedSession::of(session, caller)).collect(),
            email_changes: export.email_changes.into_iter().map(ExportedEmailChange::from).collect(),
            password_resets: export.password_resets.into_iter().map(ExportedReset::from).collect(),
            events: export.events.into_iter().map(ExportedAuditEvent::from).collect(),
            events_in_all: export.events_in_all,
            mails: export.mails.into_iter().map(ExportedMessage::from).collect(),
        }
    }
}
