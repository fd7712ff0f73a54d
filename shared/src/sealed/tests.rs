use super::*;
use crate::srp::tests::source::Seeded;

const SESSION: &str = "0193a6f1-0a77-7b1c-8e05-2d94c7f3a610";

fn key(byte: u8) -> SessionKey {
    SessionKey::new(Zeroizing::new([byte; 32]))
}

fn context() -> Context<'static> {
    Context { purpose: Purpose::Change, session_id: SESSION, method: "POST", path: "/a" }
}

#[test]
fn what_was_sealed_opens_again_and_never_looks_the_same() {
    let entropy = Seeded::new(1);
    let first = seal(&key(1), context(), b"payload", &entropy).unwrap();
    let second = seal(&key(1), context(), b"payload", &entropy).unwrap();
    assert_ne!(first, second);
    for sealed in [first, second] {
        assert_eq!(open(&key(1), context(), &sealed).unwrap().as_slice(), b"payload");
    }
    let empty = seal(&key(1), context(), b"", &entropy).unwrap();
    assert_eq!(open(&key(1), context(), &empty).unwrap().as_slice(), b"");
}

#[test]
fn it_opens_nowhere_else() {
    let sealed = seal(&key(1), context(), b"payload", &Seeded::new(1)).unwrap();
    let others = [
        Context { purpose: Purpose::Upgrade, ..context() },
        Context { session_id: "", ..context() },
        Context { method: "PUT", ..context() },
        Context { path: "/a/", ..context() },
        Context { method: "POST/", path: "a", ..context() },
    ];
    for other in others {
        assert_eq!(open(&key(1), other, &sealed).err(), Some(SealedError::Rejected));
    }
    assert_eq!(open(&key(2), context(), &sealed).err(), Some(SealedError::Rejected));
}

#[test]
fn no_bit_of_it_can_be_flipped() {
    let sealed = from_base64url(&seal(&key(1), context(), b"payload", &Seeded::new(1)).unwrap()).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let opened = open(&key(1), context(), &to_base64url(&altered));
        assert_eq!(opened.err(), Some(SealedError::Rejected), "bit {bit}");
    }
    for len in 0..sealed.len() {
        let opened = open(&key(1), context(), &to_base64url(&sealed[..len]));
        assert_eq!(opened.err(), Some(SealedError::Rejected), "{len} bytes");
    }
    assert_eq!(open(&key(1), context(), "=").err(), Some(SealedError::Encoding(EncodingError::Character)));
}

#[test]
fn purposes_are_spelt_as_in_the_profile() {
    let all = [Purpose::Login, Purpose::Change, Purpose::Upgrade, Purpose::StepUp, Purpose::Recovery];
    assert_eq!(all.map(Purpose::as_str), ["login", "change", "upgrade", "step_up", "recovery"]);
}
