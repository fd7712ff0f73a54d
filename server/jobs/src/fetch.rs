//! Asks other servers on the domain's behalf, and only those that may be asked
//!
//! Addresses come from the configuration and from what providers publish. So that none of them leads into a network where
//! it has no business (server-side request forgery), names are resolved here and addresses outside the reach are dropped
//! before a connection is made; no redirect is followed and no proxy of the environment is used.

use std::error::Error as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, header, redirect};
use tacit_domain::seams::{Fetch, FetchError, FetchRequest, Fetched, Fetching, Reach};
use url::Host;
use zeroize::Zeroizing;

/// How long a request and its whole answer may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);
/// Connections kept open to one server.
const KEPT_OPEN: usize = 4;
/// GitHub refuses requests of nobody.
const NAME: &str = concat!("tacit/", env!("CARGO_PKG_VERSION"));

/// The way to other servers. Clients are made when they are first needed.
#[derive(Default)]
pub struct Fetcher {
    public: OnceLock<Option<Client>>,
    internal: OnceLock<Option<Client>>,
    this_machine: OnceLock<Option<Client>>,
}

impl Fetch for Fetcher {
    fn fetch<'a>(&'a self, request: FetchRequest<'a>) -> Fetching<'a> {
        Box::pin(self.ask(request))
    }
}

impl Fetcher {
    fn client(&self, reach: Reach) -> Result<&Client, FetchError> {
        let place = match reach {
            Reach::Public => &self.public,
            Reach::Internal => &self.internal,
            Reach::ThisMachine => &self.this_machine,
        };
        let made = place.get_or_init(|| match client(reach) {
            Ok(client) => Some(client),
            Err(error) => {
                tracing::error!(%error, "no way to other servers");
                None
            }
        });
        made.as_ref().ok_or_else(|| FetchError::Failed("no client; are there certificate authorities?".to_owned()))
    }

    async fn ask(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        if !request.reach.allows(request.url) || !is_in_reach(request.url.host().as_ref(), request.reach) {
            return Err(FetchError::OutOfReach);
        }
        let client = self.client(request.reach)?;
        let mut asked = match &request.form {
            None => client.get(request.url.clone()),
            Some(form) => client
                .post(request.url.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.to_string()),
        };
        for (name, value) in &request.headers {
            let mut value = header::HeaderValue::from_str(value)
                .map_err(|_| FetchError::Failed("a header cannot be written".to_owned()))?;
            value.set_sensitive(true);
            asked = asked.header(*name, value);
        }
        read(asked.send().await.map_err(failed)?, request.longest).await
    }
}

async fn read(mut response: Response, longest: usize) -> Result<Fetched, FetchError> {
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |length| length > longest) {
        return Err(FetchError::TooLong);
    }
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    let status = response.status().as_u16();
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > longest {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { status, media_type, body })
}

/// What went wrong, without the address: a query may hold a secret.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(error: reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::TimedOut;
    }
    let mut cause = error.source();
    let mut last = String::new();
    while let Some(next) = cause {
        last = next.to_string();
        cause = next.source();
    }
    FetchError::Failed(last)
}

fn client(reach: Reach) -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(NAME)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .timeout(DEADLINE)
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(KEPT_OPEN)
        .https_only(reach != Reach::ThisMachine)
        .dns_resolver(Arc::new(Within(reach)))
        .build()
}

/// Resolves names to addresses within a reach.
struct Within(Reach);

impl Resolve for Within {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip(), reach)).collect();
            if allowed.is_empty() {
                return Err("its name leads to no address that may be asked".into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

/// An address that stands in the URL itself is not resolved.
fn is_in_reach(host: Option<&Host<&str>>, reach: Reach) -> bool {
    match host {
        Some(Host::Ipv4(address)) => is_allowed((*address).into(), reach),
        Some(Host::Ipv6(address)) => is_allowed((*address).into(), reach),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

fn is_allowed(address: IpAddr, reach: Reach) -> bool {
    let inner = match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
    };
    match reach {
        Reach::ThisMachine => inner.is_loopback(),
        Reach::Internal => !is_never(inner),
        Reach::Public => !is_never(inner) && is_public(inner),
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, by NAT64 (RFC 6052) or by 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match parts {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => address.to_ipv4_mapped(),
    }
}

/// This machine, the link (where clouds keep their secrets), and everybody at once.
fn is_never(address: IpAddr) -> bool {
    let on_link = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets().first() == Some(&0),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    address.is_loopback() || address.is_unspecified() || address.is_multicast() || on_link
}

/// Whether an address is one of the internet's (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let special = match v4.octets() {
                [100, second, ..] => (64..128).contains(&second),
                [192, 0, 0, _] | [240..=255, ..] => true,
                [198, second, ..] => second == 18 || second == 19,
                _ => false,
            };
            !(v4.is_private() || v4.is_documentation() || special)
        }
        // What was ever given out, less what is for documentation and for protocols.
        IpAddr::V6(v6) => match v6.segments() {
            [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
            [0x3fff, second, ..] if second < 0x1000 => false,
            [first, ..] => (0x2000..0x4000).contains(&first),
        },
    }
}

#[cfg(test)]
mod tests;
