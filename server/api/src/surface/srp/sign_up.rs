//! Making an account: check, sign up, have the mail sent again, activate.

use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use tacit_domain::sign_ups::{Availability, SignUps};
use tacit_shared::codes::Code;
use tacit_shared::messages::{
    self, Activate, Activated, ActivationResent, ResendActivation, SignUpAccepted, SignUpCheck, SignUpCheckResult,
};

use super::Tag;
use crate::http::answer::Created;
use crate::http::body::Body;
use crate::http::fail::{Fail, Failures};
use crate::http::source::Source;

/// Operations around signing up.
#[derive(Clone)]
pub(crate) struct SignUp {
    sign_ups: SignUps,
}

impl SignUp {
    /// Over a live domain.
    pub(crate) fn new(sign_ups: SignUps) -> Self {
        Self { sign_ups }
    }
}

enum Checking {}

impl Failures for Checking {
    const CODES: &'static [Code] = &[Code::AccountExists];
}

enum SigningUp {}

impl Failures for SigningUp {
    const CODES: &'static [Code] = &[Code::RegistrationDisabled, Code::AccountExists, Code::TooManyRequests];
}

enum Resending {}

impl Failures for Resending {
    const CODES: &'static [Code] =
        &[Code::AccountUnknown, Code::AccountAlreadyActivated, Code::ResendTooSoon, Code::TooManyRequests];
}

enum Activating {}

impl Failures for Activating {
    const CODES: &'static [Code] = &[Code::ActivationInvalid, Code::AccountUnknown, Code::TooManyAttempts];
}

#[OpenApi(prefix_path = "/api/auth/srp/sign-up", tag = "Tag::SignUp")]
impl SignUp {
    /// Check whether an address can sign up
    ///
    /// The answer is `undisclosed`, whatever the address: who has an account here is nobody's business. An
    /// installation with `reveal_accounts` answers `available`, or 409 for an address that has an account.
    #[oai(path = "/check", method = "post", operation_id = "check_sign_up")]
    async fn check(&self, body: Body<SignUpCheck>) -> Result<Json<SignUpCheckResult>, Fail<Checking>> {
        let availability = match self.sign_ups.check(body.0.try_into()?).await? {
            Availability::Undisclosed => messages::Availability::Undisclosed,
            Availability::Available => messages::Availability::Available,
        };
        Ok(Json(SignUpCheckResult { availability }))
    }

    /// Sign up
    ///
    /// Stores a pending credential and mails a link and a code that activate it. The answer is the same for an address
    /// that already has an account; its owner is told by mail. Keep the `ticket`: it asks for the mail again, and it
    /// lets the person prove their password before the activation.
    #[oai(path = "/", method = "post", operation_id = "sign_up")]
    async fn sign_up(
        &self,
        body: Body<messages::SignUp>,
        source: Source,
    ) -> Result<Created<SignUpAccepted>, Fail<SigningUp>> {
        let accepted = self.sign_ups.sign_up(body.0.try_into()?, &source.0).await?;
        Ok(Created(SignUpAccepted {
            ticket: accepted.ticket.to_string(),
            expires_in: accepted.expires_in,
            resend_after: accepted.resend_after,
        }))
    }

    /// Have the activation mail sent again
    ///
    /// At most once a minute for one ticket. An unknown address or ticket gets the same answer and no mail. By the
    /// address alone it works only with `reveal_accounts`, which also answers 404 and 409.
    #[oai(path = "/verification", method = "post", operation_id = "resend_activation")]
    async fn resend(
        &self,
        body: Body<ResendActivation>,
        source: Source,
    ) -> Result<Json<ActivationResent>, Fail<Resending>> {
        let resend_after = self.sign_ups.resend(body.0.try_into()?, &source.0).await?;
        Ok(Json(ActivationResent { resend_after }))
    }

    /// Activate an account
    ///
    /// By the `token` of the mailed link, or by `auth_id` and the typed `code`. It activates the credential of that very
    /// sign-up and drops all others of the address. An account made by an administrator has none yet: its link takes the
    /// person's first `credential` along.
    #[oai(path = "/activate", method = "post", operation_id = "activate")]
    async fn activate(&self, body: Body<Activate>, source: Source) -> Result<Json<Activated>, Fail<Activating>> {
        let address = self.sign_ups.activate(body.0.try_into()?, &source.0).await?;
        Ok(Json(Activated { auth_id: address.as_str().to_owned() }))
    }
}
