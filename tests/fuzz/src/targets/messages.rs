//! Every message: what serde reads it writes again, and what the server reads the client reads alike.

use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tacit_domain::login::{ProveLogin, StartLogin};
use tacit_domain::proofs::Authorisation;
use tacit_domain::{accounts, email_changes, resets, sign_ups};
use tacit_shared::messages::{
    AccountUpdate, Activate, Activated, ActivationResent, Challenge, Credential, EmailChangeSecret, EmailChanged,
    LoginProof, LoginResult, LoginStart, PasswordChangeStart, RefreshRequest, Refreshed, ResendActivation,
    ResetCompleted, ResetCompletion, ResetRequest, ResetRequested, ResetSecret, ResetValid, SealedCredential,
    SealedProof, SignUp, SignUpAccepted, SignUpCheck, SignUpCheckResult, SteppedUp, Tokens,
};
use tacit_shared::preset;

use crate::edits::choice;

pub fn run(data: &[u8]) {
    let (kind, json) = choice(data);
    match kind % 29 {
        0 => request::<SignUpCheck>(json, |message| drop(sign_ups::CheckAddress::try_from(message))),
        1 => request::<SignUp>(json, |message| drop(sign_ups::SignUp::try_from(message))),
        2 => request::<ResendActivation>(json, |message| drop(sign_ups::ResendActivation::try_from(message))),
        3 => request::<Activate>(json, |message| drop(sign_ups::Activation::try_from(message))),
        4 => request::<LoginStart>(json, |message| drop(StartLogin::try_from(message))),
        5 => request::<LoginProof>(json, |message| drop(ProveLogin::try_from(message))),
        6 => request::<RefreshRequest>(json, drop),
        7 => request::<Credential>(json, |message| credential(&message)),
        8 => drop(answer::<Challenge>(json, |message| challenge(&message))),
        9 => drop(answer::<LoginResult>(json, drop)),
        10 => drop(answer::<Tokens>(json, drop)),
        11 => drop(answer::<Refreshed>(json, drop)),
        12 => drop(answer::<SignUpAccepted>(json, drop)),
        13 => drop(answer::<SignUpCheckResult>(json, drop)),
        14 => drop(answer::<ActivationResent>(json, drop)),
        15 => drop(answer::<Activated>(json, drop)),
        16 => request::<ResetRequest>(json, |message| drop(resets::RequestReset::try_from(message))),
        17 => request::<ResetSecret>(json, |message| drop(resets::ShownReset::try_from(message))),
        18 => request::<ResetCompletion>(json, |message| drop(resets::CompleteReset::try_from(message))),
        19 => drop(answer::<ResetRequested>(json, drop)),
        20 => drop(answer::<ResetValid>(json, drop)),
        21 => drop(answer::<ResetCompleted>(json, drop)),
        22 => request::<PasswordChangeStart>(json, drop),
        23 => request::<SealedProof>(json, |message| drop(Authorisation::try_from(message))),
        24 => sealed_credential(json),
        25 => drop(answer::<SteppedUp>(json, drop)),
        26 => request::<AccountUpdate>(json, |message| drop(accounts::Update::try_from(message))),
        27 => request::<EmailChangeSecret>(json, |message| drop(email_changes::LinkSecret::from(message))),
        _ => drop(answer::<EmailChanged>(json, drop)),
    }
}

/// What a client sends: both parsers read it alike.
fn request<T: Clone + PartialEq + Serialize + DeserializeOwned + ParseFromJSON + ToJSON>(json: &[u8], read: fn(T)) {
    let Some(value) = answer::<T>(json, read) else { return };
    let Ok(by_server) = T::parse_from_json(Some(value.clone())) else { return };
    // poem-openapi takes numbers and booleans for texts; that the server does not is for the target `body` to hold.
    let Ok(by_client) = serde_json::from_value::<T>(value) else { return };
    assert!(by_server == by_client, "the two parsers read one text differently");
}

/// What anyone sends, by serde alone.
fn answer<T: Clone + PartialEq + Serialize + DeserializeOwned + ParseFromJSON + ToJSON>(
    json: &[u8],
    read: fn(T),
) -> Option<Value> {
    if let Ok(message) = serde_json::from_slice::<T>(json) {
        let written = serde_json::to_vec(&message).expect("a message is written");
        let again = serde_json::from_slice::<T>(&written).ok();
        assert!(again.is_some_and(|again| again == message), "written and read again it is another");
        let by_server = message.to_json().expect("a message is written");
        let by_client: Value = serde_json::from_slice(&written).expect("JSON");
        assert_eq!(by_server, by_client, "server and client write one message differently");
        read(message);
    }
    serde_json::from_slice(json).ok()
}

/// What travels sealed: only serde ever reads it.
fn sealed_credential(json: &[u8]) {
    let Ok(message) = serde_json::from_slice::<SealedCredential>(json) else { return };
    credential(&message.credential);
    let written = serde_json::to_vec(&message).expect("a message is written");
    let again = serde_json::from_slice::<SealedCredential>(&written).ok();
    assert!(again.is_some_and(|again| again == message), "written and read again it is another");
}

fn credential(message: &Credential) {
    let Ok(parsed) = message.parse() else { return };
    assert_eq!(parsed.preset.number, message.preset);
    let written = Credential::new(&parsed.identity, &parsed.salt, parsed.preset, &parsed.verifier);
    assert_eq!(written.identity, message.identity);
    assert!(written.salt.eq_ignore_ascii_case(&message.salt));
    // Leading zeros may have been left out.
    let digits = message.verifier.to_ascii_lowercase();
    assert_eq!(written.verifier.trim_start_matches('0'), digits.trim_start_matches('0'));
    let again = written.parse().ok().expect("what was written is read");
    assert_eq!(again.verifier.as_bytes(), parsed.verifier.as_bytes());
}

fn challenge(message: &Challenge) {
    let Ok(parsed) = message.parse() else { return };
    assert_eq!(Some(parsed.preset), preset::find(message.preset));
    assert_eq!(parsed.identity.as_str(), message.identity);
    assert_eq!(parsed.b_public.group(), parsed.preset.group);
}
