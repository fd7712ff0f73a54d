//! Reset of a forgotten password, by a secret that is mailed.

use serde::{Deserialize, Serialize};

use super::Credential;

/// Asks for a reset.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
pub struct ResetRequest {
    /// The e-mail address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: String,
}

/// The answer to it, the same whether an account has the address or not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ResetRequested {
    /// Seconds for which the mailed secret is good.
    pub expires_in: u64,
    /// Seconds until another mail can be asked for.
    pub resend_after: u64,
}

/// A mailed secret: that of the link alone, or the address and the typed code. Asking whether it is good does not spend it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct ResetSecret {
    /// The secret of the mailed link: 43 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 43)))]
    pub token: Option<String>,
    /// The e-mail address, with `code`; with `token` it need not be given, and has to fit if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: Option<String>,
    /// The mailed code, as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 32)))]
    pub code: Option<String>,
}

/// The secret is good.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ResetValid {
    /// The address whose password it resets.
    pub auth_id: String,
    /// Seconds for which it is good.
    pub expires_in: u64,
}

/// Sets a new password: the mailed secret as in `ResetSecret`, and the new credential.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct ResetCompletion {
    /// The secret of the mailed link: 43 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 43)))]
    pub token: Option<String>,
    /// The e-mail address, with `code`; with `token` it need not be given, and has to fit if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub auth_id: Option<String>,
    /// The mailed code, as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 32)))]
    pub code: Option<String>,
    /// The new credential, made by the client.
    pub credential: Credential,
}

/// The password was reset; every session has ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ResetCompleted {
    /// The address that can log in with it.
    pub auth_id: String,
}
