//! Changing a password.

use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use tacit_domain::fault::InvalidInput;
use tacit_domain::identities::Identities;
use tacit_domain::passwords as domain;
use tacit_shared::codes::Code;
use tacit_shared::messages::{Challenge, PasswordChangeStart, PasswordSet, SealedProof};

use super::Tag;
use crate::http::answer::{NoContent, Proved};
use crate::http::auth::JwtAuth;
use crate::http::body::{Body, OptionalBody};
use crate::http::fail::{Fail, Failures};

/// Operations on the caller's password.
#[derive(Clone)]
pub(crate) struct Passwords {
    passwords: domain::Passwords,
    identities: Identities,
}

impl Passwords {
    /// Over a live domain.
    pub(crate) fn new(passwords: domain::Passwords, identities: Identities) -> Self {
        Self { passwords, identities }
    }
}

/// What a challenge to somebody who has logged in can end in.
pub(super) enum Beginning {}

impl Failures for Beginning {
    const CODES: &'static [Code] = &[Code::PasswordMissing, Code::SrpBusy];
}

enum Confirming {}

impl Failures for Confirming {
    const CODES: &'static [Code] = &[
        Code::SealedInvalid,
        Code::UpgradeRefused,
        Code::ProofRejected,
        Code::HandshakeExpired,
        Code::HandshakeSpent,
        Code::HandshakeInvalid,
        Code::CredentialReplaced,
        Code::LoginLocked,
        Code::TooManyAttempts,
        Code::SrpBusy,
    ];
}

enum Setting {}

impl Failures for Setting {
    const CODES: &'static [Code] = &[Code::StepUpRequired, Code::PasswordExists, Code::TooManyRequests];
}

#[OpenApi(prefix_path = "/api/auth/srp/password", tag = "Tag::Password")]
impl Passwords {
    /// Begin a change of password
    ///
    /// Answers with what the proof of the current password needs, as in a login. With `purpose` of `upgrade` a client
    /// renews, under the same password, a credential that is below the default preset. No body is as good as an empty one.
    #[oai(path = "/change/initiate", method = "post", operation_id = "begin_password_change")]
    async fn begin(
        &self,
        caller: JwtAuth,
        body: OptionalBody<PasswordChangeStart>,
    ) -> Result<Json<Challenge>, Fail<Beginning>> {
        Ok(Json(self.passwords.begin(&caller.0, &body.0).await?))
    }

    /// Change the password
    ///
    /// Checks the proof of the current password and takes the new credential out of `sealed`, which is encrypted under
    /// the key of this very proof, for this session and operation. The header `M2` has the server's own proof.
    ///
    /// The caller's other sessions end, unless what is sealed says `keep_other_sessions`; devices count as new, pending
    /// resets are void, and a mail tells the owner. An upgrade does none of this. A wrong password changes nothing.
    #[oai(path = "/change/confirm", method = "post", operation_id = "confirm_password_change")]
    async fn confirm(&self, caller: JwtAuth, body: Body<SealedProof>) -> Result<Proved, Fail<Confirming>> {
        let proof = self.passwords.confirm(&caller.0, body.0.try_into()?).await?;
        Ok(Proved(proof.to_hex()))
    }

    /// Set a first password
    ///
    /// For an account that has none, because a provider's word made it. Needs a step-up, which for such an account a linked
    /// provider gives. A mail tells the owner.
    #[oai(path = "/set", method = "post", operation_id = "set_password")]
    async fn set(&self, caller: JwtAuth, body: Body<PasswordSet>) -> Result<NoContent, Fail<Setting>> {
        let parsed = body.0.credential.parse().map_err(|error| InvalidInput::from(error.within("credential")))?;
        self.identities.set_password(&caller.0, parsed).await?;
        Ok(NoContent)
    }
}
