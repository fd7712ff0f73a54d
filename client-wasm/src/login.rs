//! A login: the password is proved first, then the server has to.

use tacit_shared::confirm::{self, Session};
use tacit_shared::encoding;
use tacit_shared::srp::Proof;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::Error;
use tacit_shared::preset::Preset;

use crate::attempt::{Attempt, Challenge, find_preset};
use crate::password::{Password, Place};

/// One login, from the server's challenge to the server's proof.
#[wasm_bindgen]
pub struct LoginAttempt {
    attempt: Attempt,
    is_outdated: bool,
}

#[wasm_bindgen]
impl LoginAttempt {
    /// Reads the server's challenge and stretches the password as it says.
    ///
    /// # Errors
    /// [`Error`] for a host outside the realm, a password that cannot be one, and a challenge that breaks the protocol:
    /// a preset not in the client's table, or a value out of its range.
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
    ) -> Result<LoginAttempt, Error> {
        let challenge = Challenge { identity, salt, preset, server_public };
        let attempt = Attempt::derive(Password::new(typed, normalised), &Place { realm, host }, &challenge)?;
        Ok(Self { attempt, is_outdated: find_preset(preset).is_some_and(Preset::is_below_default) })
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
    /// [`Error::Internal`] before [`LoginAttempt::prove`].
    #[wasm_bindgen(getter, js_name = A)]
    pub fn public(&self) -> Result<String, Error> {
        Ok(self.attempt.proof()?.public.to_hex())
    }

    /// The client's proof, 64 hex digits.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`LoginAttempt::prove`].
    #[wasm_bindgen(getter, js_name = M1)]
    pub fn client_proof(&self) -> Result<String, Error> {
        Ok(self.attempt.proof()?.proof.to_hex())
    }

    /// Whether the credential is weaker than the default of today, by the client's own table.
    #[must_use]
    #[wasm_bindgen(getter, js_name = isOutdated)]
    pub fn is_outdated(&self) -> bool {
        self.is_outdated
    }

    /// Whether the server proved that it holds the verifier, and the session is the one that it meant.
    ///
    /// The attempt is used up: a server has one try.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`LoginAttempt::prove`].
    #[expect(clippy::too_many_arguments, reason = "JavaScript passes fields, not structs")]
    pub fn verify(
        self,
        server_proof: &str,
        confirm: &str,
        user_id: &str,
        session_id: &str,
        access_token: &str,
        refresh_token: Option<String>,
        token_type: &str,
        expires_in: u32,
        device_token: Option<String>,
    ) -> Result<bool, Error> {
        let (refresh_token, device_token) = (refresh_token.map(Zeroizing::new), device_token.map(Zeroizing::new));
        let proof = self.attempt.proof()?;
        let (Ok(server_proof), Ok(confirm)) = (Proof::parse(server_proof), encoding::parse_hex_exact::<32>(confirm))
        else {
            return Ok(false);
        };
        let session = Session {
            user_id,
            session_id,
            access_token,
            refresh_token: refresh_token.as_ref().map(|token| token.as_str()),
            token_type,
            expires_in: expires_in.into(),
            device_token: device_token.as_ref().map(|token| token.as_str()),
        };
        Ok(proof.server_proved(&server_proof) && confirm::verify(&proof.key, &session, &confirm))
    }
}

#[cfg(test)]
mod tests;
