//! Proof Key for Code Exchange (RFC 7636) as a client shows it to us.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tacit_shared::encoding::{from_base64url, to_base64url};
use tacit_shared::{Entropy, FieldCode};
use zeroize::Zeroizing;

use crate::fault::InvalidInput;

/// SHA-256 of a client's verifier.
#[derive(Clone)]
pub(crate) struct Challenge(String);

impl Challenge {
    /// Reads a challenge of the method S256.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidInput> {
        match from_base64url(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(InvalidInput::field("code_challenge", FieldCode::Malformed)),
        }
    }

    /// One that was sealed by us.
    pub(super) fn sealed(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the verifier's.
    pub(crate) fn is_of(&self, verifier: &str) -> bool {
        challenge_of(verifier).as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

/// A verifier of ours, for the provider: 256 random bits.
pub(super) fn new_verifier(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(&mut *bytes);
    Zeroizing::new(to_base64url(&*bytes))
}

/// Its challenge.
pub(super) fn challenge_of(verifier: &str) -> String {
    to_base64url(&Sha256::digest(verifier.as_bytes()))
}

/// Whether a text has the form of a verifier (RFC 7636 §4.1).
pub(crate) fn is_verifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_holds() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(is_verifier(verifier) && challenge.is_of(verifier));
        assert!(!challenge.is_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"));
    }

    #[test]
    fn what_is_no_sha_256_is_no_challenge() {
        for text in ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="] {
            assert!(Challenge::parse(text).is_err(), "{text}");
        }
    }
}
