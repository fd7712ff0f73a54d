//! Why a provider's word does not count. The reasons are for the log, and name no secret.

use tacit_shared::codes::Code;

use crate::fault::Fault;
use crate::seams::FetchError;

/// Longest text of somebody else's that is shown or logged.
const SHOWN: usize = 200;

/// Why a provider's word does not count.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not as it should.
    #[error("provider {0} does not answer as it should: {1}")]
    Unavailable(String, String),
    /// It did not take the code.
    #[error("provider {0} refused the code: {1}")]
    Refused(String, String),
    /// Its token does not hold.
    #[error("the token of provider {0} is not valid: {1}")]
    Token(String, &'static str),
    /// What it says of the person does not hold.
    #[error("the user information of provider {0} is not valid: {1}")]
    UserInfo(String, &'static str),
}

impl ProviderError {
    pub(super) fn fetch(provider: &str, what: &str, error: &FetchError) -> Self {
        Self::Unavailable(provider.to_owned(), format!("{what}: {error}"))
    }
}

impl Fault for ProviderError {
    fn code(&self) -> Code {
        match self {
            Self::Unavailable(..) => Code::ProviderUnavailable,
            Self::Refused(..) => Code::ProviderRefused,
            Self::Token(..) => Code::ProviderTokenInvalid,
            Self::UserInfo(..) => Code::ProviderUserInfoInvalid,
        }
    }
}

/// Somebody else's text, as it may be shown and logged: one line of what RFC 6749 §4.1.2.1 allows, cut to a length.
pub(crate) fn cleaned(text: &str) -> String {
    let allowed = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '<' | '>' | '&' | '\'');
    text.chars().filter(allowed).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_is_one_short_line_without_marks() {
        assert_eq!(cleaned("not\r\nyou\u{202e}<script>alert(1)</script>\"&'\\"), "notyouscriptalert(1)/script");
        assert_eq!(cleaned(&"x".repeat(5000)).len(), SHOWN);
    }
}
