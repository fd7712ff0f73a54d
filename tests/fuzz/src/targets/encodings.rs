//! Hex, base64url, integers, fields, and the small texts, each against an oracle of its own.

use num_bigint::BigUint;
use tacit_shared::encoding::{fields, from_base64url, parse_hex_exact, parse_hex_integer, to_base64url, to_hex};
use tacit_shared::password;
use tacit_shared::realm;
use tacit_shared::srp::{Group, Identity, Proof, PublicValue, Salt, Verifier};

use crate::edits::choice;

pub fn run(data: &[u8]) {
    let (kind, rest) = choice(data);
    bytes_come_back(rest);
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match kind % 5 {
        0 => hex(text),
        1 => base64url(text),
        2 => elements(text),
        3 => names(text),
        _ => typed(text),
    }
}

fn bytes_come_back(bytes: &[u8]) {
    assert_eq!(from_base64url(&to_base64url(bytes)).as_deref(), Ok(bytes));
    let written = to_hex(bytes);
    assert!(written.len() == 2 * bytes.len() && written.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
    if !bytes.is_empty() {
        assert_eq!(parse_hex_integer(&written, bytes.len()).as_deref(), Ok(bytes));
    }
    let items: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let mut encoded = fields(&items).expect("short items");
    for item in items {
        let rest = encoded.split_off(2 + item.len());
        assert_eq!(encoded, [&u16::try_from(item.len()).expect("a short item").to_be_bytes(), item].concat());
        encoded = rest;
    }
    assert!(encoded.is_empty());
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hex(text: &str) {
    let exact = parse_hex_exact::<32>(text);
    assert_eq!(exact.is_ok(), text.len() == 64 && is_hex(text));
    if let Ok(bytes) = exact {
        assert_eq!(to_hex(&bytes), text.to_ascii_lowercase());
    }
    assert_eq!(Proof::parse(text).is_ok(), exact.is_ok());
    assert_eq!(Salt::parse(text).is_ok(), exact.is_ok_and(|bytes| bytes[0] != 0));
    if let Ok(identity) = Identity::parse(text) {
        assert_eq!(identity.as_str(), text);
        assert!(text.len() == 32 && is_hex(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase()));
    }
    for length in [1, 16, 32, 256] {
        let integer = parse_hex_integer(text, length);
        assert_eq!(integer.is_ok(), !text.is_empty() && text.len() <= 2 * length && is_hex(text));
        if let Ok(bytes) = integer {
            assert_eq!(bytes.len(), length);
            assert_eq!(BigUint::from_bytes_be(&bytes), number(text));
        }
    }
}

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hex")
}

/// RFC 4648 §5 by the letter: six bits a character, what is left over must be zero and less than six bits.
fn base64url(text: &str) {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut held, mut out) = (0_u32, 0_u32, Vec::new());
    let mut fits = true;
    for byte in text.bytes() {
        let Some(value) = ALPHABET.iter().position(|known| *known == byte) else {
            fits = false;
            break;
        };
        held = (held << 6 | u32::try_from(value).expect("six bits")) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).expect("eight bits"));
        }
    }
    fits = fits && bits < 6 && held & ((1 << bits) - 1) == 0;
    assert_eq!(from_base64url(text).ok(), fits.then_some(out));
}

fn elements(text: &str) {
    for group in Group::ALL {
        let fits = !text.is_empty() && text.len() <= 2 * group.len() && is_hex(text);
        let modulus = BigUint::from_bytes_be(group.modulus());
        let (one, value) = (BigUint::from(1_u8), if fits { number(text) } else { BigUint::ZERO });
        let public = PublicValue::parse_hex(group, text);
        assert_eq!(public.is_ok(), fits && value > BigUint::ZERO && value < modulus);
        if let Ok(public) = public {
            assert_eq!(number(&public.to_hex()), value);
        }
        let verifier = Verifier::parse_hex(group, text);
        assert_eq!(verifier.is_ok(), fits && value > one && value < modulus - &one);
        if let Ok(verifier) = verifier {
            assert_eq!(number(&verifier.to_hex()), value);
            assert_eq!(verifier.to_hex().len(), 2 * group.len());
        }
    }
}

fn names(text: &str) {
    let (realm, host) = text.split_once('\n').unwrap_or((text, text));
    if realm::check(realm, host) {
        let bare = |text: &str| text.trim_matches(['[', ']']).to_ascii_lowercase();
        let (realm, host) = (bare(realm), bare(host.strip_suffix('.').unwrap_or(host)));
        assert!(host == realm || host.ends_with(&format!(".{realm}")), "{realm:?} {host:?}");
        assert!(host.is_ascii() && !realm.is_empty());
        assert!(realm == host || realm == "localhost" || realm.contains('.'));
    }
    if realm::is_valid(realm) {
        assert!(realm::check(realm, realm) && !realm.bytes().any(|byte| byte.is_ascii_uppercase()));
    }
    tacit_domain::fuzz::preset_shares(text);
}

fn typed(text: &str) {
    let allowed = password::check(text);
    assert_eq!(password::check_both(text, text), allowed);
    if allowed.is_ok() {
        assert!((1..=1024).contains(&text.len()));
    }
    tacit_domain::fuzz::code(text);
    tacit_domain::fuzz::line(text);
    tacit_domain::fuzz::mail_secret(text.as_bytes());
}
