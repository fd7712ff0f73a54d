//! The caller's own account: profile, address, everything stored, deletion.

mod export;

use poem::http::header;
use poem_openapi::OpenApi;
use poem_openapi::payload::{Json, Response};
use tacit_domain::Domain;
use tacit_domain::accounts::Accounts;
use tacit_domain::email_changes::EmailChanges;
use tacit_shared::codes::Code;
use tacit_shared::messages::{AccountUpdate, EmailChangeSecret, EmailChanged};

use self::export::AccountExport;
use super::Tag;
use crate::http::answer::{Attachment, NoContent, ResetContent};
use crate::http::auth::JwtAuth;
use crate::http::body::Body;
use crate::http::cookies::RefreshCookie;
use crate::http::fail::{Fail, Failures};
use crate::http::source::Source;

/// Operations on the caller's account.
#[derive(Clone)]
pub(crate) struct Users {
    accounts: Accounts,
    email_changes: EmailChanges,
    cookie: RefreshCookie,
}

impl Users {
    /// Over a live domain.
    pub(crate) fn new(domain: &Domain, cookie: RefreshCookie) -> Self {
        Self { accounts: domain.accounts.clone(), email_changes: domain.email_changes.clone(), cookie }
    }
}

enum Updating {}

impl Failures for Updating {
    const CODES: &'static [Code] = &[Code::StepUpRequired, Code::TooManyRequests];
}

enum Deleting {}

impl Failures for Deleting {
    const CODES: &'static [Code] = &[Code::StepUpRequired];
}

enum Exporting {}

impl Failures for Exporting {
    const CODES: &'static [Code] = &[Code::TooManyRequests];
}

enum ChangingEmail {}

impl Failures for ChangingEmail {
    const CODES: &'static [Code] = &[Code::EmailChangeInvalid];
}

// The slash at the end is a part of the path of the account itself.
#[OpenApi(prefix_path = "/api/auth/users/", tag = "Tag::Account")]
impl Users {
    /// Change the profile
    ///
    /// What is left out stays as it is; an empty `display_name` takes the name away. Another `email` asks for a step-up, and
    /// takes the place of the old one once the link in the mail to it was answered. Whether somebody has that address
    /// already is told to nobody but its owner. Where anything is refused nothing was changed.
    #[oai(path = "/", method = "put", operation_id = "update_account")]
    async fn update(&self, caller: JwtAuth, body: Body<AccountUpdate>) -> Result<ResetContent, Fail<Updating>> {
        self.accounts.update(&caller.0, body.0.try_into()?).await?;
        Ok(ResetContent)
    }

    /// Delete the account
    ///
    /// Erases at once everything that is stored about the caller, ends every session and says farewell by mail; needs a
    /// step-up. It cannot be taken back. The address can sign up again.
    #[oai(path = "/", method = "delete", operation_id = "delete_account")]
    async fn delete(&self, caller: JwtAuth) -> Result<Response<NoContent>, Fail<Deleting>> {
        self.accounts.delete(&caller.0).await?;
        Ok(Response::new(NoContent).header(header::SET_COOKIE, self.cookie.clear()))
    }

    /// Export everything stored about the caller
    ///
    /// As a file. Of the record of events it has the newest ten thousand, and says how many there are. At most ten times in
    /// an hour.
    #[oai(path = "/export", method = "get", operation_id = "export_account")]
    async fn export(&self, caller: JwtAuth) -> Result<Attachment<AccountExport>, Fail<Exporting>> {
        let export = self.accounts.export(&caller.0).await?;
        Ok(Attachment { name: "tacit-account.json", body: AccountExport::of(export, &caller.0) })
    }

    /// Confirm a new address
    ///
    /// By the `token` of the link that was mailed to it. From then on the account has this address; the old one gets a link
    /// that takes it back for seven days. The password and the sessions stay.
    #[oai(path = "/email/confirm", method = "post", operation_id = "confirm_email_change")]
    async fn confirm_email(
        &self,
        body: Body<EmailChangeSecret>,
        source: Source,
    ) -> Result<Json<EmailChanged>, Fail<ChangingEmail>> {
        Ok(Json(EmailChanged { email: self.email_changes.confirm(body.0.into(), &source.0).await? }))
    }

    /// Take a change of address back
    ///
    /// By the `token` of the link that was mailed to the old address, for seven days. The account has that address again,
    /// whatever was changed since, and every session ends.
    #[oai(path = "/email/undo", method = "post", operation_id = "undo_email_change")]
    async fn undo_email(
        &self,
        body: Body<EmailChangeSecret>,
        source: Source,
    ) -> Result<Json<EmailChanged>, Fail<ChangingEmail>> {
        Ok(Json(EmailChanged { email: self.email_changes.undo(body.0.into(), &source.0).await? }))
    }
}
