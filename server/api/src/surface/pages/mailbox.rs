//! The demo's mailbox: the mails a demo kept instead of sending them.

use poem::http::header;
use poem::{Endpoint, Request, Response, Result, RouteMethod, get};
use poem_openapi::Object;
use poem_openapi::types::ToJSON;
use serde::Deserialize;
use tacit_domain::fault::Internal;
use tacit_domain::mailbox::{DemoMail, Mailbox};
use uuid::Uuid;

use crate::http::fail::{Fail, Plain};
use crate::http::time::Moment;

/// `GET /demo/mailbox/mails?to=…`: the mails to an address, or all, newest first.
pub(super) fn mails(mailbox: Mailbox) -> RouteMethod {
    get(Mails(mailbox))
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
