//! E-mail addresses: how a person wrote one, and the key under which an account is found.

use tacit_shared::FieldCode;
use tacit_shared::limits;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_public_assigned;

use crate::fault::InvalidInput;

/// A well-formed e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    written: String,
    key: String,
}

impl Address {
    /// Parses the `auth_id` of a request.
    ///
    /// Accepted is the dot-atom form of RFC 5322 §3.2.3, UTF-8 allowed by RFC 6532; quoted local parts, comments and
    /// domain literals are refused: no mailbox in use needs them, and they let one mailbox have many spellings. So are
    /// characters that do not show, and those of which no version of Unicode has said what they are: their normal form
    /// could still change.
    ///
    /// # Errors
    /// [`InvalidInput`] that names `auth_id`.
    pub fn parse(text: &str) -> Result<Self, InvalidInput> {
        Self::parse_member("auth_id", text)
    }

    /// The same of another member of a request.
    ///
    /// # Errors
    /// [`InvalidInput`] that names the member.
    pub(crate) fn parse_member(member: &str, text: &str) -> Result<Self, InvalidInput> {
        let wrong = |code| InvalidInput::field(member, code);
        if text.is_empty() {
            return Err(wrong(FieldCode::Required));
        }
        if text.len() > limits::AUTH_ID_MAX {
            return Err(wrong(FieldCode::TooLong));
        }
        // In the form that the key has too: mail must not go to a look-alike of the mailbox that owns the account.
        let written: String = text.nfkc().collect();
        // The normal form of three bytes can be ten times as long.
        if written.len() > limits::AUTH_ID_MAX {
            return Err(wrong(FieldCode::TooLong));
        }
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        let odd = written.starts_with('"') || !written.chars().all(shows);
        if odd || email_address::EmailAddress::parse_with_options(&written, options).is_err() {
            return Err(wrong(FieldCode::Malformed));
        }
        let key = key_of(&written).ok_or_else(|| wrong(FieldCode::Malformed))?;
        Ok(Self { written, key })
    }

    /// The address as it was written; mail goes there.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The key under which an account is found: case and Unicode form do not matter.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Whether a character can be seen, and is one for good. What of the invisible is not a letter, the parser refuses anyway;
/// the fillers of Hangul are letters (in NFKC, these two).
fn shows(c: char) -> bool {
    is_public_assigned(c) && !c.is_control() && !c.is_whitespace() && !matches!(c, '\u{115f}' | '\u{1160}')
}

/// Lower case in NFKC, the domain in its ASCII form; `None` where the domain is no DNS name, or hides one in escapes.
fn key_of(written: &str) -> Option<String> {
    let lower: String = written.to_lowercase().nfkc().collect();
    let (local, domain) = lower.rsplit_once('@')?;
    match url::Host::parse(domain).ok()? {
        url::Host::Domain(host) if !domain.contains('%') => Some(format!("{local}@{host}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
