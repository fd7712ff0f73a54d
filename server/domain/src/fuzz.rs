//! What `tests/fuzz` reaches of this crate's private parsers, and what must hold there for any input.

use zeroize::Zeroizing;

use crate::decoys::PresetShares;
use crate::handshake::{Handshake, LENGTH, pad, unpad};
use crate::seal::Parts;
use crate::{aead, outbox, secrets, text};

/// How many bytes a handshake has.
pub const HANDSHAKE_LENGTH: usize = LENGTH;

/// The fixed bytes of a handshake.
pub fn handshake(bytes: &[u8]) {
    // Version, purpose, subject.
    let known = bytes.len() == LENGTH && matches!(bytes, [1, 1..=4, 0..=2, ..]);
    let read = Handshake::decode(bytes);
    assert_eq!(read.is_some(), known);
    let Some(state) = read else { return };
    assert!(*state.encode() == *bytes, "written again it is another");
    for length in [256, 384, 512] {
        let value = unpad(&state.public, length).expect("as long as a group");
        let again = pad(value);
        assert!(unpad(&again, length) == Some(value) && unpad(&again, 513).is_none());
    }
    let key = Zeroizing::new([7; 32]);
    let sealed = aead::seal(&key, b"header", bytes, &Zeros).expect("short enough");
    assert!(aead::open(&key, b"header", &sealed).is_some_and(|plain| *plain == *bytes));
    assert!(aead::open(&key, b"Header", &sealed).is_none() && aead::open(&key, b"header", bytes).is_none());
}

/// The text of a sealed handshake: one text for one meaning.
pub fn sealed_handshake(text: &str) {
    let Some(Parts { epoch, tag, header, sealed }) = Parts::of(text) else { return };
    assert_eq!(header, [epoch.to_be_bytes(), tag].concat());
    assert_eq!(tacit_shared::encoding::to_base64url(&[header, sealed].concat()), text);
}

/// An activation code as it was typed.
pub fn code(typed: &str) {
    let Some(code) = secrets::normalise_code(typed) else { return };
    assert!(code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()));
    assert!(!code.contains(['I', 'L', 'O', 'U']));
    assert!(secrets::normalise_code(&code).as_ref() == Some(&code));
    assert!(secrets::normalise_code(&format!(" {}-", typed.to_ascii_lowercase())).as_ref() == Some(&code));
}

/// What people call themselves.
pub fn line(name: &str) {
    if text::is_line(name, 100) {
        assert!((1..=100).contains(&name.chars().count()) && name.lines().count() == 1 && !name.contains('\0'));
    }
}

/// The stored shares of presets.
pub fn preset_shares(text: &str) {
    if let Some(shares) = PresetShares::parse(text) {
        assert!(PresetShares::parse(&shares.text()).as_ref() == Some(&shares));
    }
}

/// What a mail's row carries sealed.
pub fn mail_secret(plain: &[u8]) {
    if let Some(secret) = outbox::decode_secret(plain) {
        assert_eq!(outbox::encode_secret(&secret).as_bytes(), plain);
    }
}

struct Zeros;

impl tacit_shared::Entropy for Zeros {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
    }
}
