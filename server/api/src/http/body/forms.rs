//! The forms of texts in requests, for the documents and for the list of wrong fields.
//!
//! They are no validators of poem-openapi: its `pattern` compiles the regular expression at each check, which for one
//! that counts to a thousand takes two milliseconds. The domain parses these texts anyway, and refuses them by name.
//!
//! Secrets that the server gave out (links, tickets, refresh tokens) are not among them: one that was cut short on its
//! way is as wrong as any other wrong one, and answered like it.

const BYTES_32: &str = "^[0-9a-fA-F]{64}$";
const INTEGER: &str = "^[0-9a-fA-F]{1,1024}$";

/// Message, member, pattern.
const FORMS: [(&str, &str, &str); 7] = [
    ("Credential", "identity", "^[0-9a-f]{32}$"),
    ("Credential", "salt", BYTES_32),
    ("Credential", "verifier", INTEGER),
    ("LoginProof", "A", INTEGER),
    ("LoginProof", "M1", BYTES_32),
    ("SealedProof", "A", INTEGER),
    ("SealedProof", "M1", BYTES_32),
];

/// The members of a message that have a form, with their patterns.
pub(crate) fn of(message: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FORMS.iter().filter(move |(name, ..)| *name == message).map(|(_, member, pattern)| (*member, *pattern))
}

/// Some letters as a pattern writes them, and whether a byte is one of them.
type Letters = (&'static str, fn(u8) -> bool);

const LETTERS: [Letters; 2] =
    [("0-9a-f", |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), ("0-9a-fA-F", |byte| byte.is_ascii_hexdigit())];

/// Whether a text fits a pattern of the kind above, `^[letters]{least,most}$`; nothing for one of another kind.
pub(super) fn fits(pattern: &str, text: &str) -> Option<bool> {
    let (letters, rest) = pattern.strip_prefix("^[")?.split_once(']')?;
    let counts = rest.strip_prefix('{')?.strip_suffix("}$")?;
    let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
    let (least, most): (usize, usize) = (least.parse().ok()?, most.parse().ok()?);
    let (_, is_letter) = LETTERS.iter().find(|(name, _)| *name == letters)?;
    Some((least..=most).contains(&text.len()) && text.bytes().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_one_that_can_be_checked() {
        for (message, member, pattern) in FORMS {
            assert_eq!(fits(pattern, ""), Some(false), "{message}.{member}");
        }
        assert_eq!(fits("^(a|b)*$", "a"), None);
    }

    #[test]
    fn counts_and_letters_are_both_held() {
        assert_eq!(fits(BYTES_32, &"aF".repeat(32)), Some(true));
        for text in ["a".repeat(63), "a".repeat(65), "g".repeat(64)] {
            assert_eq!(fits(BYTES_32, &text), Some(false), "{text}");
        }
        assert_eq!(fits(INTEGER, "0aF"), Some(true));
        assert_eq!(fits(INTEGER, "0x"), Some(false));
        assert_eq!(fits(INTEGER, &"a".repeat(1025)), Some(false));
    }
}
