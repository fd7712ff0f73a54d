//! What people change about their own account.

use serde::{Deserialize, Serialize};

/// What is to be different; what is left out stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields, skip_serializing_if_is_none))]
pub struct AccountUpdate {
    /// What the person wants to be called; an empty text takes the name away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub display_name: Option<String>,
    /// The language of mails, a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 35)))]
    pub language: Option<String>,
    /// Another e-mail address. It takes the place of the old one once the mail to it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 254)))]
    pub email: Option<String>,
}

/// The secret of a mailed link that confirms or undoes a change of address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
pub struct EmailChangeSecret {
    /// 43 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 43)))]
    pub token: String,
}

/// The address changed, or is what it was before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EmailChanged {
    /// The address that counts now.
    pub email: String,
}
