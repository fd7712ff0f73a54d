//! What may not take part: values outside their range, of another length, of another group.

use num_bigint::BigUint;

use super::{actors::Run, source::Seeded};
use crate::{
    encoding::EncodingError,
    srp::{Group, PublicValue, SrpError, Verifier, client, server},
};

fn modulus(group: Group) -> BigUint {
    BigUint::from_bytes_be(group.modulus())
}

fn hex(value: &BigUint) -> String {
    value.to_str_radix(16)
}

#[test]
fn a_public_value_is_between_zero_and_n() {
    for group in Group::ALL {
        let n = modulus(group);
        let parse = |value: &BigUint| PublicValue::parse_hex(group, &hex(value)).err();
        assert_eq!(parse(&BigUint::ZERO), Some(SrpError::OutOfRange));
        assert_eq!(parse(&n), Some(SrpError::OutOfRange));
        assert_eq!(parse(&(&n + 1_u8)), Some(SrpError::OutOfRange));
        // N fills its bytes in every group, so 2N has a digit more.
        assert_eq!(parse(&(&n * 2_u8)), Some(SrpError::Encoding(EncodingError::TooLong)));
        assert_eq!(parse(&(&n << 2048)), Some(SrpError::Encoding(EncodingError::TooLong)));
        assert_eq!(parse(&(BigUint::from(1_u8) << group.bits())), Some(SrpError::Encoding(EncodingError::TooLong)));
        assert_eq!(parse(&((BigUint::from(1_u8) << group.bits()) - 1_u8)), Some(SrpError::OutOfRange));
        assert_eq!(parse(&BigUint::from(1_u8)), None);
        assert_eq!(parse(&(&n - 1_u8)), None);
    }
}

#[test]
fn a_verifier_is_between_one_and_n_minus_one() {
    for group in Group::ALL {
        let n = modulus(group);
        let parse = |value: &BigUint| Verifier::parse_hex(group, &hex(value)).err();
        for value in [BigUint::ZERO, BigUint::from(1_u8), &n - 1_u8, n.clone(), &n + 1_u8] {
            assert_eq!(parse(&value), Some(SrpError::OutOfRange));
        }
        assert_eq!(parse(&BigUint::from(2_u8)), None);
        assert_eq!(parse(&(&n - 2_u8)), None);
    }
}

#[test]
fn an_integer_is_padded_when_short_and_refused_when_long() {
    for group in Group::ALL {
        let digits = group.len() * 2;
        let full = format!("0{}1", "0".repeat(digits - 2));
        for (text, expected) in [
            (full.as_str(), None),
            (&full[1..], None),
            ("1", None),
            (&format!("0{full}"), Some(SrpError::Encoding(EncodingError::TooLong))),
            ("", Some(SrpError::Encoding(EncodingError::TooShort))),
            ("0x1", Some(SrpError::Encoding(EncodingError::Character))),
            ("-1", Some(SrpError::Encoding(EncodingError::Character))),
        ] {
            assert_eq!(PublicValue::parse_hex(group, text).err(), expected, "{} digits", text.len());
        }
        let one = PublicValue::parse_hex(group, "1").ok().unwrap();
        assert_eq!(one.to_hex(), full);
        assert_eq!(one.as_bytes().len(), group.len());
        for (bytes, error) in [(group.len() - 1, EncodingError::TooShort), (group.len() + 1, EncodingError::TooLong)] {
            assert_eq!(PublicValue::from_bytes(group, vec![1; bytes]).err(), Some(error.into()));
            assert_eq!(Verifier::from_bytes(group, vec![1; bytes]).err(), Some(error.into()));
        }
    }
}

#[test]
fn upper_case_is_the_same_number() {
    let value = format!("{:x}", 0xabc_def_u32);
    let lower = PublicValue::parse_hex(Group::G2048, &value).ok().unwrap();
    let upper = PublicValue::parse_hex(Group::G2048, &value.to_uppercase()).ok().unwrap();
    assert!(lower == upper && lower.to_hex().ends_with("abcdef"));
}

#[test]
fn values_of_another_group_are_refused_without_a_panic() {
    let run = Run::new(Group::G2048, 5, b"p");
    for group in [Group::G3072, Group::G4096] {
        let other = Run::new(group, 5, b"p");
        let mixed = Run { a_public: other.a_public.clone(), ..Run::new(Group::G2048, 5, b"p") };
        assert!(!mixed.is_accepted());
        let mixed = Run { b_public: other.b_public.clone(), ..Run::new(Group::G2048, 5, b"p") };
        assert!(!mixed.is_accepted());
        let mixed = Run { group, ..Run::new(Group::G2048, 5, b"p") };
        assert!(!mixed.is_accepted());
        let ephemeral = client::Ephemeral::new(Group::G2048, &Seeded::new(1));
        let refused = ephemeral.prove(&run.identity, &run.salt, &run.x, &other.b_public);
        assert_eq!(refused.err(), Some(SrpError::GroupMismatch));
        let entropy = Seeded::new(1);
        assert!(!client::self_check(Group::G2048, &run.identity, &run.salt, &run.x, &other.verifier, &entropy));
        let _ = server::challenge(Group::G2048, &other.verifier, &Seeded::new(1));
        let _ = server::challenge(group, &run.verifier, &Seeded::new(1));
    }
}

#[test]
fn a_trivial_verifier_does_not_pass_its_own_check() {
    let run = Run::new(Group::G2048, 6, b"p");
    let x = [0; 32];
    let trivial = client::verifier(Group::G2048, &x);
    assert!(!client::self_check(Group::G2048, &run.identity, &run.salt, &x, &trivial, &Seeded::new(1)));
}
