//! The known answers in `shared/vectors`: the model must give them again, and this crate must agree with each.

use super::{
    model::{Model, hex, unhex},
    source::Script,
};
use crate::{
    confirm, kdf, password, preset,
    sealed::{self, Context, Purpose},
    srp::{Group, Identity, Proof, PublicValue, Salt, Verifier, client, engine, formulas, server, trimmed},
};

mod file;
mod write;

pub(super) use file::{Confirm, Credential, File, Form, Handshake, Sealed, load};

fn starts_with_zero(hex: &str) -> bool {
    hex.starts_with("00")
}

#[test]
fn the_model_gives_every_vector_again() {
    for group in Group::ALL {
        let file = load(group);
        let model = Model::of(&file);
        assert_eq!(file.modulus, hex(group.modulus()));
        assert_eq!(model.credential(&file.credential), file.credential);
        for vector in &file.handshakes {
            let (a, b) = (unhex(&vector.a), unhex(&vector.b));
            assert_eq!(&model.handshake(&file.credential, &vector.name, &a, &b), vector);
        }
    }
}

#[test]
fn the_vectors_force_leading_zeros_in_a_b_and_s() {
    for group in Group::ALL {
        let zeros: Vec<_> = load(group)
            .handshakes
            .iter()
            .map(|vector| [&vector.a_public, &vector.b_public, &vector.s].map(|value| starts_with_zero(value)))
            .collect();
        let expected =
            [[false; 3], [false, false, true], [true, false, false], [false, true, false], [true, false, true]];
        assert_eq!(zeros, expected);
    }
}

#[test]
fn the_password_becomes_the_listed_secrets() {
    for group in Group::ALL {
        let vector = load(group).credential;
        let normalised: String = unicode_normalization::UnicodeNormalization::nfkc(vector.typed.as_str()).collect();
        assert_eq!(normalised, vector.password);
        assert_eq!(password::check_both(&vector.typed, &normalised), Ok(()));

        let (identity, salt) = (Identity::parse(&vector.identity).unwrap(), Salt::parse(&vector.salt).unwrap());
        let preset = preset::find(vector.preset).unwrap();
        assert_eq!((preset.group, preset.kdf_text()), (group, vector.kdf));
        let secrets =
            kdf::derive(&mut kdf::Memory::default(), &vector.password, &salt, preset, &vector.realm, &identity)
                .ok()
                .unwrap();
        assert_eq!(secrets.login.as_str(), vector.p);
        assert_eq!(hex(secrets.wrap.as_slice()), vector.w);

        let x = client::private_key(&identity, &salt, secrets.login.as_bytes());
        assert_eq!(hex(x.as_slice()), vector.x);
        assert_eq!(client::verifier(group, &x).to_hex(), vector.v);
    }
}

#[test]
fn the_arithmetic_gives_the_listed_values() {
    for group in Group::ALL {
        let File { credential, handshakes, .. } = load(group);
        let engine = engine::of(group);
        let scalar = |text: &str| -> [u8; 32] { unhex(text).try_into().unwrap() };
        let k = formulas::multiplier::<sha2::Sha256>(engine);
        assert_eq!(hex(&k), credential.k);
        let (x, v) = (scalar(&credential.x), unhex(&credential.v));
        for vector in handshakes {
            let (a, b, u) = (scalar(&vector.a), scalar(&vector.b), scalar(&vector.u));
            let (a_public, b_public) = (engine.power(&a), engine.server_public(&k, &v, &engine.power(&b)));
            assert_eq!((hex(&a_public), hex(&b_public)), (vector.a_public, vector.b_public));
            assert_eq!(formulas::scrambler::<sha2::Sha256>(&a_public, &b_public), u);
            let secret = engine.server_secret(&a_public, &v, None, &u, &b);
            let inputs = engine::ClientSecret { k: &k, x: &x, a: &a, u: &u };
            assert_eq!(hex(&secret), vector.s);
            assert_eq!(hex(&engine.client_secret(&b_public, &inputs)), vector.s);
            assert_eq!(hex(formulas::session_key::<sha2::Sha256>(&secret).as_slice()), vector.forms[0].k);
            assert_eq!(hex(trimmed::sha256(&secret).as_slice()), vector.forms[2].k);
        }
    }
}

#[test]
fn the_server_accepts_each_form_and_answers_in_it() {
    for group in Group::ALL {
        let File { credential, handshakes, .. } = load(group);
        let (identity, salt) = (Identity::parse(&credential.identity).unwrap(), Salt::parse(&credential.salt).unwrap());
        let verifier = Verifier::parse_hex(group, &credential.v).ok().unwrap();
        for vector in handshakes {
            let b: [u8; 32] = unhex(&vector.b).try_into().unwrap();
            let b_public = PublicValue::parse_hex(group, &vector.b_public).ok().unwrap();
            // As a library sends it that trims.
            let a_public = PublicValue::parse_hex(group, vector.a_public.trim_start_matches('0')).ok().unwrap();
            for form in vector.forms {
                let m1 = Proof::parse(&form.m1).ok().unwrap();
                let verdict = server::verify(group, &identity, &salt, &verifier, &b, &b_public, &a_public, &m1);
                assert!(bool::from(verdict.accepted), "{} {}", vector.name, form.m1);
                assert_eq!((verdict.m2.to_hex(), hex(verdict.key.as_bytes())), (form.m2, form.k));
            }
        }
    }
}

#[test]
fn the_client_proves_as_listed_and_believes_only_the_listed_server() {
    for group in Group::ALL {
        let File { credential, handshakes, .. } = load(group);
        let (identity, salt) = (Identity::parse(&credential.identity).unwrap(), Salt::parse(&credential.salt).unwrap());
        let x: [u8; 32] = unhex(&credential.x).try_into().unwrap();
        for vector in handshakes.iter().filter(|vector| !starts_with_zero(&vector.a_public)) {
            let ephemeral = client::Ephemeral::new(group, &Script::new(&[&unhex(&vector.a)]));
            assert_eq!(ephemeral.public().to_hex(), vector.a_public);
            let b_public = PublicValue::parse_hex(group, &vector.b_public).ok().unwrap();
            let proof = ephemeral.prove(&identity, &salt, &x, &b_public).ok().unwrap();
            let [form, ..] = vector.forms.as_slice() else { panic!("four forms") };
            assert_eq!((proof.proof.to_hex(), hex(proof.key.as_bytes())), (form.m1.clone(), form.k.clone()));
            assert!(proof.server_proved(&Proof::parse(&form.m2).ok().unwrap()));
            assert!(!proof.server_proved(&Proof::parse(&form.m1).ok().unwrap()));
        }
    }
}

#[test]
fn values_with_a_leading_zero_are_drawn_again() {
    for group in Group::ALL {
        let File { credential, handshakes, .. } = load(group);
        let [plain, _, zero_a, zero_b, _] = handshakes.as_slice() else { panic!("five handshakes") };
        let script = Script::new(&[&unhex(&zero_a.a), &unhex(&plain.a)]);
        assert_eq!(client::Ephemeral::new(group, &script).public().to_hex(), plain.a_public);
        assert!(script.is_used_up());

        let verifier = Verifier::parse_hex(group, &credential.v).ok().unwrap();
        let script = Script::new(&[&unhex(&zero_b.b), &unhex(&plain.b)]);
        let challenge = server::challenge(group, &verifier, &script);
        assert_eq!((challenge.public.to_hex(), hex(challenge.b.as_slice())), (plain.b_public.clone(), plain.b.clone()));
        assert!(script.is_used_up());
    }
}

#[test]
fn confirm_and_sealed_bodies_are_as_listed() {
    for group in Group::ALL {
        for vector in load(group).handshakes {
            let key =
                crate::srp::SessionKey::new(zeroize::Zeroizing::new(unhex(&vector.forms[0].k).try_into().unwrap()));
            let given = &vector.confirm;
            let session = confirm::Session {
                user_id: &given.user_id,
                session_id: &given.session_id,
                access_token: &given.access_token,
                refresh_token: Some(&given.refresh_token),
                token_type: &given.token_type,
                expires_in: given.expires_in,
                device_token: None,
            };
            assert_eq!(hex(&confirm::compute(&key, &session)), given.confirm);

            let given = &vector.sealed;
            let context = Context {
                purpose: Purpose::Change,
                session_id: &given.session_id,
                method: &given.method,
                path: &given.path,
            };
            let sealed = sealed::seal(&key, context, given.plaintext.as_bytes(), &Script::new(&[&unhex(&given.nonce)]));
            assert_eq!(sealed.as_ref(), Ok(&given.sealed));
            assert_eq!(sealed::open(&key, context, &given.sealed).unwrap().as_slice(), given.plaintext.as_bytes());
        }
    }
}
