//! What both dialects show of a session.

use poem_openapi::Object;
use tacit_domain::sessions as domain;
use uuid::Uuid;

use crate::http::time::Moment;

/// A session: one login, on one device
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Session {
    /// The session
    id: Uuid,
    /// Whether it is the one that asks
    current: bool,
    /// When it was opened
    created_at: Moment,
    /// When its tokens were last renewed
    last_seen_at: Moment,
    /// When it ends by itself, however often it is renewed
    expires_at: Moment,
    /// The program that logged in, as it named itself
    user_agent: Option<String>,
    /// Where the login came from
    ip_address: Option<String>,
    /// What its owner calls the device
    device_name: Option<String>,
    /// How the owner proved who they are (RFC 8176)
    amr: Vec<String>,
    /// The provider whose word opened it, by its name; absent where it was a password
    provider: Option<String>,
}

impl From<domain::Session> for Session {
    fn from(session: domain::Session) -> Self {
        Self {
            id: session.id.as_uuid(),
            current: session.current,
            created_at: session.created_at.into(),
            last_seen_at: session.last_seen_at.into(),
            expires_at: session.expires_at.into(),
            user_agent: session.user_agent,
            ip_address: session.ip_address,
            device_name: session.device_name,
            amr: session.amr,
            provider: session.provider,
        }
    }
}
