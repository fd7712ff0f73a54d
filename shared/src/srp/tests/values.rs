//! Identities, salts and proofs: their form, and how they are drawn.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::source::{Script, Seeded};
use crate::{
    encoding::EncodingError,
    srp::{Identity, Proof, Salt, SrpError},
};

const IDENTITY: &str = "00112233445566778899aabbccddeeff";

/// An identity whose hash begins with a zero byte.
fn hashed_to_zero() -> [u8; 16] {
    (0..u128::MAX)
        .map(u128::to_be_bytes)
        .find(|raw| Sha256::digest(crate::encoding::to_hex(raw)).first() == Some(&0))
        .unwrap()
}

#[test]
fn an_identity_is_32_lower_case_digits_and_nothing_else() {
    assert_eq!(Identity::parse(IDENTITY).unwrap().as_str(), IDENTITY);
    let refused = [
        (&IDENTITY[1..], EncodingError::TooShort),
        (&format!("{IDENTITY}0"), EncodingError::TooLong),
        (&IDENTITY.to_uppercase(), EncodingError::Character),
        (&IDENTITY.replace('a', "g"), EncodingError::Character),
        ("person@example.com", EncodingError::TooShort),
        ("", EncodingError::TooShort),
    ];
    for (text, error) in refused {
        assert_eq!(Identity::parse(text), Err(SrpError::Encoding(error)), "{text}");
    }
}

#[test]
fn an_identity_whose_hash_begins_with_zero_is_refused_and_drawn_again() {
    let unusable = hashed_to_zero();
    assert_eq!(Identity::parse(&crate::encoding::to_hex(&unusable)), Err(SrpError::OutOfRange));
    let script = Script::new(&[&unusable, &crate::encoding::parse_hex_exact::<16>(IDENTITY).unwrap()]);
    assert_eq!(Identity::random(&script).as_str(), IDENTITY);
    assert!(script.is_used_up());
}

#[test]
fn a_salt_is_32_bytes_and_does_not_begin_with_zero() {
    let text = format!("01{}", "ff".repeat(31));
    assert_eq!(Salt::parse(&text).unwrap().to_hex(), text);
    assert_eq!(Salt::parse(&text.to_uppercase()).unwrap().to_hex(), text);
    assert_eq!(Salt::parse(&format!("00{}", "ff".repeat(31))), Err(SrpError::OutOfRange));
    assert_eq!(Salt::parse(&text[1..]), Err(SrpError::Encoding(EncodingError::TooShort)));
    assert_eq!(Salt::parse(&format!("{text}0")), Err(SrpError::Encoding(EncodingError::TooLong)));

    let script = Script::new(&[&[0; 32], &[7; 32]]);
    assert_eq!(Salt::random(&script).as_bytes(), &[7; 32]);
}

#[test]
fn a_proof_is_32_bytes() {
    let text = "ab".repeat(32);
    assert_eq!(Proof::parse(&text).ok().unwrap().to_hex(), text);
    assert_eq!(Proof::parse(&text[1..]).err(), Some(SrpError::Encoding(EncodingError::TooShort)));
    assert_eq!(Proof::parse(&format!("{text}0")).err(), Some(SrpError::Encoding(EncodingError::TooLong)));
    let other = Proof::from_bytes([0xab; 32]);
    assert!(bool::from(Proof::parse(&text).ok().unwrap().ct_eq(&other)));
    assert!(!bool::from(Proof::from_bytes([0xac; 32]).ct_eq(&other)));
}

proptest! {
    #[test]
    fn what_is_drawn_can_be_sent_and_read(seed: u64) {
        let entropy = Seeded::new(seed);
        let (identity, salt) = (Identity::random(&entropy), Salt::random(&entropy));
        prop_assert_eq!(Identity::parse(identity.as_str()), Ok(identity.clone()));
        prop_assert_eq!(Salt::parse(&salt.to_hex()), Ok(salt.clone()));
        prop_assert_ne!(Identity::random(&entropy), identity);
        prop_assert_ne!(Salt::random(&entropy), salt);
    }
}
