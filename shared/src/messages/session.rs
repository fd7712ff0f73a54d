//! Tokens, and their renewal.

use serde::{Deserialize, Serialize};

/// The tokens of a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
pub struct Tokens {
    /// A JSON Web Token for the `Authorization: Bearer` header.
    pub access_token: String,
    /// `rt_` and 43 characters; absent when it is delivered as a cookie. It serves once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds for which the access token is good.
    pub expires_in: u64,
}

/// Asks for new tokens.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct RefreshRequest {
    /// The refresh token, where it is not in the cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 46)))]
    pub refresh_token: Option<String>,
}

/// New tokens; the old refresh token is spent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Refreshed {
    /// The tokens.
    pub tokens: Tokens,
}
