use tacit_shared::confirm::{self, Session};
use tacit_shared::encoding::to_hex;
use tacit_shared::preset;
use tacit_shared::sealed::{self, Context, Purpose};
use tacit_shared::srp::server::{self, Challenge};
use tacit_shared::srp::{Identity, Proof, PublicValue, Salt, SessionKey, Verifier};

use super::Attempt;
use crate::entropy::Platform;
use crate::{Error, NewCredential};

const PASSWORD: &str = "correct horse";
const REALM: &str = "example.com";
const HOST: &str = "auth.example.com";
const SESSION_ID: &str = "0193a6f1-0a77-7b1c-8e05-2d94c7f3a610";

/// A credential as the server has it.
struct Stored {
    identity: Identity,
    salt: Salt,
    verifier: Verifier,
}

fn made() -> NewCredential {
    let mut made = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST).unwrap();
    made.check().unwrap();
    assert_eq!(made.preset(), preset::DEFAULT.number);
    made
}

fn stored() -> Stored {
    let made = made();
    Stored {
        identity: Identity::parse(&made.identity()).unwrap(),
        salt: Salt::parse(&made.salt()).unwrap(),
        verifier: Verifier::parse_hex(preset::DEFAULT.group, &made.verifier_hex().unwrap()).unwrap(),
    }
}

fn challenge(stored: &Stored) -> Challenge {
    server::challenge(preset::DEFAULT.group, &stored.verifier, &Platform)
}

fn derive(attempt: &mut Attempt, password: &str, stored: &Stored, preset: u32) -> Result<(), Error> {
    let (identity, salt) = (stored.identity.as_str(), stored.salt.to_hex());
    attempt.derive(password.into(), password.into(), REALM, HOST, identity, &salt, preset)
}

fn derived(stored: &Stored) -> Attempt {
    let mut attempt = Attempt::new();
    derive(&mut attempt, PASSWORD, stored, preset::DEFAULT.number.into()).unwrap();
    attempt
}

fn proved(stored: &Stored, challenge: &Challenge) -> Attempt {
    let mut attempt = derived(stored);
    attempt.prove(&challenge.public.to_hex()).unwrap();
    attempt
}

/// What the server makes of the proof: the key it shares with the client, and `M2`.
fn verified(stored: &Stored, challenge: &Challenge, attempt: &Attempt) -> (SessionKey, String) {
    let group = preset::DEFAULT.group;
    let public = PublicValue::parse_hex(group, &attempt.public().unwrap()).unwrap();
    let proof = Proof::parse(&attempt.client_proof().unwrap()).unwrap();
    let Stored { identity, salt, verifier } = stored;
    let verdict = server::verify(group, identity, salt, verifier, &challenge.b, &challenge.public, &public, &proof);
    assert!(bool::from(verdict.accepted));
    (verdict.key, verdict.m2.to_hex())
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

fn verify(attempt: Attempt, m2: &str, confirm: &str) -> Result<bool, Error> {
    attempt.verify(m2, confirm, "u", "s", "a", Some("r".into()), "Bearer", 300, Some("d".into()))
}

fn log_in(stored: &Stored, mut attempt: Attempt) -> Result<bool, Error> {
    let challenge = challenge(stored);
    attempt.prove(&challenge.public.to_hex()).unwrap();
    let (key, m2) = verified(stored, &challenge, &attempt);
    attempt.wipe();
    verify(attempt, &m2, &to_hex(&confirm::compute(&key, &SESSION)))
}

#[test]
fn a_new_credential_logs_in_and_the_server_proves_itself() {
    let stored = stored();
    assert_eq!(log_in(&stored, derived(&stored)), Ok(true));
}

#[test]
fn what_was_prepared_is_used_where_it_fits() {
    let stored = stored();
    let mut attempt = Attempt::new();
    attempt.prepare();
    let prepared = attempt.ephemeral.as_ref().unwrap().public().to_hex();
    derive(&mut attempt, PASSWORD, &stored, 1).unwrap();
    attempt.prove("02").unwrap();
    assert_eq!(attempt.public(), Ok(prepared));

    // A credential of another group and more memory.
    let mut attempt = Attempt::new();
    attempt.prepare();
    derive(&mut attempt, PASSWORD, &stored, 2).unwrap();
    attempt.prove("02").unwrap();
    assert_eq!(attempt.public().map(|public| public.len()), Ok(1024));
}

#[test]
fn a_password_stretched_for_another_credential_is_stretched_again() {
    let (earlier, stored) = (stored(), stored());
    let mut attempt = Attempt::new();
    attempt.prepare();
    derive(&mut attempt, PASSWORD, &earlier, 1).unwrap();
    derive(&mut attempt, PASSWORD, &stored, 1).unwrap();
    assert_eq!(log_in(&stored, attempt), Ok(true));
}

#[test]
fn an_answer_that_is_no_proof_is_not_believed() {
    let stored = stored();
    let challenge = challenge(&stored);
    for (m2, confirm) in [("00".repeat(32), "00".repeat(32)), (String::new(), String::new()), ("zz".into(), "é".into())]
    {
        assert_eq!(verify(proved(&stored, &challenge), &m2, &confirm), Ok(false));
    }
}

#[test]
fn a_challenge_that_breaks_the_protocol_is_refused() {
    let stored = stored();
    assert_eq!(derived(&stored).prove(&"0".repeat(768)), Err(Error::ChallengeInvalid));
    assert_eq!(Attempt::new().check(1, &"0".repeat(768)), Err(Error::ChallengeInvalid));
    assert_eq!(Attempt::new().check(9, "02"), Err(Error::PresetUnknown));
    assert_eq!(Attempt::new().check(1, "02"), Ok(()));
    for unknown in [9, 65_537] {
        assert_eq!(derive(&mut Attempt::new(), PASSWORD, &stored, unknown), Err(Error::PresetUnknown));
    }
    let mut attempt = Attempt::new();
    let misread =
        attempt.derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST, "no identity", &stored.salt.to_hex(), 1);
    assert_eq!(misread, Err(Error::ChallengeInvalid));
}

#[test]
fn what_cannot_be_a_password_is_told_apart() {
    let stored = stored();
    let too_long = "x".repeat(1025);
    let cases =
        [("", Error::PasswordEmpty), (&too_long, Error::PasswordTooLong), ("\u{378}", Error::PasswordUnassigned)];
    for (password, expected) in cases {
        assert_eq!(derive(&mut Attempt::new(), password, &stored, 1), Err(expected));
    }
    let not_text = NewCredential::derive(vec![0xff], vec![0xff], REALM, HOST);
    assert_eq!(not_text.err(), Some(Error::PasswordUnassigned));
}

#[test]
fn steps_out_of_order_are_refused() {
    let stored = stored();
    assert_eq!(Attempt::new().prove("02"), Err(Error::Internal));
    let mut attempt = derived(&stored);
    attempt.prove("02").unwrap();
    assert_eq!(attempt.prove("02"), Err(Error::Internal));
}

fn opened(key: &SessionKey, purpose: Purpose, session_id: &str, sealed: &str) -> Option<String> {
    let content = sealed::open(key, Context::of(purpose, session_id).unwrap(), sealed).ok()?;
    Some(String::from_utf8(content.to_vec()).unwrap())
}

#[test]
fn what_is_sealed_opens_for_its_purpose_and_session_only() {
    let stored = stored();
    let challenge = challenge(&stored);
    let attempt = proved(&stored, &challenge);
    let (key, m2) = verified(&stored, &challenge, &attempt);
    let other = made();
    let credential = format!(
        r#"{{"identity":"{}","salt":"{}","preset":1,"verifier":"{}"}}"#,
        other.identity(),
        other.salt(),
        *other.verifier_hex().unwrap()
    );

    let change = attempt.seal_change(SESSION_ID, &other, true).unwrap();
    let content = format!(r#"{{"credential":{credential},"keep_other_sessions":true}}"#);
    assert_eq!(opened(&key, Purpose::Change, SESSION_ID, &change), Some(content));
    let upgrade = attempt.seal_upgrade(SESSION_ID, &other).unwrap();
    let content = format!(r#"{{"credential":{credential}}}"#);
    assert_eq!(opened(&key, Purpose::Upgrade, SESSION_ID, &upgrade), Some(content));
    let step_up = attempt.seal_step_up(SESSION_ID).unwrap();
    assert_eq!(opened(&key, Purpose::StepUp, SESSION_ID, &step_up), Some(String::new()));

    assert_eq!(opened(&key, Purpose::Upgrade, SESSION_ID, &change), None);
    assert_eq!(opened(&key, Purpose::Change, SESSION_ID, &upgrade), None);
    assert_eq!(opened(&key, Purpose::Change, "", &change), None);
    assert_eq!(attempt.verify_server(&m2), Ok(true));
}

#[test]
fn two_sealed_bodies_are_never_alike() {
    let stored = stored();
    let challenge = challenge(&stored);
    let attempt = proved(&stored, &challenge);
    assert_ne!(attempt.seal_step_up(SESSION_ID), attempt.seal_step_up(SESSION_ID));
}

#[test]
fn a_server_that_does_not_prove_itself_is_not_believed() {
    let stored = stored();
    let challenge = challenge(&stored);
    let own_proof = proved(&stored, &challenge).client_proof().unwrap();
    for m2 in ["00".repeat(32), own_proof, to_hex(&[1; 16]), String::new(), "é".into()] {
        assert_eq!(proved(&stored, &challenge).verify_server(&m2), Ok(false));
    }
}

#[test]
fn a_credential_that_was_not_tried_is_not_sealed() {
    let stored = stored();
    let challenge = challenge(&stored);
    let attempt = proved(&stored, &challenge);
    let untried = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST).unwrap();
    assert_eq!(attempt.seal_change(SESSION_ID, &untried, false), Err(Error::SelfCheckFailed));
    assert_eq!(attempt.seal_upgrade(SESSION_ID, &untried), Err(Error::SelfCheckFailed));
}

#[test]
fn nothing_is_sealed_or_believed_before_the_proof() {
    let stored = stored();
    let credential = made();
    let attempt = derived(&stored);
    assert_eq!(attempt.public().err(), Some(Error::Internal));
    assert_eq!(attempt.client_proof().err(), Some(Error::Internal));
    assert_eq!(attempt.seal_change(SESSION_ID, &credential, false), Err(Error::Internal));
    assert_eq!(attempt.seal_step_up(SESSION_ID), Err(Error::Internal));
    assert_eq!(attempt.verify_server(&"00".repeat(32)), Err(Error::Internal));
}

#[test]
fn only_a_preset_below_the_default_is_outdated() {
    let stored = stored();
    let outdated = |preset| {
        let mut attempt = Attempt::new();
        derive(&mut attempt, PASSWORD, &stored, preset).unwrap();
        attempt.is_outdated()
    };
    assert!(outdated(3));
    assert!(!outdated(1));
    assert!(!outdated(2));
}

#[test]
fn a_credential_that_was_not_tried_cannot_be_sent() {
    let made = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST).unwrap();
    assert_eq!(made.verifier_hex().err(), Some(Error::SelfCheckFailed));
    let elsewhere = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, "example.org");
    assert_eq!(elsewhere.err(), Some(Error::RealmMismatch));
}
