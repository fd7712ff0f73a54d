//! Proofs of a signed-in person, which authorise what they carry sealed: a new password, or nothing but the proof itself.

use serde::{Deserialize, Serialize};

use super::Credential;

/// What a signed-in person replaces their credential for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
pub enum ChangePurpose {
    /// Another password.
    #[default]
    Change,
    /// The same password under today's preset: no session ends. Only for a credential below the default preset.
    Upgrade,
}

/// Begins a change of password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct PasswordChangeStart {
    /// What the credential is replaced for; `change`, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<ChangePurpose>,
}

/// A proof of the current password, and what it authorises.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
pub struct SealedProof {
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
    /// What the proof authorises, sealed under its key: base64url.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 4096)))]
    pub sealed: String,
}

/// What a change of password carries sealed, as JSON; it never stands in a body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedCredential {
    /// The new credential, made by the client and tried by it on both sides.
    pub credential: Credential,
    /// Whether the person's other sessions go on; they end, if nothing is said. An upgrade ends none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_other_sessions: Option<bool>,
}

/// The password was shown again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SteppedUp {
    /// `M2`: 32 bytes in hex.
    #[serde(rename = "M2")]
    #[cfg_attr(feature = "openapi", oai(rename = "M2"))]
    pub m2: String,
    /// Seconds for which the session may do what asks for it.
    pub expires_in: u64,
}
