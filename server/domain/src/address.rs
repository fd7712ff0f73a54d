//! E-mail addresses: how a person wrote one, and the key under which an account is found.

use tacit_shared::FieldCode;
use tacit_shared::limits;
use unicode_normalization::UnicodeNormalization as _;

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
    /// domain literals are refused: no mailbox in use needs them, and they let one mailbox have many spellings.
    ///
    /// # Errors
    /// [`InvalidInput`] that names `auth_id`.
    pub fn parse(text: &str) -> Result<Self, InvalidInput> {
        if text.is_empty() {
            return Err(InvalidInput::field("auth_id", FieldCode::Required));
        }
        if text.len() > limits::AUTH_ID_MAX {
            return Err(InvalidInput::field("auth_id", FieldCode::TooLong));
        }
        // In the form that the key has too: mail must not go to a look-alike of the mailbox that owns the account.
        let written: String = text.nfkc().collect();
        // One character may become many.
        if written.len() > limits::AUTH_ID_MAX {
            return Err(InvalidInput::field("auth_id", FieldCode::TooLong));
        }
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        let quoted = written.starts_with('"') || written.contains(|c: char| c.is_control() || c.is_whitespace());
        if quoted || email_address::EmailAddress::parse_with_options(&written, options).is_err() {
            return Err(InvalidInput::field("auth_id", FieldCode::Malformed));
        }
        let key = key_of(&written).ok_or_else(|| InvalidInput::field("auth_id", FieldCode::Malformed))?;
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
mod tests {
    use super::*;

    #[test]
    fn case_and_unicode_form_lead_to_the_same_account() {
        let plain = Address::parse("José@Bücher.example").unwrap();
        let decomposed = Address::parse("JOSE\u{301}@bu\u{308}cher.EXAMPLE").unwrap();
        assert_eq!(plain.key(), decomposed.key());
        assert_eq!(plain.key(), "josé@xn--bcher-kva.example");
        assert_eq!(plain.as_str(), "José@Bücher.example");
    }

    #[test]
    fn mail_goes_to_the_mailbox_that_the_key_names() {
        let wide = Address::parse("\u{ff4b}nown@\u{ff45}xample.com").unwrap();
        assert_eq!((wide.as_str(), wide.key()), ("known@example.com", "known@example.com"));
    }

    #[test]
    fn an_address_that_grows_beyond_the_limit_in_normal_form_is_refused() {
        // U+3300 is three bytes, its normal form four letters of three.
        let grows =
            |labels| Address::parse(&format!("{}@{}example", "a".repeat(64), "\u{3300}\u{3300}.".repeat(labels)));
        assert_eq!(grows(7).unwrap().as_str().len(), 247);
        assert_eq!(grows(8).err().unwrap().0[0].code, FieldCode::TooLong);
    }

    #[test]
    fn spellings_that_are_no_mailbox_are_refused() {
        let long = format!("{}@example.com", "a".repeat(10_000));
        for text in [
            "",
            "person",
            "@example.com",
            "a b@example.com",
            "\"a b\"@example.com",
            "a@[127.0.0.1]",
            "a@b@c",
            "a@ex%61mple.com",
            "a@127.0.0.1",
            "a\n@example.com",
            &long,
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }
}
