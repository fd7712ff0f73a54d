//! A new credential, for sign-up or in place of another one.

use tacit_shared::kdf::Memory;
use tacit_shared::preset::{self, Preset};
use tacit_shared::srp::{Identity, Salt, Verifier, client};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::Error;
use crate::entropy::Platform;
use crate::password::{Password, Place};

/// A credential made from a password. What it is made of can be read once it has been checked, not before.
#[wasm_bindgen]
pub struct NewCredential {
    identity: Identity,
    salt: Salt,
    preset: &'static Preset,
    private_key: Zeroizing<[u8; 32]>,
    verifier: Verifier,
    checked: bool,
}

#[wasm_bindgen]
impl NewCredential {
    /// Draws identity and salt, and stretches the password with the client's own default preset.
    ///
    /// # Errors
    /// [`Error`] for a host outside the realm and for a password that cannot be one.
    pub fn derive(typed: Vec<u8>, normalised: Vec<u8>, realm: &str, host: &str) -> Result<NewCredential, Error> {
        Self::with_preset(Password::new(typed, normalised), &Place { realm, host }, preset::DEFAULT)
    }

    /// Runs both sides of the protocol on the credential, as a login will.
    ///
    /// # Errors
    /// [`Error::SelfCheckFailed`] for one that does not verify: it must not be sent.
    pub fn check(&mut self) -> Result<(), Error> {
        let Self { identity, salt, preset, private_key, verifier, .. } = &*self;
        if !client::self_check(preset.group, identity, salt, private_key, verifier, &Platform) {
            return Err(Error::SelfCheckFailed);
        }
        self.checked = true;
        Ok(())
    }

    /// The SRP identity, 32 hex digits.
    #[must_use]
    #[wasm_bindgen(getter)]
    pub fn identity(&self) -> String {
        self.identity.as_str().to_owned()
    }

    /// The salt, 64 hex digits.
    #[must_use]
    #[wasm_bindgen(getter)]
    pub fn salt(&self) -> String {
        self.salt.to_hex()
    }

    /// The number of the preset.
    #[must_use]
    #[wasm_bindgen(getter)]
    pub fn preset(&self) -> u16 {
        self.preset.number
    }

    /// The verifier in hex, as long as the group.
    ///
    /// The text is JavaScript's from the start, so that the one here can be wiped; nobody can wipe JavaScript's.
    ///
    /// # Errors
    /// [`Error::SelfCheckFailed`] until [`NewCredential::check`] went well.
    #[wasm_bindgen(getter, unchecked_return_type = "string")]
    pub fn verifier(&self) -> Result<JsValue, Error> {
        Ok(JsValue::from_str(&self.verifier_hex()?))
    }
}

impl NewCredential {
    /// The message a body carries: digits and numbers only, so nothing needs escaping. Joined, not formatted, as all texts
    /// here: the machinery of formatting is not in the wasm. And at once: a text that grows leaves copies behind.
    ///
    /// # Errors
    /// [`Error::SelfCheckFailed`] until [`NewCredential::check`] went well.
    pub(crate) fn to_json(&self) -> Result<Zeroizing<String>, Error> {
        let (identity, salt, preset, verifier) = (self.identity(), self.salt(), self.preset(), self.verifier_hex()?);
        let preset = preset.to_string();
        let parts = [
            r#"{"identity":""#,
            &identity,
            r#"","salt":""#,
            &salt,
            r#"","preset":"#,
            &preset,
            r#","verifier":""#,
            &verifier,
            r#""}"#,
        ];
        Ok(Zeroizing::new(parts.concat()))
    }

    pub(crate) fn verifier_hex(&self) -> Result<Zeroizing<String>, Error> {
        if self.checked { Ok(Zeroizing::new(self.verifier.to_hex())) } else { Err(Error::SelfCheckFailed) }
    }

    fn with_preset(password: Password, place: &Place<'_>, preset: &'static Preset) -> Result<Self, Error> {
        let identity = Identity::random(&Platform);
        let salt = Salt::random(&Platform);
        let secrets = password.derive(&mut Memory::default(), place, &identity, &salt, preset)?;
        let private_key = client::private_key(&identity, &salt, secrets.login.as_bytes());
        let verifier = client::verifier(preset.group, &private_key);
        Ok(Self { identity, salt, preset, private_key, verifier, checked: false })
    }
}
