//! The key that signs, read once for all it signs.
//!
//! `jsonwebtoken::encode` reads a private key anew for every token, and computes its public half each time: as much work
//! as the signature itself.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header};
use serde::Serialize;
use tacit_shared::encoding::to_base64url;

use crate::fault::Internal;

/// A private key with the header of what it signs.
pub(crate) struct Signer {
    pair: Pair,
    /// In base64url, as every token begins.
    header: String,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Signer {
    /// Reads a private key (PKCS #8) for access tokens (RFC 9068 §2.1).
    pub(super) fn read(kid: &str, algorithm: Algorithm, der: &[u8]) -> Result<Self, Internal> {
        let pair = match algorithm {
            Algorithm::EdDSA => Ed25519KeyPair::from_pkcs8(der).ok().map(Pair::Ed25519),
            Algorithm::ES256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok().map(Pair::P256),
            _ => None,
        };
        let pair = pair.ok_or(Internal::Malformed("signing key"))?;
        let mut header = Header::new(algorithm);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(kid.to_owned());
        Ok(Self { pair, header: part(&header)? })
    }

    /// A token that says this: a JWS in its compact form (RFC 7515 §7.1).
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, Internal> {
        let message = [self.header.as_str(), &part(claims)?].join(".");
        let signature = match &self.pair {
            Pair::Ed25519(pair) => pair.try_sign(message.as_bytes()),
            // r and s, 32 bytes each (RFC 7518 §3.4). aws-lc draws its nonce itself, whatever generator it is shown.
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message.as_bytes()),
        };
        let signature = signature.map_err(|_| Internal::Signing(ErrorKind::Signing("refused".to_owned()).into()))?;
        Ok([message, to_base64url(signature.as_ref())].join("."))
    }
}

fn part(of: &impl Serialize) -> Result<String, Internal> {
    Ok(to_base64url(&serde_json::to_vec(of).map_err(|error| Internal::Signing(error.into()))?))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, EncodingKey, Validation};
    use serde_json::{Value, json};

    use super::*;

    fn said() -> Value {
        json!({ "iss": "https://auth.example.com", "sub": "somebody", "exp": 4_102_444_800_u64 })
    }

    #[test]
    fn an_ed25519_token_is_to_the_letter_what_jsonwebtoken_makes_of_the_same_key() {
        let der = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap().to_pkcs8v1().unwrap();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some("key-1".to_owned());
        let theirs = jsonwebtoken::encode(&header, &said(), &EncodingKey::from_ed_der(der.as_ref())).unwrap();
        let signer = Signer::read("key-1", Algorithm::EdDSA, der.as_ref()).unwrap();
        assert_eq!(signer.sign(&said()).unwrap(), theirs);
    }

    #[test]
    fn a_p256_token_is_one_that_jsonwebtoken_believes() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.to_pkcs8v1().unwrap();
        let token = Signer::read("key-2", Algorithm::ES256, der.as_ref()).unwrap().sign(&said()).unwrap();
        let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&EncodingKey::from_ec_der(der.as_ref()), Algorithm::ES256)
            .unwrap();
        let key = DecodingKey::from_jwk(&jwk).unwrap();
        let read = jsonwebtoken::decode::<Value>(&token, &key, &Validation::new(Algorithm::ES256)).unwrap();
        assert_eq!((read.claims, read.header.kid.as_deref()), (said(), Some("key-2")));
        assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
    }

    #[test]
    fn a_key_of_another_kind_does_not_sign() {
        let der = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap().to_pkcs8v1().unwrap();
        assert!(Signer::read("key-3", Algorithm::ES256, der.as_ref()).is_err());
        assert!(Signer::read("key-3", Algorithm::HS256, der.as_ref()).is_err());
        assert!(Signer::read("key-3", Algorithm::EdDSA, b"no key").is_err());
    }
}
