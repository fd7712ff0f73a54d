//! A signed-in person's proof for something else than a login: it seals what it authorises, then the server has to prove
//! itself.

use tacit_shared::sealed::{self, Context, Purpose};
use tacit_shared::srp::Proof;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::attempt::{Attempt, Challenge};
use crate::entropy::Platform;
use crate::password::{Password, Place};
use crate::{Error, NewCredential};

/// One such proof, from the server's challenge to the server's proof.
#[wasm_bindgen]
pub struct Authorisation {
    attempt: Attempt,
}

#[wasm_bindgen]
impl Authorisation {
    /// Reads the server's challenge and stretches the password as it says.
    ///
    /// # Errors
    /// As [`LoginAttempt::derive`](crate::LoginAttempt::derive).
    #[expect(clippy::too_many_arguments, reason = "JavaScript passes fields, not structs")]
    pub fn derive(
        typed: Vec<u8>,
        normalised: Vec<u8>,
        realm: &str,
        host: &str,
        identity: &str,
        salt: &str,
        preset: u32,
        server_public: &str,
    ) -> Result<Authorisation, Error> {
        let challenge = Challenge { identity, salt, preset, server_public };
        let attempt = Attempt::derive(Password::new(typed, normalised), &Place { realm, host }, &challenge)?;
        Ok(Self { attempt })
    }

    /// Draws the client's ephemeral value and computes the proof.
    ///
    /// # Errors
    /// [`Error::ChallengeInvalid`] where the two public values scramble to zero; [`Error::Internal`] a second time.
    pub fn prove(&mut self) -> Result<(), Error> {
        self.attempt.prove()
    }

    /// The client's public value in hex, as long as the group.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Authorisation::prove`].
    #[wasm_bindgen(getter, js_name = A)]
    pub fn public(&self) -> Result<String, Error> {
        Ok(self.attempt.proof()?.public.to_hex())
    }

    /// The client's proof, 64 hex digits.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Authorisation::prove`].
    #[wasm_bindgen(getter, js_name = M1)]
    pub fn client_proof(&self) -> Result<String, Error> {
        Ok(self.attempt.proof()?.proof.to_hex())
    }

    /// Seals the credential of another password, and whether the person's other sessions go on.
    ///
    /// # Errors
    /// [`Error::SelfCheckFailed`] for a credential that was not tried; [`Error::Internal`] before
    /// [`Authorisation::prove`].
    #[wasm_bindgen(js_name = sealChange)]
    pub fn seal_change(
        &self,
        session_id: &str,
        credential: &NewCredential,
        keep_other_sessions: bool,
    ) -> Result<String, Error> {
        let credential = credential.to_json()?;
        let content = format!(r#"{{"credential":{credential},"keep_other_sessions":{keep_other_sessions}}}"#);
        self.seal(Purpose::Change, session_id, content.as_bytes())
    }

    /// Seals the credential of the same password under today's preset.
    ///
    /// # Errors
    /// As [`Authorisation::seal_change`].
    #[wasm_bindgen(js_name = sealUpgrade)]
    pub fn seal_upgrade(&self, session_id: &str, credential: &NewCredential) -> Result<String, Error> {
        let content = format!(r#"{{"credential":{}}}"#, credential.to_json()?);
        self.seal(Purpose::Upgrade, session_id, content.as_bytes())
    }

    /// Seals nothing: the proof itself is what counts.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Authorisation::prove`].
    #[wasm_bindgen(js_name = sealStepUp)]
    pub fn seal_step_up(&self, session_id: &str) -> Result<String, Error> {
        self.seal(Purpose::StepUp, session_id, b"")
    }

    /// Whether the server proved that it holds the verifier.
    ///
    /// The proof is used up: a server has one try.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Authorisation::prove`].
    pub fn verify(self, server_proof: &str) -> Result<bool, Error> {
        let proof = self.attempt.proof()?;
        Ok(Proof::parse(server_proof).is_ok_and(|server_proof| proof.server_proved(&server_proof)))
    }
}

impl Authorisation {
    fn seal(&self, purpose: Purpose, session_id: &str, plaintext: &[u8]) -> Result<String, Error> {
        let context = Context::of(purpose, session_id).ok_or(Error::Internal)?;
        sealed::seal(&self.attempt.proof()?.key, context, plaintext, &Platform).map_err(|_| Error::Internal)
    }
}

#[cfg(test)]
mod tests;
