//! Showing the password again.

use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use tacit_domain::step_ups::StepUps;
use tacit_shared::codes::Code;
use tacit_shared::messages::{Challenge, SealedProof, SteppedUp};

use super::Tag;
use super::passwords::Beginning;
use crate::http::auth::JwtAuth;
use crate::http::body::Body;
use crate::http::fail::{Fail, Failures};

/// The two steps of a step-up.
#[derive(Clone)]
pub(crate) struct StepUp {
    step_ups: StepUps,
}

impl StepUp {
    /// Over a live domain.
    pub(crate) fn new(step_ups: StepUps) -> Self {
        Self { step_ups }
    }
}

enum Confirming {}

impl Failures for Confirming {
    const CODES: &'static [Code] = &[
        Code::SealedInvalid,
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

#[OpenApi(prefix_path = "/api/auth/srp/step-up", tag = "Tag::StepUp")]
impl StepUp {
    /// Begin a step-up
    ///
    /// Answers with what the proof of the password needs, as in a login.
    #[oai(path = "/initiate", method = "post", operation_id = "begin_step_up")]
    async fn begin(&self, caller: JwtAuth) -> Result<Json<Challenge>, Fail<Beginning>> {
        Ok(Json(self.step_ups.begin(&caller.0).await?))
    }

    /// Step up
    ///
    /// Checks the proof, whose `sealed` seals nothing, and lets this session do for ten minutes what otherwise answers
    /// 403 `step_up_required`. A login alone does not: a token that was stolen must not be able to.
    #[oai(path = "/confirm", method = "post", operation_id = "confirm_step_up")]
    async fn confirm(&self, caller: JwtAuth, body: Body<SealedProof>) -> Result<Json<SteppedUp>, Fail<Confirming>> {
        let stepped_up = self.step_ups.confirm(&caller.0, body.0.try_into()?).await?;
        Ok(Json(SteppedUp { m2: stepped_up.server_proof.to_hex(), expires_in: stepped_up.good_for.as_secs() }))
    }
}
