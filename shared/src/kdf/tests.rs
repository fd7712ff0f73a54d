use super::*;
use crate::preset;

const FLOOR: u16 = 3;

fn identity() -> Identity {
    Identity::parse("00112233445566778899aabbccddeeff").unwrap()
}

fn salt(first: u8) -> Salt {
    Salt::from_bytes([first; 32]).unwrap()
}

fn login(password: &str, salt: &Salt, number: u16, realm: &str) -> String {
    let preset = preset::find(number).unwrap();
    derive(&mut Memory::default(), password, salt, preset, realm, &identity()).ok().unwrap().login.to_string()
}

/// RFC 9106 has no vector without secret and associated data; this one is the reference implementation's
/// (`argon2id`, v19, m = 256, t = 2, p = 1, "password", "somesalt").
#[test]
fn argon2id_is_the_published_one() {
    let params = Params::new(256, 2, 1, Some(32)).unwrap();
    let mut out = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"password", b"somesalt", &mut out)
        .unwrap();
    assert_eq!(to_hex(&out), "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
}

#[test]
fn info_is_every_parameter_behind_its_length() {
    let expected = b"\x00\x08tacit/v1\x00\x05login\x00\x0bexample.com\x00\x0csrp6a-sha256\x00\x043072\
        \x00\x1dargon2id;v=19;m=47104;t=3;p=1\x00\x2000112233445566778899aabbccddeeff";
    assert_eq!(info("login", "example.com", preset::DEFAULT, &identity()), Ok(expected.to_vec()));
}

#[test]
fn a_change_of_any_input_changes_p() {
    let base = login("correct horse", &salt(1), FLOOR, "example.com");
    assert_eq!(base, login("correct horse", &salt(1), FLOOR, "example.com"));
    assert_eq!(base.len(), 64);
    for other in [
        login("correct horse ", &salt(1), FLOOR, "example.com"),
        login("correct horse", &salt(2), FLOOR, "example.com"),
        login("correct horse", &salt(1), 1, "example.com"),
        login("correct horse", &salt(1), FLOOR, "example.org"),
    ] {
        assert_ne!(base, other);
    }
}

#[test]
fn p_and_w_have_nothing_in_common() {
    let secrets =
        derive(&mut Memory::default(), "p", &salt(1), preset::find(FLOOR).unwrap(), "example.com", &identity())
            .ok()
            .unwrap();
    assert_ne!(secrets.login.as_str(), to_hex(secrets.wrap.as_slice()));
}

#[test]
fn what_cannot_be_a_password_derives_nothing() {
    let preset = preset::find(FLOOR).unwrap();
    let error = |text: &str| derive(&mut Memory::default(), text, &salt(1), preset, "example.com", &identity()).err();
    assert_eq!(error(""), Some(KdfError::Password(PasswordError::Empty)));
    assert_eq!(error(&"a".repeat(1025)), Some(KdfError::Password(PasswordError::TooLong)));
    assert_eq!(error("\u{378}"), Some(KdfError::Password(PasswordError::Unassigned)));
    let realm = "a".repeat(65_536);
    let long = derive(&mut Memory::default(), "p", &salt(1), preset, &realm, &identity()).err();
    assert_eq!(long, Some(KdfError::Encoding(EncodingError::Item)));
}

#[test]
fn memory_may_be_made_before_for_another_preset_and_used_again() {
    let (salt, floor) = (salt(1), preset::find(FLOOR).unwrap());
    let fresh = login("p", &salt, FLOOR, "example.com");
    for mut memory in [Memory::new(floor).ok().unwrap(), Memory::new(preset::DEFAULT).ok().unwrap()] {
        for _ in 0..2 {
            let secrets = derive(&mut memory, "p", &salt, floor, "example.com", &identity()).ok().unwrap();
            assert_eq!(*secrets.login, fresh);
        }
    }
}
