//! Sign-up: a credential made by the client, and its activation.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{
    FieldCode, FieldError,
    preset::{self, Preset},
    srp::{Identity, Salt, Verifier},
};

/// Asks whether an address is free.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
pub struct SignUpCheck {
    /// The e-mail address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: String,
}

/// What a server says about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
pub enum Availability {
    /// The server does not tell which addresses have accounts. The owner of the address learns it by mail.
    Undisclosed,
    /// No account has this address. Told only with `reveal_accounts`.
    Available,
}

/// Whether the address is free, as far as the server tells.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SignUpCheckResult {
    /// `undisclosed`, unless the server reveals accounts.
    pub availability: Availability,
}

/// What the server needs to check a password it never sees.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
pub struct Credential {
    /// `I`: 16 random bytes in lower-case hex. It has nothing to do with the address.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 32)))]
    pub identity: String,
    /// `s`: 32 random bytes in hex, the first one not zero.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 64)))]
    pub salt: String,
    /// Number of the group and the password hashing, see `GET /v1/auth/settings`.
    pub preset: u16,
    /// `v`: an integer in hex, at most of the group's length.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1024)))]
    pub verifier: String,
}

impl Drop for Credential {
    fn drop(&mut self) {
        self.verifier.zeroize();
    }
}

/// A credential whose parts are what they should be.
pub struct ParsedCredential {
    /// `I`
    pub identity: Identity,
    /// `s`
    pub salt: Salt,
    /// Group and password hashing.
    pub preset: &'static Preset,
    /// `v`
    pub verifier: Verifier,
}

impl Credential {
    /// Writes a credential as it goes over the wire.
    #[must_use]
    pub fn new(identity: &Identity, salt: &Salt, preset: &Preset, verifier: &Verifier) -> Self {
        Self {
            identity: identity.as_str().to_owned(),
            salt: salt.to_hex(),
            preset: preset.number,
            verifier: verifier.to_hex(),
        }
    }

    /// Parses every part.
    ///
    /// # Errors
    /// The first part that is not as documented.
    pub fn parse(&self) -> Result<ParsedCredential, FieldError> {
        let preset = preset::find(self.preset).ok_or_else(|| FieldError::new("preset", FieldCode::UnknownPreset))?;
        Ok(ParsedCredential {
            identity: Identity::parse(&self.identity).map_err(|error| error.in_field("identity"))?,
            salt: Salt::parse(&self.salt).map_err(|error| error.in_field("salt"))?,
            preset,
            verifier: Verifier::parse_hex(preset.group, &self.verifier).map_err(|error| error.in_field("verifier"))?,
        })
    }
}

/// Signs an address up with a credential.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct SignUp {
    /// The e-mail address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: String,
    /// The credential, made by the client.
    pub credential: Credential,
    /// What the person wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub display_name: Option<String>,
    /// The language of mails, a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 35)))]
    pub language: Option<String>,
}

/// The sign-up was taken; a mail is on its way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SignUpAccepted {
    /// `tk_` and 43 characters: shows later that it was this client that signed up. Keep it until activation.
    pub ticket: String,
    /// Seconds until the sign-up lapses.
    pub expires_in: u64,
    /// Seconds until the mail can be sent again.
    pub resend_after: u64,
}

/// Asks for the activation mail again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct ResendActivation {
    /// The e-mail address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: String,
    /// The ticket of the sign-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 46)))]
    pub ticket: Option<String>,
}

/// The answer to it, the same whether a mail was sent or not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ActivationResent {
    /// Seconds until the mail can be sent again.
    pub resend_after: u64,
}

/// Activates an account: with the secret of the mailed link, or with the address and the mailed code.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct Activate {
    /// The secret of the mailed link: 43 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 43)))]
    pub token: Option<String>,
    /// The e-mail address, with `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: Option<String>,
    /// The mailed code as it was typed, with `auth_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 32)))]
    pub code: Option<String>,
    /// Only for an account made by an administrator, which has none yet: its first credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
}

/// The account is active.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Activated {
    /// The e-mail address to log in with.
    pub auth_id: String,
}
