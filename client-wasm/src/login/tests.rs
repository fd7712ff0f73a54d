use tacit_shared::confirm::{self, Session};
use tacit_shared::preset;
use tacit_shared::srp::{Identity, Proof, PublicValue, Salt, Verifier, server};

use super::LoginAttempt;
use crate::entropy::Platform;
use crate::{Error, NewCredential};

const PASSWORD: &str = "correct horse";
const REALM: &str = "example.com";
const HOST: &str = "auth.example.com";

/// A credential as the server has it.
struct Stored {
    identity: Identity,
    salt: Salt,
    verifier: Verifier,
}

fn stored() -> Stored {
    let mut made = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST).unwrap();
    made.check().unwrap();
    assert_eq!(made.preset(), preset::DEFAULT.number);
    Stored {
        identity: Identity::parse(&made.identity()).unwrap(),
        salt: Salt::parse(&made.salt()).unwrap(),
        verifier: Verifier::parse_hex(preset::DEFAULT.group, &made.verifier().unwrap()).unwrap(),
    }
}

fn attempt(password: &str, stored: &Stored, server_public: &str) -> Result<LoginAttempt, Error> {
    let (identity, salt) = (stored.identity.as_str(), stored.salt.to_hex());
    let number = preset::DEFAULT.number.into();
    LoginAttempt::derive(password.into(), password.into(), REALM, HOST, identity, &salt, number, server_public)
}

const SESSION: Session<'_> = Session {
    user_id: "u",
    session_id: "s",
    access_token: "a",
    refresh_token: Some("r"),
    token_type: "Bearer",
    expires_in: 300,
    device_token: Some("d"),
};

fn verify(attempt: LoginAttempt, m2: &str, confirm: &str) -> Result<bool, Error> {
    attempt.verify(m2, confirm, "u", "s", "a", Some("r".into()), "Bearer", 300, Some("d".into()))
}

#[test]
fn a_new_credential_logs_in_and_the_server_proves_itself() {
    let stored = stored();
    let group = preset::DEFAULT.group;
    let challenge = server::challenge(group, &stored.verifier, &Platform);
    let mut attempt = attempt(PASSWORD, &stored, &challenge.public.to_hex()).unwrap();
    attempt.prove().unwrap();

    let public = PublicValue::parse_hex(group, &attempt.public().unwrap()).unwrap();
    let proof = Proof::parse(&attempt.client_proof().unwrap()).unwrap();
    let Stored { identity, salt, verifier } = &stored;
    let verdict = server::verify(group, identity, salt, verifier, &challenge.b, &challenge.public, &public, &proof);
    assert!(bool::from(verdict.accepted));
    let confirm = tacit_shared::encoding::to_hex(&confirm::compute(&verdict.key, &SESSION));
    assert_eq!(verify(attempt, &verdict.m2.to_hex(), &confirm), Ok(true));
}

#[test]
fn an_answer_that_is_no_proof_is_not_believed() {
    let stored = stored();
    let challenge = server::challenge(preset::DEFAULT.group, &stored.verifier, &Platform);
    for (m2, confirm) in [("00".repeat(32), "00".repeat(32)), (String::new(), String::new()), ("zz".into(), "é".into())]
    {
        let mut attempt = attempt(PASSWORD, &stored, &challenge.public.to_hex()).unwrap();
        attempt.prove().unwrap();
        assert_eq!(verify(attempt, &m2, &confirm), Ok(false));
    }
}

#[test]
fn a_challenge_that_breaks_the_protocol_is_refused() {
    let stored = stored();
    let code = |result: Result<LoginAttempt, Error>| result.err().map(Error::code);
    let zero = "0".repeat(768);
    assert_eq!(code(attempt(PASSWORD, &stored, &zero)), Some("challenge_invalid"));
    let unknown = LoginAttempt::derive(
        PASSWORD.into(),
        PASSWORD.into(),
        REALM,
        HOST,
        stored.identity.as_str(),
        &stored.salt.to_hex(),
        65_537,
        "02",
    );
    assert_eq!(code(unknown), Some("preset_unknown"));
}

#[test]
fn what_cannot_be_a_password_is_told_apart() {
    let stored = stored();
    let too_long = "x".repeat(1025);
    let cases =
        [("", Error::PasswordEmpty), (&too_long, Error::PasswordTooLong), ("\u{378}", Error::PasswordUnassigned)];
    for (password, expected) in cases {
        assert_eq!(attempt(password, &stored, "02").err(), Some(expected));
    }
    let not_text = NewCredential::derive(vec![0xff], vec![0xff], REALM, HOST);
    assert_eq!(not_text.err(), Some(Error::PasswordUnassigned));
}

#[test]
fn steps_out_of_order_are_refused() {
    let stored = stored();
    let mut attempt = attempt(PASSWORD, &stored, "02").unwrap();
    assert_eq!(attempt.public().err(), Some(Error::Internal));
    assert_eq!(attempt.client_proof().err(), Some(Error::Internal));
    attempt.prove().unwrap();
    assert_eq!(attempt.prove().err(), Some(Error::Internal));
}

#[test]
fn a_credential_that_was_not_tried_cannot_be_sent() {
    let made = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST).unwrap();
    assert_eq!(made.verifier().err(), Some(Error::SelfCheckFailed));
    let elsewhere = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, "example.org");
    assert_eq!(elsewhere.err(), Some(Error::RealmMismatch));
}
