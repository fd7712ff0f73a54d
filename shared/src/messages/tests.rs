use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::*;
use crate::{
    FieldCode, preset,
    srp::{Group, Identity, Salt, client, tests::source::Seeded},
};

fn credential() -> Credential {
    let entropy = Seeded::new(1);
    let (identity, salt) = (Identity::random(&entropy), Salt::random(&entropy));
    let preset = preset::find(3).unwrap();
    let x = client::private_key(&identity, &salt, b"p");
    Credential::new(&identity, &salt, preset, &client::verifier(preset.group, &x))
}

fn through<T: Serialize + DeserializeOwned>(value: Value) -> Option<Value> {
    serde_json::from_value::<T>(value).ok().map(|message| serde_json::to_value(message).unwrap())
}

/// One message of every kind, with every member it can have, and without those it need not have.
fn every_message(mut check: impl FnMut(&'static str, Value, &dyn Fn(Value) -> Option<Value>)) {
    let credential = serde_json::to_value(credential()).unwrap();
    let ticket = format!("tk_{}", "A".repeat(43));
    let refresh = format!("rt_{}", "A".repeat(43));
    let secret = "A".repeat(43);
    let hex = "ab".repeat(32);
    let identity = "00112233445566778899aabbccddeeff";
    let tokens = json!({"access_token": "a.b.c", "refresh_token": refresh, "token_type": "Bearer", "expires_in": 300});
    let short = json!({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 300});
    let mut each = |name, value: Value, back: Back| check(name, value, &back);

    each("SignUpCheck", json!({"auth_id": "a@b.c"}), through::<SignUpCheck>);
    each("SignUpCheckResult", json!({"availability": "undisclosed"}), through::<SignUpCheckResult>);
    each("SignUpCheckResult", json!({"availability": "available"}), through::<SignUpCheckResult>);
    each("Credential", credential.clone(), through::<Credential>);
    each("SignUp", json!({"auth_id": "a@b.c", "credential": credential}), through::<SignUp>);
    let full = json!({"auth_id": "a@b.c", "credential": credential, "display_name": "A", "language": "en"});
    each("SignUp", full, through::<SignUp>);
    let accepted = json!({"ticket": ticket, "expires_in": 86_400, "resend_after": 60});
    each("SignUpAccepted", accepted, through::<SignUpAccepted>);
    each("ResendActivation", json!({"auth_id": "a@b.c"}), through::<ResendActivation>);
    each("ResendActivation", json!({"auth_id": "a@b.c", "ticket": ticket}), through::<ResendActivation>);
    each("ActivationResent", json!({"resend_after": 60}), through::<ActivationResent>);
    each("Activate", json!({"token": secret}), through::<Activate>);
    each("Activate", json!({"auth_id": "a@b.c", "code": "ABCDE-FGHJK"}), through::<Activate>);
    each("Activate", json!({"token": secret, "credential": credential}), through::<Activate>);
    each("Activated", json!({"auth_id": "a@b.c"}), through::<Activated>);
    each("LoginStart", json!({"auth_id": "a@b.c"}), through::<LoginStart>);
    each("LoginStart", json!({"auth_id": "a@b.c", "ticket": ticket}), through::<LoginStart>);
    let challenge = json!({"handshake": "AAAA", "identity": identity, "salt": hex, "preset": 3, "B": "ab"});
    each("Challenge", challenge, through::<Challenge>);
    each("LoginProof", json!({"handshake": "AAAA", "A": "ab", "M1": hex}), through::<LoginProof>);
    let full = json!({"handshake": "AAAA", "A": "ab", "M1": hex, "refresh_delivery": "cookie", "device_name": "D"});
    each("LoginProof", full, through::<LoginProof>);
    let result = json!({"M2": hex, "confirm": hex, "user_id": "u", "session_id": "s", "tokens": tokens});
    each("LoginResult", result, through::<LoginResult>);
    each("Tokens", tokens.clone(), through::<Tokens>);
    each("Tokens", short.clone(), through::<Tokens>);
    each("RefreshRequest", json!({}), through::<RefreshRequest>);
    each("RefreshRequest", json!({"refresh_token": refresh}), through::<RefreshRequest>);
    each("Refreshed", json!({"tokens": short}), through::<Refreshed>);
    every_message_of_a_session(&mut each);
    every_message_of_a_sign_in_elsewhere(&mut each);
}

type Back = fn(Value) -> Option<Value>;

/// Those of a password's change and reset, of a step-up and of the account.
fn every_message_of_a_session(each: &mut impl FnMut(&'static str, Value, Back)) {
    let credential = serde_json::to_value(credential()).unwrap();
    let (secret, hex) = ("A".repeat(43), "ab".repeat(32));
    each("PasswordChangeStart", json!({}), through::<PasswordChangeStart>);
    each("PasswordChangeStart", json!({"purpose": "upgrade"}), through::<PasswordChangeStart>);
    let proof = json!({"handshake": "AAAA", "A": "ab", "M1": hex, "sealed": "AAAA"});
    each("SealedProof", proof, through::<SealedProof>);
    each("SealedCredential", json!({"credential": credential}), through::<SealedCredential>);
    let keeping = json!({"credential": credential, "keep_other_sessions": true});
    each("SealedCredential", keeping, through::<SealedCredential>);
    each("SteppedUp", json!({"M2": hex, "expires_in": 600}), through::<SteppedUp>);
    each("ResetRequest", json!({"auth_id": "a@b.c"}), through::<ResetRequest>);
    each("ResetRequested", json!({"expires_in": 1800, "resend_after": 60}), through::<ResetRequested>);
    each("ResetSecret", json!({"token": secret}), through::<ResetSecret>);
    each("ResetSecret", json!({"auth_id": "a@b.c", "code": "ABCDE-FGHJK"}), through::<ResetSecret>);
    each("ResetValid", json!({"auth_id": "a@b.c", "expires_in": 1800}), through::<ResetValid>);
    let reset = json!({"token": secret, "auth_id": "a@b.c", "credential": credential});
    each("ResetCompletion", reset, through::<ResetCompletion>);
    let reset = json!({"auth_id": "a@b.c", "code": "ABCDE-FGHJK", "credential": credential});
    each("ResetCompletion", reset, through::<ResetCompletion>);
    each("ResetCompleted", json!({"auth_id": "a@b.c"}), through::<ResetCompleted>);
    each("AccountUpdate", json!({}), through::<AccountUpdate>);
    let update = json!({"display_name": "A", "language": "en", "email": "a@b.c"});
    each("AccountUpdate", update, through::<AccountUpdate>);
    each("EmailChangeSecret", json!({"token": secret}), through::<EmailChangeSecret>);
    each("EmailChanged", json!({"email": "a@b.c"}), through::<EmailChanged>);
}

/// Those of a sign-in with a provider.
fn every_message_of_a_sign_in_elsewhere(each: &mut impl FnMut(&'static str, Value, Back)) {
    let credential = serde_json::to_value(credential()).unwrap();
    let (code, verifier) = ("AAAA", "A".repeat(43));
    each("CodeExchange", json!({"code": code, "code_verifier": verifier}), through::<CodeExchange>);
    let full = json!({"code": code, "code_verifier": verifier, "refresh_delivery": "cookie", "device_name": "D"});
    each("CodeExchange", full, through::<CodeExchange>);
    each("MobileExchange", json!({"code": code, "code_verifier": verifier}), through::<MobileExchange>);
    let full =
        json!({"code": code, "code_verifier": verifier, "redirect_uri": "a://b", "nonce": "n", "device_name": "D"});
    each("MobileExchange", full, through::<MobileExchange>);
    let tokens = json!({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 300});
    let signed_in = json!({"user_id": "u", "session_id": "s", "tokens": tokens, "provider": "p", "created": true});
    each("SignedIn", signed_in, through::<SignedIn>);
    let visit = json!({"provider": "p", "purpose": "step_up", "code_challenge": verifier});
    each("VisitStart", visit, through::<VisitStart>);
    let visit = json!({
        "provider": "p", "purpose": "link", "code_challenge": verifier, "return_to": "https://a.example/", "display": "popup",
    });
    each("VisitStart", visit, through::<VisitStart>);
    each("VisitBegun", json!({"url": "https://a.example/"}), through::<VisitBegun>);
    each("VisitCode", json!({"code": code, "code_verifier": verifier}), through::<VisitCode>);
    each("VisitSteppedUp", json!({"expires_in": 600}), through::<VisitSteppedUp>);
    each("PasswordSet", json!({"credential": credential}), through::<PasswordSet>);
}

#[test]
fn every_message_makes_the_round_trip_through_serde() {
    every_message(|name, value, back| assert_eq!(back(value.clone()), Some(value), "{name}"));
}

#[test]
fn requests_and_credentials_with_unknown_members_are_refused() {
    let requests = [
        "SignUpCheck",
        "Credential",
        "SignUp",
        "ResendActivation",
        "Activate",
        "LoginStart",
        "LoginProof",
        "PasswordChangeStart",
        "SealedProof",
        "SealedCredential",
        "ResetRequest",
        "ResetSecret",
        "ResetCompletion",
        "AccountUpdate",
        "EmailChangeSecret",
        "RefreshRequest",
        "CodeExchange",
        "MobileExchange",
        "VisitStart",
        "VisitCode",
        "PasswordSet",
    ];
    every_message(|name, mut value, back| {
        value["surprise"] = json!(1);
        assert_eq!(back(value).is_none(), requests.contains(&name), "{name}");
    });
}

#[test]
fn a_credential_parses_into_its_parts() {
    let parsed = credential().parse().ok().unwrap();
    assert_eq!((parsed.preset.number, parsed.verifier.group()), (3, Group::G2048));
    let again = Credential::new(&parsed.identity, &parsed.salt, parsed.preset, &parsed.verifier);
    assert!(again == credential());
}

#[test]
fn what_is_wrong_with_a_credential_is_named() {
    let error = |alter: fn(&mut Credential)| {
        let mut altered = credential();
        alter(&mut altered);
        altered.parse().err().map(|error| (error.name, error.code)).unwrap()
    };
    assert_eq!(error(|c| c.preset = 9), ("preset".into(), FieldCode::UnknownPreset));
    assert_eq!(error(|c| c.identity.push('0')), ("identity".into(), FieldCode::TooLong));
    assert_eq!(error(|c| c.salt = c.salt.replacen(|_| true, "g", 1)), ("salt".into(), FieldCode::Malformed));
    assert_eq!(error(|c| c.salt = "00".repeat(32)), ("salt".into(), FieldCode::OutOfRange));
    assert_eq!(error(|c| c.verifier = "1".into()), ("verifier".into(), FieldCode::OutOfRange));
    assert_eq!(error(|c| c.verifier.clear()), ("verifier".into(), FieldCode::TooShort));
    assert_eq!(error(|c| c.verifier.push('0')), ("verifier".into(), FieldCode::TooLong));
    let within = credential().parse().err().map_or_else(
        || crate::FieldError::new("salt", FieldCode::TooLong).within("credential").name,
        |error| error.name,
    );
    assert_eq!(within, "credential.salt");
}

#[test]
fn a_challenge_with_an_unknown_preset_or_a_value_out_of_range_is_refused() {
    let credential = credential();
    let challenge = Challenge {
        handshake: "AAAA".into(),
        identity: credential.identity.clone(),
        salt: credential.salt.clone(),
        preset: 3,
        b: "2".into(),
    };
    assert!(challenge.parse().is_ok());
    let error = |altered: Challenge| altered.parse().err().map(|error| (error.name, error.code));
    let preset = Challenge { preset: 0, ..challenge.clone() };
    assert_eq!(error(preset), Some(("preset".into(), FieldCode::UnknownPreset)));
    let zero = Challenge { b: "0".into(), ..challenge.clone() };
    assert_eq!(error(zero), Some(("B".into(), FieldCode::OutOfRange)));
    let long = Challenge { b: "1".repeat(513), ..challenge };
    assert_eq!(error(long), Some(("B".into(), FieldCode::TooLong)));
}

#[cfg(feature = "openapi")]
mod openapi {
    use poem_openapi::types::{ParseFromJSON, ToJSON};

    use super::*;
    use crate::limits;

    /// Puts a text into one member of a message, named.
    type Make<'a> = &'a dyn Fn(String) -> (&'static str, Value);

    fn back<T: ParseFromJSON + ToJSON>(value: Value) -> Option<Value> {
        T::parse_from_json(Some(value)).ok().and_then(|message| message.to_json())
    }

    fn back_by_name(name: &str, value: Value) -> Option<Value> {
        match name {
            "SignUpCheck" => back::<SignUpCheck>(value),
            "SignUpCheckResult" => back::<SignUpCheckResult>(value),
            "Credential" => back::<Credential>(value),
            "SignUp" => back::<SignUp>(value),
            "SignUpAccepted" => back::<SignUpAccepted>(value),
            "ResendActivation" => back::<ResendActivation>(value),
            "ActivationResent" => back::<ActivationResent>(value),
            "Activate" => back::<Activate>(value),
            "Activated" => back::<Activated>(value),
            "LoginStart" => back::<LoginStart>(value),
            "Challenge" => back::<Challenge>(value),
            "LoginProof" => back::<LoginProof>(value),
            "LoginResult" => back::<LoginResult>(value),
            "PasswordChangeStart" => back::<PasswordChangeStart>(value),
            "SealedProof" => back::<SealedProof>(value),
            "SteppedUp" => back::<SteppedUp>(value),
            "ResetRequest" => back::<ResetRequest>(value),
            "ResetRequested" => back::<ResetRequested>(value),
            "ResetSecret" => back::<ResetSecret>(value),
            "ResetValid" => back::<ResetValid>(value),
            "ResetCompletion" => back::<ResetCompletion>(value),
            "ResetCompleted" => back::<ResetCompleted>(value),
            "AccountUpdate" => back::<AccountUpdate>(value),
            "EmailChangeSecret" => back::<EmailChangeSecret>(value),
            "EmailChanged" => back::<EmailChanged>(value),
            "Tokens" => back::<Tokens>(value),
            "RefreshRequest" => back::<RefreshRequest>(value),
            "Refreshed" => back::<Refreshed>(value),
            "CodeExchange" => back::<CodeExchange>(value),
            "MobileExchange" => back::<MobileExchange>(value),
            "SignedIn" => back::<SignedIn>(value),
            "VisitStart" => back::<VisitStart>(value),
            "VisitBegun" => back::<VisitBegun>(value),
            "VisitCode" => back::<VisitCode>(value),
            "VisitSteppedUp" => back::<VisitSteppedUp>(value),
            "PasswordSet" => back::<PasswordSet>(value),
            other => panic!("no message {other}"),
        }
    }

    /// Sealed and never in a body, so that poem-openapi does not know it.
    const SEALED: &str = "SealedCredential";

    #[test]
    fn every_message_makes_the_round_trip_through_poem_openapi() {
        every_message(|name, value, _| {
            if name != SEALED {
                assert_eq!(back_by_name(name, value.clone()), Some(value), "{name}");
            }
        });
    }

    #[test]
    fn both_refuse_the_same_unknown_members() {
        every_message(|name, mut value, back| {
            value["surprise"] = json!(1);
            if name == SEALED {
                return;
            }
            assert_eq!(back(value.clone()).is_none(), back_by_name(name, value).is_none(), "{name}");
        });
    }

    /// The validators hold literals, since the derive takes nothing else; the table of limits is what they must say.
    #[test]
    fn the_validators_say_what_the_limits_say() {
        let fits = |length: usize, most: usize, make: Make<'_>| {
            let (name, value) = make("1".repeat(length));
            assert_eq!(back_by_name(name, value).is_some(), length <= most, "{name} {length}");
        };
        let hex = || "ab".repeat(32);
        let texts: [(usize, Make<'_>); 14] = [
            (limits::SEALED_MAX, &|text| {
                ("SealedProof", json!({"handshake": "A", "A": "1", "M1": hex(), "sealed": text}))
            }),
            (limits::DISPLAY_NAME_MAX, &|text| ("AccountUpdate", json!({"display_name": text}))),
            (limits::AUTH_ID_MAX, &|text| ("AccountUpdate", json!({"email": text}))),
            (limits::AUTH_ID_MAX, &|text| ("LoginStart", json!({"auth_id": text}))),
            (limits::TICKET_CHARS, &|text| ("LoginStart", json!({"auth_id": "a", "ticket": text}))),
            (limits::HANDSHAKE_MAX, &|text| ("LoginProof", json!({"handshake": text, "A": "1", "M1": hex()}))),
            (limits::INTEGER_HEX_MAX, &|text| ("LoginProof", json!({"handshake": "A", "A": text, "M1": hex()}))),
            (limits::BYTES_HEX, &|text| ("LoginProof", json!({"handshake": "A", "A": "1", "M1": text}))),
            (limits::DEVICE_NAME_MAX, &|text| {
                ("LoginProof", json!({"handshake": "A", "A": "1", "M1": hex(), "device_name": text}))
            }),
            (limits::DISPLAY_NAME_MAX, &|text| {
                ("SignUp", json!({"auth_id": "a", "credential": credential_json(), "display_name": text}))
            }),
            (limits::LANGUAGE_MAX, &|text| {
                ("SignUp", json!({"auth_id": "a", "credential": credential_json(), "language": text}))
            }),
            (limits::CODE_TYPED_MAX, &|text| ("Activate", json!({"code": text}))),
            (limits::LINK_SECRET_CHARS, &|text| ("Activate", json!({"token": text}))),
            (limits::REFRESH_TOKEN_CHARS, &|text| ("RefreshRequest", json!({"refresh_token": text}))),
        ];
        for (most, make) in texts {
            fits(most, most, make);
            fits(most + 1, most, make);
        }
        for (member, most) in
            [("identity", limits::IDENTITY_CHARS), ("salt", limits::BYTES_HEX), ("verifier", limits::INTEGER_HEX_MAX)]
        {
            let with = |text: String| {
                let mut value = credential_json();
                value[member] = json!(text);
                ("Credential", value)
            };
            fits(most, most, &with);
            fits(most + 1, most, &with);
        }
    }

    /// A limit in characters is one in characters for the server too.
    #[test]
    fn lengths_count_characters() {
        let name = "é".repeat(limits::DISPLAY_NAME_MAX);
        let value = json!({"auth_id": "a", "credential": credential_json(), "display_name": name});
        assert!(back_by_name("SignUp", value).is_some());
    }

    fn credential_json() -> Value {
        serde_json::to_value(credential()).unwrap()
    }
}
