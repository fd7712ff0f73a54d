//! What both sides do with secrets, each step with its secrets marked and its result compared with the vector.

use std::hint::black_box;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tacit_shared::confirm::{self, Session};
use tacit_shared::encoding::to_hex;
use tacit_shared::sealed::{self, Context, Purpose};
use tacit_shared::srp::client::{self, ClientProof, Ephemeral};
use tacit_shared::srp::server::{self, Verdict};
use tacit_shared::srp::{Proof, SessionKey, Verifier};

use crate::marked::{Drawn, published, published_verdict, secret_scalar, secret_text};
use crate::report::Report;
use crate::vectors::{Confirm, Form, Handshake, Vectors};

/// `P`, `x`, `v`: a new credential, to the text that is sent.
pub fn credential(report: &mut Report, of: &Vectors) {
    let p = secret_text(&of.p);
    let x = report.expect_none("client: x from P", || client::private_key(&of.identity, &of.salt, p.as_bytes()));
    assert_eq!(published("x", &*x), of.x);
    let verifier = report.expect_none("client: v from x", || client::verifier(of.group, &x));
    let sent = report.expect_none("client: v as hex", || verifier.to_hex());
    assert_eq!(published("v", sent.as_bytes()), of.v.as_bytes());

    let [first, ..] = of.handshakes.as_slice() else { panic!("a handshake") };
    let drawn = Drawn::new([&first.b, &first.a]);
    let good = report.expect_none("client: self-check", || {
        u8::from(client::self_check(of.group, &of.identity, &of.salt, &x, &verifier, &drawn))
    });
    // Both sides' `K` are compared in the crate, which declares what came of it.
    assert_eq!(good, 1);
}

/// A whole login, both sides.
pub fn login(report: &mut Report, of: &Vectors, handshake: &Handshake) {
    let [first, ..] = of.handshakes.as_slice() else { panic!("a handshake") };
    let sent = secret_text(&of.v);
    let verifier = report.expect_none("server: v from hex", || Verifier::parse_hex(of.group, &sent).ok());
    let verifier = verifier.expect("a verifier");

    let drawn = Drawn::new([&handshake.b, &first.b]);
    let challenge = report.expect_none("server: challenge", || server::challenge(of.group, &verifier, &drawn));
    let expected = if handshake.is_redrawn_by_server() { first } else { handshake };
    assert!(challenge.public == expected.b_public, "B of {}", handshake.name);
    assert_eq!(published("b", &*challenge.b), expected.b);

    for form in &handshake.forms {
        let verdict = verify(report, of, handshake, &verifier, &form.m1);
        assert!(published_verdict("the verdict", verdict.accepted.unwrap_u8()), "{}", handshake.name);
        assert_eq!(published("M2", verdict.m2.as_bytes()), unhex(&form.m2));
        assert_eq!(published("K", verdict.key.as_bytes()), form.key);
        if form.key == handshake.forms[0].key {
            confirmed(report, &verdict.key, &handshake.confirm);
        }
    }
    let wrong = to_hex(&Sha256::digest(&handshake.forms[0].m1));
    refused(report, of, handshake, &verifier, &wrong);

    let comb = report.expect_none("server: comb", || verifier.to_comb());
    let verifier = verifier.with_comb(Arc::new(comb));
    let verdict = verify(report, of, handshake, &verifier, &handshake.forms[0].m1);
    assert!(published_verdict("the verdict", verdict.accepted.unwrap_u8()), "{} by the comb", handshake.name);
    assert_eq!(published("K", verdict.key.as_bytes()), handshake.forms[0].key);
    refused(report, of, handshake, &verifier, &wrong);

    prove(report, of, handshake);
}

fn refused(report: &mut Report, of: &Vectors, handshake: &Handshake, verifier: &Verifier, wrong: &str) {
    let verdict = verify(report, of, handshake, verifier, wrong);
    assert!(!published_verdict("the verdict", verdict.accepted.unwrap_u8()), "{}", handshake.name);
    assert_ne!(published("M2", verdict.m2.as_bytes()), unhex(&handshake.forms[0].m2));
}

fn verify(report: &mut Report, of: &Vectors, handshake: &Handshake, verifier: &Verifier, m1: &str) -> Verdict {
    let (b, m1) = (secret_scalar(&handshake.b), Proof::parse(m1).expect("a proof"));
    let (a_public, b_public) = (&handshake.a_public, &handshake.b_public);
    report.expect_none("server: verify", || {
        server::verify(of.group, &of.identity, &of.salt, verifier, &b, b_public, a_public, &m1)
    })
}

fn prove(report: &mut Report, of: &Vectors, handshake: &Handshake) {
    let [first, ..] = of.handshakes.as_slice() else { panic!("a handshake") };
    let drawn = Drawn::new([&handshake.a, &first.a]);
    let ephemeral = report.expect_none("client: a and A", || Ephemeral::new(of.group, &drawn));
    if handshake.is_redrawn_by_client() {
        assert!(*ephemeral.public() == first.a_public);
        return;
    }
    assert!(*ephemeral.public() == handshake.a_public);
    let x = secret_scalar(&of.x);
    let proof = report
        .expect_none("client: prove", || ephemeral.prove(&of.identity, &of.salt, &x, &handshake.b_public).ok())
        .expect("a proof");
    let Form { key, m1, m2 } = &handshake.forms[0];
    assert_eq!(published("M1", proof.proof.as_bytes()), unhex(m1));
    assert_eq!(published("K", proof.key.as_bytes()), *key);
    assert!(server_proved(report, &proof, m2));
    assert!(!server_proved(report, &proof, m1));
    confirmed(report, &proof.key, &handshake.confirm);
}

fn server_proved(report: &mut Report, proof: &ClientProof, m2: &str) -> bool {
    let m2 = Proof::parse(m2).expect("a proof");
    let proved = report.expect_none("client: M2", || u8::from(proof.server_proved(&m2)));
    published_verdict("M2's verdict", proved)
}

/// What both sides do with `K`.
fn confirmed(report: &mut Report, key: &SessionKey, vector: &Confirm) {
    let session = Session {
        user_id: &vector.user_id,
        session_id: &vector.session_id,
        access_token: &vector.access_token,
        refresh_token: Some(&vector.refresh_token),
        token_type: "Bearer",
        expires_in: vector.expires_in,
        device_token: None,
    };
    let sent = report.expect_none("server: confirm", || confirm::compute(key, &session));
    assert_eq!(published("confirm", &sent), vector.expected);

    let received: [u8; 32] = vector.expected.as_slice().try_into().expect("32 bytes");
    let mut altered = received;
    altered[31] ^= 1;
    for (received, expected) in [(received, true), (altered, false)] {
        let good = report.expect_none("client: confirm", || u8::from(confirm::verify(key, &session, &received)));
        assert_eq!(published_verdict("confirm's verdict", good), expected);
    }

    let context = Context { purpose: Purpose::Change, session_id: &vector.session_id, method: "POST", path: "/" };
    let (plain, nonce) = (secret_text("a new verifier"), [7; 24]);
    let nonces = Drawn::new([&nonce]);
    let sealed = report.expect_none("client: sealed body", || {
        sealed::seal(key, context, plain.as_bytes(), &nonces).ok().map(|text| black_box(text).into_bytes())
    });
    // The first characters are the nonce.
    assert!(published("the sealed body", &sealed.expect("a sealed body")).len() > 32);
}

fn unhex(text: &str) -> Vec<u8> {
    crate::vectors::bytes(&text.into())
}
