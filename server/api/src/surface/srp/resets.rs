//! Resetting a forgotten password.

use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use tacit_domain::resets as domain;
use tacit_shared::codes::Code;
use tacit_shared::messages::{ResetCompleted, ResetCompletion, ResetRequest, ResetRequested, ResetSecret, ResetValid};

use super::Tag;
use crate::http::body::Body;
use crate::http::fail::{Fail, Failures};
use crate::http::source::Source;

/// The steps of a reset.
#[derive(Clone)]
pub(crate) struct Resets {
    resets: domain::Resets,
}

impl Resets {
    /// Over a live domain.
    pub(crate) fn new(resets: domain::Resets) -> Self {
        Self { resets }
    }
}

enum Requesting {}

impl Failures for Requesting {
    const CODES: &'static [Code] = &[Code::ResendTooSoon, Code::TooManyRequests];
}

enum Validating {}

impl Failures for Validating {
    const CODES: &'static [Code] = &[Code::ResetInvalid, Code::TooManyAttempts];
}

enum Completing {}

impl Failures for Completing {
    const CODES: &'static [Code] = &[Code::ResetRefused, Code::TooManyAttempts];
}

#[OpenApi(prefix_path = "/api/auth/srp/password", tag = "Tag::Password")]
impl Resets {
    /// Ask for a password reset
    ///
    /// Mails a link and a code to the owner of the address, at most once a minute. The answer is the same, and comes at
    /// the same time, whether or not an account has the address; so is the 429 for asking again too soon. Mails that
    /// were sent before stay good until they expire.
    #[oai(path = "/reset", method = "post", operation_id = "request_password_reset")]
    async fn request(
        &self,
        body: Body<ResetRequest>,
        source: Source,
    ) -> Result<Json<ResetRequested>, Fail<Requesting>> {
        let requested = self.resets.request(body.0.try_into()?, &source.0).await?;
        let (expires_in, resend_after) = (requested.good_for.as_secs(), requested.resend_after.as_secs());
        Ok(Json(ResetRequested { expires_in, resend_after }))
    }

    /// Ask whether the secret of a reset is good
    ///
    /// Takes the `token` of the mailed link, or `auth_id` and the typed `code`, and does not spend it: a page can say
    /// early that a link is too old. Wrong codes are counted, together with those at completing.
    #[oai(path = "/reset/validate", method = "post", operation_id = "validate_password_reset")]
    async fn validate(&self, body: Body<ResetSecret>) -> Result<Json<ResetValid>, Fail<Validating>> {
        let valid = self.resets.validate(body.0.try_into()?).await?;
        Ok(Json(ResetValid { auth_id: valid.address, expires_in: valid.good_for.as_secs() }))
    }

    /// Set a new password
    ///
    /// Spends the secret and puts `credential` in the old one's place. Every session ends, every other reset is void,
    /// devices count as new, a login that was locked is open again, and a mail tells the owner. Nobody is signed in: log
    /// in with the new password. A credential that is not as documented leaves the secret unspent.
    #[oai(path = "/reset/complete", method = "post", operation_id = "complete_password_reset")]
    async fn complete(
        &self,
        body: Body<ResetCompletion>,
        source: Source,
    ) -> Result<Json<ResetCompleted>, Fail<Completing>> {
        let auth_id = self.resets.complete(body.0.try_into()?, &source.0).await?;
        Ok(Json(ResetCompleted { auth_id }))
    }
}
