//! The known answers in `shared/vectors`: the model must give them again, and this crate must agree with each.

use std::path::PathBuf;

use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::{
    model::{Model, hash, hex, unhex},
    source::Script,
};
use crate::{
    confirm, kdf, password, preset,
    sealed::{self, Context, Purpose},
    srp::{Group, Identity, Proof, PublicValue, Salt, Verifier, client, engine, formulas, server, trimmed},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    profile: String,
    unicode: String,
    group: String,
    pub(super) generator: u64,
    pub(super) modulus: String,
    pub(super) credential: Credential,
    pub(super) handshakes: Vec<Handshake>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    pub(super) typed: String,
    pub(super) password: String,
    pub(super) realm: String,
    pub(super) preset: u16,
    pub(super) kdf: String,
    pub(super) identity: String,
    pub(super) salt: String,
    pub(super) login_info: String,
    pub(super) wrap_info: String,
    pub(super) master: String,
    #[serde(rename = "P")]
    pub(super) p: String,
    #[serde(rename = "W")]
    pub(super) w: String,
    pub(super) k: String,
    pub(super) x: String,
    pub(super) v: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handshake {
    pub(super) name: String,
    pub(super) a: String,
    pub(super) b: String,
    #[serde(rename = "A")]
    pub(super) a_public: String,
    #[serde(rename = "B")]
    pub(super) b_public: String,
    pub(super) u: String,
    #[serde(rename = "S")]
    pub(super) s: String,
    pub(super) forms: Vec<Form>,
    pub(super) confirm: Confirm,
    pub(super) sealed: Sealed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub(super) generator: String,
    pub(super) integers: String,
    #[serde(rename = "K")]
    pub(super) k: String,
    #[serde(rename = "M1")]
    pub(super) m1: String,
    #[serde(rename = "M2")]
    pub(super) m2: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    pub(super) user_id: String,
    pub(super) session_id: String,
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) token_type: String,
    pub(super) expires_in: u64,
    pub(super) key: String,
    pub(super) message: String,
    pub(super) confirm: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealed {
    pub(super) purpose: String,
    pub(super) session_id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) plaintext: String,
    pub(super) nonce: String,
    pub(super) info: String,
    pub(super) key: String,
    pub(super) sealed: String,
}

impl Confirm {
    pub(super) fn example() -> Self {
        Self {
            user_id: "0193a6f0-5c1e-7d3a-9f42-6b8f0c2d1e57".into(),
            session_id: "0193a6f1-0a77-7b1c-8e05-2d94c7f3a610".into(),
            access_token: "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJl".into(),
            refresh_token: "rt_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8".into(),
            token_type: "Bearer".into(),
            expires_in: 300,
            key: String::new(),
            message: String::new(),
            confirm: String::new(),
        }
    }
}

impl Sealed {
    pub(super) fn example() -> Self {
        Self {
            purpose: "change".into(),
            session_id: "0193a6f1-0a77-7b1c-8e05-2d94c7f3a610".into(),
            method: "POST".into(),
            path: "/api/auth/srp/password/change/complete".into(),
            plaintext: r#"{"example":true}"#.into(),
            nonce: "404142434445464748494a4b4c4d4e4f5051525354555657".into(),
            info: String::new(),
            key: String::new(),
            sealed: String::new(),
        }
    }
}

fn path(group: Group) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("vectors/srp6a-sha256-{}.json", group.id()))
}

pub(super) fn load(group: Group) -> File {
    serde_json::from_str(&std::fs::read_to_string(path(group)).unwrap()).unwrap()
}

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
        let secrets = kdf::derive(&vector.password, &salt, preset, &vector.realm, &identity).ok().unwrap();
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
            let (a_public, b_public) = (engine.power(&a), engine.server_public(&k, &v, &b));
            assert_eq!((hex(&a_public), hex(&b_public)), (vector.a_public, vector.b_public));
            assert_eq!(formulas::scrambler::<sha2::Sha256>(&a_public, &b_public), u);
            let secret = engine.server_secret(&a_public, &v, &u, &b);
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

#[test]
#[ignore = "writes shared/vectors; for a deliberate change of the profile only"]
fn write_the_vectors() {
    for (group, preset) in [(Group::G2048, 3), (Group::G3072, 1), (Group::G4096, 2)] {
        let mut file = File {
            profile: "srp6a-sha256".into(),
            unicode: password::UNICODE_VERSION.into(),
            group: group.id().into(),
            generator: group.generator(),
            modulus: hex(group.modulus()),
            credential: Credential {
                typed: "Ｐａß№ 1 \u{212b} pa\u{308}sswo\u{301}rd 🔑".into(),
                password: "PaßNo 1 Å p\u{e4}ssw\u{f3}rd 🔑".into(),
                realm: "example.com".into(),
                preset,
                identity: hex(&hash(&[b"tacit vector identity", group.id().as_bytes()])[..16]),
                salt: hex(&hash(&[b"tacit vector salt", group.id().as_bytes()])),
                ..Credential::default()
            },
            handshakes: Vec::new(),
        };
        let model = Model::of(&file);
        file.credential = model.credential(&file.credential);
        file.handshakes = Search { model: &model, credential: &file.credential }.handshakes();
        let json = serde_json::to_string_pretty(&file).unwrap() + "\n";
        std::fs::write(path(group), json).unwrap();
    }
}

/// Looks for exponents that give the wanted leading zeros.
struct Search<'a> {
    model: &'a Model,
    credential: &'a Credential,
}

impl Search<'_> {
    fn handshakes(&self) -> Vec<Handshake> {
        let v = BigUint::from_bytes_be(&unhex(&self.credential.v));
        let zero_a = |a: &[u8]| self.is_short(&self.model.a_public(&BigUint::from_bytes_be(a)));
        let zero_b = |b: &[u8]| self.is_short(&self.model.b_public(&v, &BigUint::from_bytes_be(b)));
        let zero_s = |a: &[u8], b: &[u8]| {
            let (a, b) = (BigUint::from_bytes_be(a), BigUint::from_bytes_be(b));
            let (a_public, b_public) = (self.model.a_public(&a), self.model.b_public(&v, &b));
            let u = self.model.u(&a_public, &b_public);
            self.is_short(&self.model.server_secret(&a_public, &v, &u, &b))
        };
        let plain_a = draw("a", |a| !zero_a(a));
        let short_a = draw("a", &zero_a);
        let plain_b = draw("b", |b| !zero_b(b) && !zero_s(&plain_a, b) && !zero_s(&short_a, b));
        let short_b = draw("b", |b| zero_b(b) && !zero_s(&plain_a, b));
        let b_for_short_s = draw("b", |b| !zero_b(b) && zero_s(&plain_a, b));
        let b_for_short_a_and_s = draw("b", |b| !zero_b(b) && zero_s(&short_a, b));
        let of = |name, a: &[u8], b: &[u8]| self.model.handshake(self.credential, name, a, b);
        vec![
            of("no leading zeros", &plain_a, &plain_b),
            of("S begins with a zero byte", &plain_a, &b_for_short_s),
            of("A begins with a zero byte (from another client: ours draws again)", &short_a, &plain_b),
            of("B begins with a zero byte (from another server: ours draws again)", &plain_a, &short_b),
            of("A and S begin with a zero byte", &short_a, &b_for_short_a_and_s),
        ]
    }

    fn is_short(&self, value: &BigUint) -> bool {
        value.to_bytes_be().len() < self.model.len
    }
}

fn draw(label: &str, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    (0_u32..)
        .map(|count| hash(&[b"tacit vector", label.as_bytes(), &count.to_be_bytes()]))
        .find(|exponent| is_wanted(exponent))
        .unwrap()
}
