//! The known answers in `shared/vectors`, as far as the check compares with them.

use serde_json::Value;
use tacit_shared::srp::{Group, Identity, PublicValue, Salt};

/// One file: a credential, and handshakes with it that force leading zeros where they hurt.
pub struct Vectors {
    pub group: Group,
    pub identity: Identity,
    pub salt: Salt,
    pub p: String,
    pub x: Vec<u8>,
    pub v: String,
    pub handshakes: Vec<Handshake>,
}

pub struct Handshake {
    pub name: String,
    pub a: Vec<u8>,
    pub b: Vec<u8>,
    pub a_public: PublicValue,
    pub b_public: PublicValue,
    /// Generator bare or padded, integers padded or trimmed; the first is the profile's own.
    pub forms: Vec<Form>,
    pub confirm: Confirm,
}

pub struct Form {
    pub key: Vec<u8>,
    pub m1: String,
    pub m2: String,
}

pub struct Confirm {
    pub user_id: String,
    pub session_id: String,
    pub access_token: String,
    pub refresh_token: String,
    pub expires_in: u64,
    pub confirm: Vec<u8>,
}

/// The vectors of a group.
pub fn load(group: Group) -> Vectors {
    let file = match group {
        Group::G2048 => include_str!("../../vectors/srp6a-sha256-2048.json"),
        Group::G3072 => include_str!("../../vectors/srp6a-sha256-3072.json"),
        Group::G4096 => include_str!("../../vectors/srp6a-sha256-4096.json"),
    };
    let file: Value = serde_json::from_str(file).expect("JSON");
    let credential = &file["credential"];
    Vectors {
        group,
        identity: Identity::parse(text(&credential["identity"])).expect("an identity"),
        salt: Salt::parse(text(&credential["salt"])).expect("a salt"),
        p: text(&credential["P"]).to_owned(),
        x: bytes(&credential["x"]),
        v: text(&credential["v"]).to_owned(),
        handshakes: array(&file["handshakes"]).map(|vector| handshake(group, vector)).collect(),
    }
}

fn handshake(group: Group, vector: &Value) -> Handshake {
    let public = |name: &str| PublicValue::parse_hex(group, text(&vector[name])).ok().expect("a public value");
    let confirm = &vector["confirm"];
    Handshake {
        name: text(&vector["name"]).to_owned(),
        a: bytes(&vector["a"]),
        b: bytes(&vector["b"]),
        a_public: public("A"),
        b_public: public("B"),
        forms: array(&vector["forms"])
            .map(|form| Form {
                key: bytes(&form["K"]),
                m1: text(&form["M1"]).to_owned(),
                m2: text(&form["M2"]).to_owned(),
            })
            .collect(),
        confirm: Confirm {
            user_id: text(&confirm["user_id"]).to_owned(),
            session_id: text(&confirm["session_id"]).to_owned(),
            access_token: text(&confirm["access_token"]).to_owned(),
            refresh_token: text(&confirm["refresh_token"]).to_owned(),
            expires_in: confirm["expires_in"].as_u64().expect("a number"),
            confirm: bytes(&confirm["confirm"]),
        },
    }
}

impl Handshake {
    /// Whether our own client would have drawn another `a`.
    pub fn is_redrawn_by_client(&self) -> bool {
        self.a_public.as_bytes().first() == Some(&0)
    }

    /// Whether our own server would have drawn another `b`.
    pub fn is_redrawn_by_server(&self) -> bool {
        self.b_public.as_bytes().first() == Some(&0)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

/// Bytes from hex, by arithmetic of its own: the crate's is what is under test.
pub fn bytes(value: &Value) -> Vec<u8> {
    let digits = text(value).as_bytes();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("hex"))
        .collect()
}
