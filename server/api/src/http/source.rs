//! What a request tells about where it comes from.

use poem::http::header;
use poem::{FromRequest, Request, RequestBody, Result};
use tacit_domain::caller::{Meter, Origin};

use super::client_ip::ClientIp;

/// A `User-Agent` is cut to this many characters; it is shown to its owner, not parsed.
const USER_AGENT_MAX: usize = 256;

/// The client's address and program, as stored with a session.
pub(crate) struct Source(pub Origin);

impl<'a> FromRequest<'a> for Source {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let ClientIp(client) = ClientIp::from_request(request, body).await?;
        let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self(Origin {
            ip: client,
            user_agent: user_agent.map(|text| text.chars().take(USER_AGENT_MAX).collect()),
            meter: request.data::<Meter>().cloned().unwrap_or_default(),
        }))
    }
}
