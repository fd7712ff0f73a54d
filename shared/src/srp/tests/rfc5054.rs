//! The test vectors of RFC 5054 appendix B, to the byte: SHA-1 and the 1024-bit group, which exist here only.

use serde::Deserialize;
use sha1::Sha1;

use super::model::{hex, unhex};
use crate::srp::{
    engine::{self, ClientSecret, Scalar},
    formulas,
};

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "I")]
    identity: String,
    #[serde(rename = "P")]
    password: String,
    s: String,
    k: String,
    x: String,
    v: String,
    a: String,
    b: String,
    #[serde(rename = "A")]
    a_public: String,
    #[serde(rename = "B")]
    b_public: String,
    u: String,
    #[serde(rename = "S")]
    secret: String,
}

/// The number as 32 bytes.
fn scalar(text: &str) -> Scalar {
    let mut out = [0; 32];
    let bytes = unhex(text);
    out[32 - bytes.len()..].copy_from_slice(&bytes);
    out
}

#[test]
fn appendix_b_to_the_byte() {
    let vector: Vector = serde_json::from_str(include_str!("../../../vectors/rfc5054-appendix-b.json")).unwrap();
    let engine = engine::of_1024_bits();

    let k = formulas::multiplier::<Sha1>(engine);
    assert_eq!(k, scalar(&vector.k));
    let x = formulas::private_key::<Sha1>(vector.identity.as_bytes(), &unhex(&vector.s), vector.password.as_bytes());
    assert_eq!(*x, scalar(&vector.x));
    let v = engine.power(&x);
    assert_eq!(hex(&v), vector.v);

    let (a, b) = (scalar(&vector.a), scalar(&vector.b));
    let (a_public, b_public) = (engine.power(&a), engine.server_public(&k, &v, &engine.power(&b)));
    assert_eq!(hex(&a_public), vector.a_public);
    assert_eq!(hex(&b_public), vector.b_public);
    let u = formulas::scrambler::<Sha1>(&a_public, &b_public);
    assert_eq!(u, scalar(&vector.u));

    assert_eq!(hex(&engine.server_secret(&a_public, &v, None, &u, &b)), vector.secret);
    let inputs = ClientSecret { k: &k, x: &x, a: &a, u: &u };
    assert_eq!(hex(&engine.client_secret(&b_public, &inputs)), vector.secret);
}
