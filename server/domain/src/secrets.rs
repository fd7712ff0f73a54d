//! One-time secrets: made here, shown once, stored only as a keyed hash bound to their purpose.

use subtle::ConstantTimeEq as _;
use tacit_shared::Entropy;
use tacit_shared::encoding;
use tacit_store::SecretHash;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::keyring::{Keyring, mac};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 10 characters of 5 bits.
const CODE_LENGTH: usize = 10;

/// What a secret is good for; the same text hashed for another purpose is another hash.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Ticket,
    ActivationLink,
    ActivationCode,
    ResetLink,
    ResetCode,
    Invitation,
    RefreshToken,
    EmailConfirmation,
    EmailUndo,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Ticket => b"ticket",
            Self::ActivationLink => b"activation-link",
            Self::ActivationCode => b"activation-code",
            Self::ResetLink => b"reset-link",
            Self::ResetCode => b"reset-code",
            Self::Invitation => b"invitation",
            Self::RefreshToken => b"refresh-token",
            Self::EmailConfirmation => b"email-confirmation",
            Self::EmailUndo => b"email-undo",
        }
    }
}

/// 256 random bits behind `prefix`, in base64url.
pub(crate) fn random_token(prefix: &str, entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    entropy.fill(&mut *bytes);
    token_of(prefix, &bytes)
}

/// The text of a token with these 32 bytes.
pub(crate) fn token_of(prefix: &str, bytes: &[u8; 32]) -> Zeroizing<String> {
    let body = Zeroizing::new(encoding::to_base64url(bytes));
    Zeroizing::new([prefix, &body].concat())
}

/// What of a token goes into the database.
pub(crate) fn token_hash(keyring: &Keyring, purpose: Purpose, token: &str) -> SecretHash {
    SecretHash::new(mac(&keyring.secrets, &[purpose.label(), token.as_bytes()]))
}

/// A code a person can type: 50 random bits as `XXXXX-XXXXX`.
pub(crate) fn random_code(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0u8; CODE_LENGTH]);
    entropy.fill(&mut *bytes);
    let mut code = Zeroizing::new(String::with_capacity(CODE_LENGTH + 1));
    for (at, byte) in bytes.iter().enumerate() {
        if at == CODE_LENGTH / 2 {
            code.push('-');
        }
        // 256 is a multiple of 32: the low five bits of a random byte are uniform.
        code.push(char::from(ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'0')));
    }
    code
}

/// What a person typed, as it was shown: upper case, no separators, look-alikes mapped. `None` if it is no code.
pub(crate) fn normalise_code(typed: &str) -> Option<Zeroizing<String>> {
    let mut code = Zeroizing::new(String::with_capacity(CODE_LENGTH));
    for c in typed.chars().filter(|c| !matches!(c, '-' | ' ')) {
        let c = match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        };
        if code.len() == CODE_LENGTH || !c.is_ascii() || !ALPHABET.iter().any(|known| char::from(*known) == c) {
            return None;
        }
        code.push(c);
    }
    (code.len() == CODE_LENGTH).then_some(code)
}

/// What of a typed code goes into the database; bound to its row, because 50 bits must not be looked up in bulk.
pub(crate) fn code_hash(keyring: &Keyring, purpose: Purpose, row: Uuid, normalised: &str) -> SecretHash {
    SecretHash::new(mac(&keyring.secrets, &[purpose.label(), row.as_bytes(), normalised.as_bytes()]))
}

/// The two secrets of one mail, and what of them goes into the database.
pub(crate) struct MailedSecrets {
    pub(crate) link: Zeroizing<String>,
    pub(crate) code: Zeroizing<String>,
    pub(crate) link_hash: SecretHash,
    pub(crate) code_hash: SecretHash,
}

impl MailedSecrets {
    /// Draws them for this row.
    pub(crate) fn draw(
        keyring: &Keyring,
        link_for: Purpose,
        code_for: Purpose,
        row: Uuid,
        entropy: &dyn Entropy,
    ) -> Self {
        let link = random_token("", entropy);
        let code = random_code(entropy);
        let normal = normalise_code(&code).unwrap_or_default();
        Self {
            link_hash: token_hash(keyring, link_for, &link),
            code_hash: code_hash(keyring, code_for, row, &normal),
            link,
            code,
        }
    }
}

/// Compares two hashes in constant time.
pub(crate) fn same(a: SecretHash, b: SecretHash) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(normalise_code("oil0u").as_deref().map(String::as_str), None);
        assert_eq!(normalise_code("abcde-fgh1l").as_deref().map(String::as_str), Some("ABCDEFGH11"));
        assert_eq!(normalise_code("OOOOO IIIII").as_deref().map(String::as_str), Some("0000011111"));
        assert_eq!(normalise_code("ABCDE-FGHJKM").as_deref().map(String::as_str), None);
        assert_eq!(normalise_code("ABCDEFGHJÄ").as_deref().map(String::as_str), None);
    }
}
