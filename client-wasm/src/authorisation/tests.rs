use tacit_shared::encoding::to_hex;
use tacit_shared::preset;
use tacit_shared::sealed::{self, Context, Purpose};
use tacit_shared::srp::server::{self, Challenge};
use tacit_shared::srp::{Identity, Proof, PublicValue, Salt, SessionKey, Verifier};

use super::Authorisation;
use crate::entropy::Platform;
use crate::{Error, LoginAttempt, NewCredential};

const PASSWORD: &str = "correct horse";
const REALM: &str = "example.com";
const HOST: &str = "auth.example.com";
const SESSION: &str = "0193a6f1-0a77-7b1c-8e05-2d94c7f3a610";

/// The server's side of a credential.
struct Stored {
    identity: Identity,
    salt: Salt,
    verifier: Verifier,
}

fn made() -> NewCredential {
    let mut made = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST).unwrap();
    made.check().unwrap();
    made
}

fn stored() -> Stored {
    let made = made();
    Stored {
        identity: Identity::parse(&made.identity()).unwrap(),
        salt: Salt::parse(&made.salt()).unwrap(),
        verifier: Verifier::parse_hex(preset::DEFAULT.group, &made.verifier().unwrap()).unwrap(),
    }
}

fn begun(stored: &Stored, server_public: &str) -> Authorisation {
    let (identity, salt) = (stored.identity.as_str(), stored.salt.to_hex());
    let number = preset::DEFAULT.number.into();
    Authorisation::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST, identity, &salt, number, server_public)
        .unwrap()
}

fn proved(stored: &Stored, challenge: &Challenge) -> Authorisation {
    let mut authorisation = begun(stored, &challenge.public.to_hex());
    authorisation.prove().unwrap();
    authorisation
}

/// What the server makes of the proof: the key it shares with the client, and `M2`.
fn verified(stored: &Stored, challenge: &Challenge, authorisation: &Authorisation) -> (SessionKey, String) {
    let group = preset::DEFAULT.group;
    let public = PublicValue::parse_hex(group, &authorisation.public().unwrap()).unwrap();
    let proof = Proof::parse(&authorisation.client_proof().unwrap()).unwrap();
    let Stored { identity, salt, verifier } = stored;
    let verdict = server::verify(group, identity, salt, verifier, &challenge.b, &challenge.public, &public, &proof);
    assert!(bool::from(verdict.accepted));
    (verdict.key, verdict.m2.to_hex())
}

fn opened(key: &SessionKey, purpose: Purpose, session_id: &str, sealed: &str) -> Option<String> {
    let content = sealed::open(key, Context::of(purpose, session_id).unwrap(), sealed).ok()?;
    Some(String::from_utf8(content.to_vec()).unwrap())
}

#[test]
fn what_is_sealed_opens_for_its_purpose_and_session_only() {
    let stored = stored();
    let challenge = server::challenge(preset::DEFAULT.group, &stored.verifier, &Platform);
    let authorisation = proved(&stored, &challenge);
    let (key, m2) = verified(&stored, &challenge, &authorisation);
    let other = made();
    let credential = format!(
        r#"{{"identity":"{}","salt":"{}","preset":1,"verifier":"{}"}}"#,
        other.identity(),
        other.salt(),
        other.verifier().unwrap()
    );

    let change = authorisation.seal_change(SESSION, &other, true).unwrap();
    let content = format!(r#"{{"credential":{credential},"keep_other_sessions":true}}"#);
    assert_eq!(opened(&key, Purpose::Change, SESSION, &change), Some(content));
    let upgrade = authorisation.seal_upgrade(SESSION, &other).unwrap();
    let content = format!(r#"{{"credential":{credential}}}"#);
    assert_eq!(opened(&key, Purpose::Upgrade, SESSION, &upgrade), Some(content));
    let step_up = authorisation.seal_step_up(SESSION).unwrap();
    assert_eq!(opened(&key, Purpose::StepUp, SESSION, &step_up), Some(String::new()));

    assert_eq!(opened(&key, Purpose::Upgrade, SESSION, &change), None);
    assert_eq!(opened(&key, Purpose::Change, SESSION, &upgrade), None);
    assert_eq!(opened(&key, Purpose::Change, "", &change), None);
    assert_eq!(authorisation.verify(&m2), Ok(true));
}

#[test]
fn two_sealed_bodies_are_never_alike() {
    let stored = stored();
    let challenge = server::challenge(preset::DEFAULT.group, &stored.verifier, &Platform);
    let authorisation = proved(&stored, &challenge);
    assert_ne!(authorisation.seal_step_up(SESSION), authorisation.seal_step_up(SESSION));
}

#[test]
fn a_server_that_does_not_prove_itself_is_not_believed() {
    let stored = stored();
    let challenge = server::challenge(preset::DEFAULT.group, &stored.verifier, &Platform);
    let own_proof = proved(&stored, &challenge).client_proof().unwrap();
    for m2 in ["00".repeat(32), own_proof, to_hex(&[1; 16]), String::new(), "é".into()] {
        assert_eq!(proved(&stored, &challenge).verify(&m2), Ok(false));
    }
}

#[test]
fn a_credential_that_was_not_tried_is_not_sealed() {
    let stored = stored();
    let challenge = server::challenge(preset::DEFAULT.group, &stored.verifier, &Platform);
    let authorisation = proved(&stored, &challenge);
    let untried = NewCredential::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST).unwrap();
    assert_eq!(authorisation.seal_change(SESSION, &untried, false), Err(Error::SelfCheckFailed));
    assert_eq!(authorisation.seal_upgrade(SESSION, &untried), Err(Error::SelfCheckFailed));
}

#[test]
fn nothing_is_sealed_or_believed_before_the_proof() {
    let stored = stored();
    let credential = made();
    let authorisation = begun(&stored, "02");
    assert_eq!(authorisation.public().err(), Some(Error::Internal));
    assert_eq!(authorisation.client_proof().err(), Some(Error::Internal));
    assert_eq!(authorisation.seal_change(SESSION, &credential, false), Err(Error::Internal));
    assert_eq!(authorisation.seal_step_up(SESSION), Err(Error::Internal));
    assert_eq!(authorisation.verify(&"00".repeat(32)), Err(Error::Internal));
}

#[test]
fn a_challenge_that_breaks_the_protocol_is_refused() {
    let stored = stored();
    let derive = |preset, server_public: &str| {
        let (identity, salt) = (stored.identity.as_str(), stored.salt.to_hex());
        Authorisation::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST, identity, &salt, preset, server_public)
            .err()
    };
    assert_eq!(derive(1, &"0".repeat(768)), Some(Error::ChallengeInvalid));
    assert_eq!(derive(9, "02"), Some(Error::PresetUnknown));
    assert_eq!(derive(65_537, "02"), Some(Error::PresetUnknown));
}

#[test]
fn only_a_preset_below_the_default_is_outdated() {
    let stored = stored();
    let outdated = |preset| {
        let (identity, salt) = (stored.identity.as_str(), stored.salt.to_hex());
        LoginAttempt::derive(PASSWORD.into(), PASSWORD.into(), REALM, HOST, identity, &salt, preset, "02")
            .unwrap()
            .is_outdated()
    };
    assert!(outdated(3));
    assert!(!outdated(1));
    assert!(!outdated(2));
}
