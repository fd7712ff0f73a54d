//! Signing in with somebody else's account: what a client exchanges, links and sets.

use serde::{Deserialize, Serialize};

use super::{Credential, RefreshDelivery, Tokens};

/// A one-time code from the callback, and the PKCE verifier that its flow was begun with (RFC 7636).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct CodeExchange {
    /// The code as the callback handed it over, within two minutes.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 4096)))]
    pub code: String,
    /// The verifier whose SHA-256 was the `code_challenge`: 43 to 128 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub code_verifier: String,
    /// Where the refresh token goes; the body, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_delivery: Option<RefreshDelivery>,
    /// What the person calls the device, for the list of sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub device_name: Option<String>,
}

/// A code that an application of its own got from the provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct MobileExchange {
    /// The provider's authorization code.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 4096)))]
    pub code: String,
    /// The PKCE verifier the application made: 43 to 128 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub code_verifier: String,
    /// The address the provider sent the code to: one of the provider's `mobile_redirect_uris`; the first, if nothing is
    /// said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 2048)))]
    pub redirect_uri: Option<String>,
    /// The nonce the application sent to the provider, if it did: the token must carry the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 256)))]
    pub nonce: Option<String>,
    /// What the person calls the device, for the list of sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub device_name: Option<String>,
}

/// A session that a provider's word opened.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SignedIn {
    /// The account.
    pub user_id: String,
    /// The session.
    pub session_id: String,
    /// The session's tokens.
    pub tokens: Tokens,
    /// The provider, by its name in the list of providers.
    pub provider: String,
    /// Whether the account was made just now.
    pub created: bool,
}

/// What a signed-in person goes to a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
pub enum VisitPurpose {
    /// To link that identity to the account.
    Link,
    /// To show again who they are: the provider asks for its own proof anew.
    StepUp,
}

/// Begins a visit of a signed-in person to a provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct VisitStart {
    /// The provider, by its name in the list of providers.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 32)))]
    pub provider: String,
    /// What for.
    pub purpose: VisitPurpose,
    /// SHA-256 of the client's PKCE verifier in base64url: 43 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 43)))]
    pub code_challenge: String,
    /// Where the code is handed to: an address of an allowed origin; the server's own, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 2048)))]
    pub return_to: Option<String>,
    /// How the code is handed over: to the window that opened this one, or with a redirect, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
}

/// How a callback hands its code over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
pub enum Display {
    /// In the fragment of the address to return to.
    #[default]
    Page,
    /// By a message to the window that opened this one.
    Popup,
}

/// Where the visit begins.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VisitBegun {
    /// The address to send the browser to, within two minutes.
    pub url: String,
}

/// A one-time code of a visit, and the PKCE verifier the visit was begun with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
pub struct VisitCode {
    /// The code as the callback handed it over, within two minutes.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 4096)))]
    pub code: String,
    /// The verifier whose SHA-256 was the `code_challenge`: 43 to 128 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub code_verifier: String,
}

/// The provider said anew who this is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VisitSteppedUp {
    /// Seconds for which the session may do what asks for it.
    pub expires_in: u64,
}

/// The first password of an account that has none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
pub struct PasswordSet {
    /// The credential, made by the client and tried by it on both sides.
    pub credential: Credential,
}
