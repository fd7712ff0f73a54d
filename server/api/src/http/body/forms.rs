//! The forms of texts in requests, for the documents and for the list of wrong fields.
//!
//! They are no validators of poem-openapi: its `pattern` compiles the regular expression at each check, which for one
//! that counts to a thousand takes two milliseconds. The domain parses these texts anyway, and refuses them by name.
//!
//! Secrets that the server gave out (links, tickets, refresh tokens) are not among them: one that was cut short on its
//! way is as wrong as any other wrong one, and answered like it.

const BYTES_32: &str = "^[0-9a-fA-F]{64}$";
const INTEGER: &str = "^[0-9a-fA-F]{1,1024}$";
/// RFC 7636 §4.1.
const CODE_VERIFIER: &str = "^[A-Za-z0-9._~-]{43,128}$";
/// 32 bytes in base64url: the last character stands for four bits and has no other way to be written.
const CODE_CHALLENGE: &str = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]{1}$";

/// Message, member, pattern.
const FORMS: [(&str, &str, &str); 11] = [
    ("Credential", "identity", "^[0-9a-f]{32}$"),
    ("Credential", "salt", BYTES_32),
    ("Credential", "verifier", INTEGER),
    ("LoginProof", "A", INTEGER),
    ("LoginProof", "M1", BYTES_32),
    ("SealedProof", "A", INTEGER),
    ("SealedProof", "M1", BYTES_32),
    ("CodeExchange", "code_verifier", CODE_VERIFIER),
    ("MobileExchange", "code_verifier", CODE_VERIFIER),
    ("VisitCode", "code_verifier", CODE_VERIFIER),
    ("VisitStart", "code_challenge", CODE_CHALLENGE),
];

/// Parameters of operations that have one, whatever the operation.
const PARAMETERS: [(&str, &str); 1] = [("code_challenge", CODE_CHALLENGE)];

/// The members of a message that have a form, with their patterns.
pub(crate) fn of(message: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FORMS.iter().filter(move |(name, ..)| *name == message).map(|(_, member, pattern)| (*member, *pattern))
}

/// The pattern of a parameter.
pub(crate) fn of_parameter(name: &str) -> Option<&'static str> {
    PARAMETERS.iter().find(|(known, _)| *known == name).map(|(_, pattern)| *pattern)
}

/// One `[letters]{least,most}` of a pattern.
struct Part<'a> {
    letters: &'a str,
    least: usize,
    most: usize,
}

/// The parts of a pattern `^[letters]{least,most}…$`, of which only one may vary in length; nothing for one of another kind.
fn parts(pattern: &str) -> Option<Vec<Part<'_>>> {
    let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (letters, tail) = rest.strip_prefix('[')?.split_once(']')?;
        let (counts, tail) = tail.strip_prefix('{')?.split_once('}')?;
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        parts.push(Part { letters, least: least.parse().ok()?, most: most.parse().ok()? });
        rest = tail;
    }
    (parts.iter().filter(|part| part.least != part.most).count() <= 1 && !parts.is_empty()).then_some(parts)
}

/// How long a text of a form is: least and most.
pub(crate) fn lengths(pattern: &str) -> Option<(usize, usize)> {
    let parts = parts(pattern)?;
    Some((parts.iter().map(|part| part.least).sum(), parts.iter().map(|part| part.most).sum()))
}

/// Whether a text fits a pattern of the kind above; nothing for one of another kind.
pub(super) fn fits(pattern: &str, text: &str) -> Option<bool> {
    let mut rest = text.as_bytes();
    for Part { letters, least, most } in parts(pattern)? {
        let count = rest.iter().take(most).take_while(|byte| is_among(letters, **byte)).count();
        if count < least {
            return Some(false);
        }
        rest = rest.get(count..).unwrap_or_default();
    }
    Some(rest.is_empty())
}

/// Whether a byte is one of the letters as a pattern writes them: `0-9a-f`, a hyphen of its own at the end.
fn is_among(letters: &str, byte: u8) -> bool {
    let mut letters = letters.as_bytes();
    loop {
        letters = match letters {
            [from, b'-', to, ..] if (from..=to).contains(&&byte) => return true,
            [_, b'-', _, rest @ ..] => rest,
            [letter, ..] if *letter == byte => return true,
            [_, rest @ ..] => rest,
            [] => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_one_that_can_be_checked() {
        let parameters = PARAMETERS.iter().map(|(name, pattern)| ("a parameter", *name, *pattern));
        for (message, member, pattern) in FORMS.into_iter().chain(parameters) {
            assert_eq!(fits(pattern, ""), Some(false), "{message}.{member}");
            assert!(lengths(pattern).is_some_and(|(least, most)| 0 < least && least <= most), "{message}.{member}");
        }
        for other in ["^(a|b)*$", "^[a]{1,2}[b]{1,2}$", "^[a]{1}", "^$"] {
            assert_eq!(fits(other, "a"), None, "{other}");
        }
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

    /// Those of RFC 7636, appendix B.
    #[test]
    fn a_verifier_and_its_challenge_fit_and_no_others_do() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!((fits(CODE_VERIFIER, verifier), lengths(CODE_VERIFIER)), (Some(true), Some((43, 128))));
        assert_eq!((fits(CODE_CHALLENGE, challenge), lengths(CODE_CHALLENGE)), (Some(true), Some((43, 43))));
        assert_eq!(fits(CODE_VERIFIER, &"-._~".repeat(32)), Some(true));
        for text in [&verifier[1..], &"a".repeat(129), &verifier.replace('-', "+"), &verifier.replace('-', " ")] {
            assert_eq!(fits(CODE_VERIFIER, text), Some(false), "{text}");
        }
        let stray = challenge.replace("cM", "cN");
        for text in [&challenge[1..], &format!("{challenge}A"), &challenge.replace('-', "+"), &stray] {
            assert_eq!(fits(CODE_CHALLENGE, text), Some(false), "{text}");
        }
    }
}
