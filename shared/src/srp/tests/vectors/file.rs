//! How the known answers are written down.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::srp::Group;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::srp::tests) struct File {
    pub(in crate::srp::tests) profile: String,
    pub(in crate::srp::tests) unicode: String,
    pub(in crate::srp::tests) group: String,
    pub(in crate::srp::tests) generator: u64,
    pub(in crate::srp::tests) modulus: String,
    pub(in crate::srp::tests) credential: Credential,
    pub(in crate::srp::tests) handshakes: Vec<Handshake>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::srp::tests) struct Credential {
    pub(in crate::srp::tests) typed: String,
    pub(in crate::srp::tests) password: String,
    pub(in crate::srp::tests) realm: String,
    pub(in crate::srp::tests) preset: u16,
    pub(in crate::srp::tests) kdf: String,
    pub(in crate::srp::tests) identity: String,
    pub(in crate::srp::tests) salt: String,
    pub(in crate::srp::tests) login_info: String,
    pub(in crate::srp::tests) wrap_info: String,
    pub(in crate::srp::tests) master: String,
    #[serde(rename = "P")]
    pub(in crate::srp::tests) p: String,
    #[serde(rename = "W")]
    pub(in crate::srp::tests) w: String,
    pub(in crate::srp::tests) k: String,
    pub(in crate::srp::tests) x: String,
    pub(in crate::srp::tests) v: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::srp::tests) struct Handshake {
    pub(in crate::srp::tests) name: String,
    pub(in crate::srp::tests) a: String,
    pub(in crate::srp::tests) b: String,
    #[serde(rename = "A")]
    pub(in crate::srp::tests) a_public: String,
    #[serde(rename = "B")]
    pub(in crate::srp::tests) b_public: String,
    pub(in crate::srp::tests) u: String,
    #[serde(rename = "S")]
    pub(in crate::srp::tests) s: String,
    pub(in crate::srp::tests) forms: Vec<Form>,
    pub(in crate::srp::tests) confirm: Confirm,
    pub(in crate::srp::tests) sealed: Sealed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::srp::tests) struct Form {
    pub(in crate::srp::tests) generator: String,
    pub(in crate::srp::tests) integers: String,
    #[serde(rename = "K")]
    pub(in crate::srp::tests) k: String,
    #[serde(rename = "M1")]
    pub(in crate::srp::tests) m1: String,
    #[serde(rename = "M2")]
    pub(in crate::srp::tests) m2: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the profile")]
pub(in crate::srp::tests) struct Confirm {
    pub(in crate::srp::tests) user_id: String,
    pub(in crate::srp::tests) session_id: String,
    pub(in crate::srp::tests) access_token: String,
    pub(in crate::srp::tests) refresh_token: String,
    pub(in crate::srp::tests) token_type: String,
    pub(in crate::srp::tests) expires_in: u64,
    pub(in crate::srp::tests) key: String,
    pub(in crate::srp::tests) message: String,
    pub(in crate::srp::tests) confirm: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the profile")]
pub(in crate::srp::tests) struct Sealed {
    pub(in crate::srp::tests) purpose: String,
    pub(in crate::srp::tests) session_id: String,
    pub(in crate::srp::tests) method: String,
    pub(in crate::srp::tests) path: String,
    pub(in crate::srp::tests) plaintext: String,
    pub(in crate::srp::tests) nonce: String,
    pub(in crate::srp::tests) info: String,
    pub(in crate::srp::tests) key: String,
    pub(in crate::srp::tests) sealed: String,
}

impl Confirm {
    pub(in crate::srp::tests) fn example() -> Self {
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
    pub(in crate::srp::tests) fn example() -> Self {
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

pub(super) fn path(group: Group) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("vectors/srp6a-sha256-{}.json", group.id()))
}

pub(in crate::srp::tests) fn load(group: Group) -> File {
    serde_json::from_str(&std::fs::read_to_string(path(group)).unwrap()).unwrap()
}
