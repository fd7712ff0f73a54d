//! What a request tells about where it comes from.

use poem::http::header;
use poem::{FromRequest, Request, RequestBody, Result};
use tacit_domain::caller::{Meter, Origin};

use super::client_ip::ClientIp;

/// A `User-Agent` is cut to this many characters; it is shown to its owner, not parsed.
const USER_AGENT_MAX: usize = 256;

/// The client's address and program, as stored with a session.
pub(crate) struct Source(pub Origin);

/// The same outside an operation's arguments.
pub(crate) fn origin_of(request: &Request) -> Origin {
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        ip: request.data::<ClientIp>().and_then(|client| client.0),
        user_agent: user_agent.map(|text| text.chars().take(USER_AGENT_MAX).collect()),
        meter: request.data::<Meter>().cloned().unwrap_or_default(),
    }
}

impl<'a> FromRequest<'a> for Source {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(Self(origin_of(request)))
    }
}
