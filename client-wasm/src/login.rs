//! A login: the password is proved first, then the server has to.

use tacit_shared::confirm::{self, Session};
use tacit_shared::encoding;
use tacit_shared::preset::{self, Preset};
use tacit_shared::srp::client::{self, ClientProof, Ephemeral};
use tacit_shared::srp::{Identity, Proof, PublicValue, Salt};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::Error;
use crate::entropy::Platform;
use crate::password::{Password, Place};

/// One login, from the server's challenge to the server's proof.
#[wasm_bindgen]
pub struct LoginAttempt {
    step: Step,
}

/// How far the login is.
enum Step {
    Derived(Box<Derived>),
    Proved(Box<ClientProof>),
}

/// What the proof is computed from.
struct Derived {
    identity: Identity,
    salt: Salt,
    preset: &'static Preset,
    server_public: PublicValue,
    private_key: Zeroizing<[u8; 32]>,
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
        let password = Password::new(typed, normalised);
        let preset = u16::try_from(preset).ok().and_then(preset::find).ok_or(Error::PresetUnknown)?;
        let identity = Identity::parse(identity).map_err(|_| Error::ChallengeInvalid)?;
        let salt = Salt::parse(salt).map_err(|_| Error::ChallengeInvalid)?;
        let server_public = PublicValue::parse_hex(preset.group, server_public).map_err(|_| Error::ChallengeInvalid)?;
        let secrets = password.derive(&Place { realm, host }, &identity, &salt, preset)?;
        let private_key = client::private_key(&identity, &salt, secrets.login.as_bytes());
        Ok(Self { step: Step::Derived(Box::new(Derived { identity, salt, preset, server_public, private_key })) })
    }

    /// Draws the client's ephemeral value and computes the proof.
    ///
    /// # Errors
    /// [`Error::ChallengeInvalid`] where the two public values scramble to zero; [`Error::Internal`] a second time.
    pub fn prove(&mut self) -> Result<(), Error> {
        let Step::Derived(derived) = &self.step else { return Err(Error::Internal) };
        let Derived { identity, salt, preset, server_public, private_key } = &**derived;
        let proof = Ephemeral::new(preset.group, &Platform)
            .prove(identity, salt, private_key, server_public)
            .map_err(|_| Error::ChallengeInvalid)?;
        self.step = Step::Proved(Box::new(proof));
        Ok(())
    }

    /// The client's public value in hex, as long as the group.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`LoginAttempt::prove`].
    #[wasm_bindgen(getter, js_name = A)]
    pub fn public(&self) -> Result<String, Error> {
        Ok(self.proof()?.public.to_hex())
    }

    /// The client's proof, 64 hex digits.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`LoginAttempt::prove`].
    #[wasm_bindgen(getter, js_name = M1)]
    pub fn client_proof(&self) -> Result<String, Error> {
        Ok(self.proof()?.proof.to_hex())
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
        let proof = self.proof()?;
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

impl LoginAttempt {
    fn proof(&self) -> Result<&ClientProof, Error> {
        match &self.step {
            Step::Proved(proof) => Ok(proof),
            Step::Derived(_) => Err(Error::Internal),
        }
    }
}

#[cfg(test)]
mod tests;
