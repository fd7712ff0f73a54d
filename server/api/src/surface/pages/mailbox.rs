//! The demo's mailbox: the mails a demo kept instead of sending them.

use std::net::{IpAddr, SocketAddr};

use poem::http::header;
use poem::{Endpoint, Request, Response, Result, RouteMethod, get};
use poem_openapi::Object;
use poem_openapi::types::ToJSON;
use serde::Deserialize;
use tacit_domain::fault::Internal;
use tacit_domain::mailbox::{DemoMail, Mailbox};
use tacit_shared::codes::Code;
use uuid::Uuid;

use crate::http::fail::{Fail, Plain};
use crate::http::problem::Refusal;
use crate::http::time::Moment;

/// `GET /demo/mailbox/mails?to=…`: the mails to an address, or all, newest first.
pub(super) fn mails(mailbox: Mailbox) -> RouteMethod {
    get(Mails(mailbox))
}

/// Lets through what was addressed to this machine by a name of its own.
///
/// The demo listens on the loopback address, but a page from elsewhere runs in a browser on this machine. It may have its
/// own name lead here (DNS rebinding) and then read answers as its own; what it cannot do is call itself `localhost`.
pub(super) async fn of_this_machine(request: Request) -> Result<Request> {
    let host =
        request.uri().authority().map(poem::http::uri::Authority::as_str).or_else(|| request.header(header::HOST));
    if host.is_some_and(is_local) { Ok(request) } else { Err(Refusal::new(Code::NotFound).into()) }
}

fn is_local(host: &str) -> bool {
    let address =
        host.parse().map(|address: SocketAddr| address.ip()).or_else(|_| host.trim_matches(['[', ']']).parse());
    address.map_or_else(|_| is_local_name(host), |address: IpAddr| address.is_loopback())
}

fn is_local_name(host: &str) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

struct Mails(Mailbox);

#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
}

#[derive(Object)]
struct MailList {
    mails: Vec<Mail>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Mail {
    id: Uuid,
    to: String,
    subject: String,
    text: String,
    html: Option<String>,
    created_at: Moment,
}

impl Endpoint for Mails {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let wanted: Wanted = request.params()?;
        let mails =
            self.0.list(wanted.to.as_deref()).await.map_err(|error| Fail::<Plain>::from(Internal::from(error)))?;
        let list = MailList { mails: mails.into_iter().map(Mail::from).collect() };
        let response = Response::builder().content_type("application/json").header(header::CACHE_CONTROL, "no-store");
        Ok(response.body(list.to_json_string()))
    }
}

impl From<DemoMail> for Mail {
    fn from(mail: DemoMail) -> Self {
        Self {
            id: mail.id.as_uuid(),
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            created_at: mail.created_at.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_local() {
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST:80",
            "a.localhost:1",
            "127.0.0.1",
            "127.9.9.9:80",
            "[::1]:80",
            "::1",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "xlocalhost",
            "127.0.0.1.evil.example",
            "0.0.0.0:80",
            "192.168.0.1",
            "[2001:db8::1]:80",
            "localhost@evil.example",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
