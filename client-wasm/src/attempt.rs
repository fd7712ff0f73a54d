//! A proof of the password, whatever it is for: a login, or what a person who is signed in authorises.
//!
//! What needs no challenge can be done before there is one, what needs no password before there is that: the client's public
//! value is drawn and the memory for the stretching is made while the server answers.

use tacit_shared::confirm::{self, Session};
use tacit_shared::encoding;
use tacit_shared::kdf::Memory;
use tacit_shared::preset::{self, Preset};
use tacit_shared::sealed::{self, Context, Purpose};
use tacit_shared::srp::client::{self, ClientProof, Ephemeral};
use tacit_shared::srp::{Identity, Proof, PublicValue, Salt};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::entropy::Platform;
use crate::password::{Password, Place};
use crate::{Error, NewCredential};

/// One handshake, from nothing to the server's proof.
#[wasm_bindgen]
#[derive(Default)]
pub struct Attempt {
    memory: Memory,
    ephemeral: Option<Ephemeral>,
    // Where they stay: the attempt itself moves when it is verified, and what moves leaves a copy behind.
    derived: Option<Box<Derived>>,
    proof: Option<Box<ClientProof>>,
}

/// What the password became.
struct Derived {
    identity: Identity,
    salt: Salt,
    preset: &'static Preset,
    private_key: Zeroizing<[u8; 32]>,
}

#[wasm_bindgen]
impl Attempt {
    /// One that nothing was done for yet.
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new() -> Attempt {
        Self::default()
    }

    /// Does what depends on neither the password nor the challenge, as for a credential of today's default; for another one
    /// it is done again.
    #[wasm_bindgen(js_name = prepare)]
    pub fn prepare(&mut self) {
        // Where the memory is lacking, the stretching will say so.
        self.memory = Memory::new(preset::DEFAULT).unwrap_or_default();
        self.ephemeral = Some(Ephemeral::new(preset::DEFAULT.group, &Platform));
    }

    /// Stretches the password as a credential needs it.
    ///
    /// # Errors
    /// [`Error`] for a host outside the realm, a password that cannot be one, a preset not in the client's table, and an
    /// identity or salt that breaks the protocol.
    #[expect(clippy::too_many_arguments, reason = "JavaScript passes fields, not structs")]
    pub fn derive(
        &mut self,
        typed: Vec<u8>,
        normalised: Vec<u8>,
        realm: &str,
        host: &str,
        identity: &str,
        salt: &str,
        preset: u32,
    ) -> Result<(), Error> {
        let password = Password::new(typed, normalised);
        let preset = find_preset(preset).ok_or(Error::PresetUnknown)?;
        let identity = Identity::parse(identity).map_err(|_| Error::ChallengeInvalid)?;
        let salt = Salt::parse(salt).map_err(|_| Error::ChallengeInvalid)?;
        let secrets = password.derive(&mut self.memory, &Place { realm, host }, &identity, &salt, preset)?;
        let private_key = client::private_key(&identity, &salt, secrets.login.as_bytes());
        self.derived = Some(Box::new(Derived { identity, salt, preset, private_key }));
        Ok(())
    }

    /// Refuses a server's public value that is out of its range, before the password is touched.
    ///
    /// # Errors
    /// [`Error::PresetUnknown`] and [`Error::ChallengeInvalid`].
    pub fn check(&self, preset: u32, server_public: &str) -> Result<(), Error> {
        let group = find_preset(preset).ok_or(Error::PresetUnknown)?.group;
        PublicValue::parse_hex(group, server_public).map(drop).map_err(|_| Error::ChallengeInvalid)
    }

    /// Computes the proof for the server's public value; once only.
    ///
    /// # Errors
    /// [`Error::ChallengeInvalid`] for a value out of its range, or where the two public values scramble to zero;
    /// [`Error::Internal`] before [`Attempt::derive`], and a second time.
    pub fn prove(&mut self, server_public: &str) -> Result<(), Error> {
        let derived = self.derived.as_ref().filter(|_| self.proof.is_none()).ok_or(Error::Internal)?;
        let Derived { identity, salt, preset, private_key } = &**derived;
        let server_public = PublicValue::parse_hex(preset.group, server_public).map_err(|_| Error::ChallengeInvalid)?;
        let ahead = self.ephemeral.take().filter(|ephemeral| ephemeral.public().group() == preset.group);
        let proof = ahead
            .unwrap_or_else(|| Ephemeral::new(preset.group, &Platform))
            .prove(identity, salt, private_key, &server_public)
            .map_err(|_| Error::ChallengeInvalid)?;
        self.proof = Some(Box::new(proof));
        Ok(())
    }

    /// Wipes what the proof was made from and is not needed any more. That takes a while, so nobody need wait for it.
    pub fn wipe(&mut self) {
        self.memory = Memory::default();
        if let Some(derived) = &mut self.derived {
            derived.private_key.fill(0);
        }
    }

    /// The client's public value in hex, as long as the group.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Attempt::prove`].
    #[wasm_bindgen(getter, js_name = A)]
    pub fn public(&self) -> Result<String, Error> {
        Ok(self.proof()?.public.to_hex())
    }

    /// The client's proof, 64 hex digits.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Attempt::prove`].
    #[wasm_bindgen(getter, js_name = M1)]
    pub fn client_proof(&self) -> Result<String, Error> {
        Ok(self.proof()?.proof.to_hex())
    }

    /// Whether the credential is weaker than the default of today, by the client's own table.
    #[must_use]
    #[wasm_bindgen(getter, js_name = isOutdated)]
    pub fn is_outdated(&self) -> bool {
        self.derived.as_ref().is_some_and(|derived| derived.preset.is_below_default())
    }

    /// Seals the credential of another password, and whether the person's other sessions go on.
    ///
    /// # Errors
    /// [`Error::SelfCheckFailed`] for a credential that was not tried; [`Error::Internal`] before [`Attempt::prove`].
    #[wasm_bindgen(js_name = sealChange)]
    pub fn seal_change(
        &self,
        session_id: &str,
        credential: &NewCredential,
        keep_other_sessions: bool,
    ) -> Result<String, Error> {
        let keep = if keep_other_sessions { "true" } else { "false" };
        let parts = [r#"{"credential":"#, &credential.to_json()?, r#","keep_other_sessions":"#, keep, "}"];
        self.seal(Purpose::Change, session_id, &parts)
    }

    /// Seals the credential of the same password under today's preset.
    ///
    /// # Errors
    /// As [`Attempt::seal_change`].
    #[wasm_bindgen(js_name = sealUpgrade)]
    pub fn seal_upgrade(&self, session_id: &str, credential: &NewCredential) -> Result<String, Error> {
        self.seal(Purpose::Upgrade, session_id, &[r#"{"credential":"#, &credential.to_json()?, "}"])
    }

    /// Seals nothing: the proof itself is what counts.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Attempt::prove`].
    #[wasm_bindgen(js_name = sealStepUp)]
    pub fn seal_step_up(&self, session_id: &str) -> Result<String, Error> {
        self.seal(Purpose::StepUp, session_id, &[])
    }

    /// Whether the server proved that it holds the verifier.
    ///
    /// The attempt is used up: a server has one try.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Attempt::prove`].
    #[wasm_bindgen(js_name = verifyServer)]
    pub fn verify_server(self, server_proof: &str) -> Result<bool, Error> {
        self.server_proved(server_proof)
    }

    /// Whether the server proved that it holds the verifier, and the session is the one that it meant.
    ///
    /// The attempt is used up: a server has one try.
    ///
    /// # Errors
    /// [`Error::Internal`] before [`Attempt::prove`].
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
        let Ok(confirm) = encoding::parse_hex_exact::<32>(confirm) else { return Ok(false) };
        let session = Session {
            user_id,
            session_id,
            access_token,
            refresh_token: refresh_token.as_ref().map(|token| token.as_str()),
            token_type,
            expires_in: expires_in.into(),
            device_token: device_token.as_ref().map(|token| token.as_str()),
        };
        Ok(self.server_proved(server_proof)? && confirm::verify(&proof.key, &session, &confirm))
    }
}

impl Attempt {
    fn proof(&self) -> Result<&ClientProof, Error> {
        self.proof.as_deref().ok_or(Error::Internal)
    }

    fn server_proved(&self, server_proof: &str) -> Result<bool, Error> {
        let proof = self.proof()?;
        Ok(Proof::parse(server_proof).is_ok_and(|server_proof| proof.server_proved(&server_proof)))
    }

    fn seal(&self, purpose: Purpose, session_id: &str, parts: &[&str]) -> Result<String, Error> {
        let context = Context::of(purpose, session_id).ok_or(Error::Internal)?;
        let plain = Zeroizing::new(parts.concat());
        sealed::seal(&self.proof()?.key, context, plain.as_bytes(), &Platform).map_err(|_| Error::Internal)
    }
}

/// The preset of a number that came from JavaScript; one that would wrap to another is none.
fn find_preset(number: u32) -> Option<&'static Preset> {
    u16::try_from(number).ok().and_then(preset::find)
}

#[cfg(test)]
mod tests;
