use zeroize::Zeroizing;

use super::*;

fn key(byte: u8) -> SessionKey {
    SessionKey::new(Zeroizing::new([byte; 32]))
}

fn session() -> Session<'static> {
    Session {
        user_id: "u",
        session_id: "s",
        access_token: "at",
        refresh_token: Some("rt"),
        token_type: "Bearer",
        expires_in: 300,
        device_token: None,
    }
}

#[test]
fn it_covers_every_member_of_the_answer() {
    let confirm = compute(&key(1), &session());
    assert!(verify(&key(1), &session(), &confirm));
    let others = [
        Session { user_id: "v", ..session() },
        Session { session_id: "t", ..session() },
        Session { access_token: "au", ..session() },
        Session { refresh_token: None, ..session() },
        Session { refresh_token: Some("ru"), ..session() },
        Session { token_type: "bearer", ..session() },
        Session { expires_in: 301, ..session() },
        Session { user_id: "us", session_id: "", ..session() },
        Session { device_token: Some("dt"), ..session() },
        Session { device_token: Some(""), ..session() },
    ];
    for other in others {
        assert!(!verify(&key(1), &other, &confirm));
    }
    assert!(!verify(&key(2), &session(), &confirm));
    for bit in 0..256 {
        let mut altered = confirm;
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify(&key(1), &session(), &altered), "bit {bit}");
    }
}

#[test]
fn an_absent_refresh_token_counts_as_an_empty_one() {
    let without = Session { refresh_token: None, ..session() };
    let empty = Session { refresh_token: Some(""), ..session() };
    assert_eq!(compute(&key(1), &without), compute(&key(1), &empty));
}

#[test]
fn a_session_that_has_no_encoding_verifies_nowhere() {
    let long = "a".repeat(65_536);
    let absurd = Session { access_token: &long, ..session() };
    assert!(!verify(&key(1), &absurd, &compute(&key(1), &absurd)));
}

#[test]
fn a_device_token_that_is_there_is_covered_too() {
    let with = Session { device_token: Some("dt"), ..session() };
    let confirm = compute(&key(1), &with);
    assert!(verify(&key(1), &with, &confirm));
    for other in [session(), Session { device_token: Some("du"), ..session() }] {
        assert!(!verify(&key(1), &other, &confirm));
    }
}
