//! Login: the two steps of the handshake.

use serde::{Deserialize, Serialize};

use super::Tokens;
use crate::{
    FieldCode, FieldError,
    preset::{self, Preset},
    srp::{Identity, PublicValue, Salt},
};

/// Begins a login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct LoginStart {
    /// The e-mail address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: String,
    /// The ticket of a sign-up that is not activated yet, from the client that signed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 46)))]
    pub ticket: Option<String>,
}

/// The server's challenge. It has the same form for addresses without an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Challenge {
    /// The server's own state, sealed: sent back unchanged, within two minutes.
    pub handshake: String,
    /// `I`: 32 lower-case hex digits, used as received.
    pub identity: String,
    /// `s`: 32 bytes in hex.
    pub salt: String,
    /// Number of the group and the password hashing. A client refuses one it does not know.
    pub preset: u16,
    /// `B`: an integer in hex, of the group's length.
    #[serde(rename = "B")]
    #[cfg_attr(feature = "openapi", oai(rename = "B"))]
    pub b: String,
}

/// A challenge whose parts are what they should be.
pub struct ParsedChallenge {
    /// `I`
    pub identity: Identity,
    /// `s`
    pub salt: Salt,
    /// Group and password hashing.
    pub preset: &'static Preset,
    /// `B`
    pub b_public: PublicValue,
}

impl Challenge {
    /// Parses every part but the handshake, which is the server's own.
    ///
    /// # Errors
    /// The first part that is not as documented; nothing may be sent to such a server.
    pub fn parse(&self) -> Result<ParsedChallenge, FieldError> {
        let preset = preset::find(self.preset).ok_or_else(|| FieldError::new("preset", FieldCode::UnknownPreset))?;
        Ok(ParsedChallenge {
            identity: Identity::parse(&self.identity).map_err(|error| error.in_field("identity"))?,
            salt: Salt::parse(&self.salt).map_err(|error| error.in_field("salt"))?,
            preset,
            b_public: PublicValue::parse_hex(preset.group, &self.b).map_err(|error| error.in_field("B"))?,
        })
    }
}

/// Where the refresh token goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
pub enum RefreshDelivery {
    /// Into the answer's body.
    #[default]
    Body,
    /// Into an `HttpOnly` cookie, out of reach of scripts.
    Cookie,
}

/// The client's proof that it knows the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct LoginProof {
    /// The handshake as received.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 2048)))]
    pub handshake: String,
    /// `A`: an integer in hex, at most of the group's length.
    #[serde(rename = "A")]
    #[cfg_attr(feature = "openapi", oai(rename = "A", validator(max_length = 1024)))]
    pub a: String,
    /// `M1`: 32 bytes in hex.
    #[serde(rename = "M1")]
    #[cfg_attr(feature = "openapi", oai(rename = "M1", validator(max_length = 64)))]
    pub m1: String,
    /// Where the refresh token goes; the body, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_delivery: Option<RefreshDelivery>,
    /// What the person calls the device, for the list of sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub device_name: Option<String>,
    /// The token this device got at an earlier login of the account: it has a budget of its own for failed proofs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 78)))]
    pub device_token: Option<String>,
    /// Whether the answer may have a `device_token` for the next login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember_device: Option<bool>,
}

/// The server's proof, and the session. Nothing of it counts before `M2` and `confirm` were checked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
pub struct LoginResult {
    /// `M2`: 32 bytes in hex.
    #[serde(rename = "M2")]
    #[cfg_attr(feature = "openapi", oai(rename = "M2"))]
    pub m2: String,
    /// The rest of this answer under the shared key: 32 bytes in hex.
    pub confirm: String,
    /// The account.
    pub user_id: String,
    /// The session.
    pub session_id: String,
    /// The session's tokens.
    pub tokens: Tokens,
    /// Shown at the next login, it keeps others from shutting this device out. Only where `remember_device` asked for it,
    /// and the token shown, if any, is not good for a while yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_token: Option<String>,
}
