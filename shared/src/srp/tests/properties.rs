//! What holds for every handshake.

use proptest::prelude::*;

use super::{
    actors::{Run, flipped},
    source::Seeded,
};
use crate::srp::{Group, Identity, Proof, PublicValue, Salt, Verifier, client};

const GROUP: Group = Group::G2048;

fn hex(bytes: &[u8]) -> String {
    crate::encoding::to_hex(bytes)
}

/// Every bit of a value turned over, one at a time: what still parses must not be accepted.
fn no_bit_can_be_flipped(bits: usize, mut alter: impl FnMut(&mut Run, usize) -> bool) {
    let mut run = Run::new(GROUP, 1, b"p");
    assert!(run.is_accepted());
    for bit in 0..bits {
        if alter(&mut run, bit) {
            assert!(!run.is_accepted(), "bit {bit}");
        }
    }
}

#[test]
fn no_bit_of_the_identity_can_be_flipped() {
    let given = Run::new(GROUP, 1, b"p").identity;
    let raw = crate::encoding::parse_hex_exact::<16>(given.as_str()).unwrap();
    no_bit_can_be_flipped(128, |run, bit| match Identity::parse(&hex(&flipped(&raw, bit))) {
        Ok(altered) => {
            run.identity = altered;
            true
        }
        Err(_) => false,
    });
}

#[test]
fn no_bit_of_the_salt_can_be_flipped() {
    let given = *Run::new(GROUP, 1, b"p").salt.as_bytes();
    no_bit_can_be_flipped(256, |run, bit| match Salt::from_bytes(flipped(&given, bit).try_into().unwrap()) {
        Ok(altered) => {
            run.salt = altered;
            true
        }
        Err(_) => false,
    });
}

#[test]
fn no_bit_of_m1_can_be_flipped() {
    let given = *Run::new(GROUP, 1, b"p").m1.as_bytes();
    no_bit_can_be_flipped(256, |run, bit| {
        run.m1 = Proof::from_bytes(flipped(&given, bit).try_into().unwrap());
        true
    });
}

#[test]
fn no_bit_of_a_can_be_flipped() {
    let given = Run::new(GROUP, 1, b"p").a_public;
    no_bit_can_be_flipped(2048, |run, bit| match PublicValue::from_bytes(GROUP, flipped(given.as_bytes(), bit)) {
        Ok(altered) => {
            run.a_public = altered;
            true
        }
        Err(_) => false,
    });
}

#[test]
fn no_bit_of_b_can_be_flipped() {
    let given = Run::new(GROUP, 1, b"p").b_public;
    no_bit_can_be_flipped(2048, |run, bit| match PublicValue::from_bytes(GROUP, flipped(given.as_bytes(), bit)) {
        Ok(altered) => {
            run.b_public = altered;
            true
        }
        Err(_) => false,
    });
}

#[test]
fn no_bit_of_b_on_its_way_to_the_client_can_be_flipped() {
    let run = Run::new(GROUP, 1, b"p");
    for bit in (0..2048).step_by(7) {
        let Ok(altered) = PublicValue::from_bytes(GROUP, flipped(run.b_public.as_bytes(), bit)) else { continue };
        let ephemeral = client::Ephemeral::new(GROUP, &Seeded::new(2));
        let proof = ephemeral.prove(&run.identity, &run.salt, &run.x, &altered).ok().unwrap();
        let run = Run { a_public: proof.public.clone(), m1: proof.proof.clone(), ..Run::new(GROUP, 1, b"p") };
        let verdict = run.verdict();
        assert!(!bool::from(verdict.accepted) && !proof.server_proved(&verdict.m2), "bit {bit}");
    }
}

#[test]
fn a_refused_proof_earns_neither_the_key_nor_the_server_s_proof() {
    let mut run = Run::new(GROUP, 3, b"p");
    let good = run.verdict();
    run.m1 = Proof::from_bytes(flipped(run.m1.as_bytes(), 0).try_into().unwrap());
    let bad = run.verdict();
    assert!(bool::from(good.accepted) && !bool::from(bad.accepted));
    assert_ne!(good.key.as_bytes(), bad.key.as_bytes());
    // What M2 would have been: H(PAD(A) | M1 | K), with the true key.
    let true_m2 = super::model::hash(&[run.a_public.as_bytes(), run.m1.as_bytes(), good.key.as_bytes()]);
    assert_ne!(bad.m2.as_bytes().as_slice(), true_m2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn who_knows_the_password_gets_in_and_so_does_the_server(
        seed: u64,
        p: Vec<u8>,
        group in prop::sample::select(Group::ALL.to_vec()),
    ) {
        let run = Run::new(group, seed, &p);
        let verdict = run.verdict();
        prop_assert!(bool::from(verdict.accepted));
        prop_assert!(run.client.server_proved(&verdict.m2));
        prop_assert_eq!(run.client.key.as_bytes(), verdict.key.as_bytes());
        prop_assert!(run.b_public.as_bytes()[0] != 0 && run.a_public.as_bytes()[0] != 0);
    }

    #[test]
    fn who_does_not_know_it_does_not(seed: u64, p: Vec<u8>, other: Vec<u8>) {
        prop_assume!(p != other);
        let run = Run::new(GROUP, seed, &p);
        let x = client::private_key(&run.identity, &run.salt, &other);
        let proof =
            client::Ephemeral::new(GROUP, &Seeded::new(seed)).prove(&run.identity, &run.salt, &x, &run.b_public);
        let proof = proof.ok().unwrap();
        let run = Run { a_public: proof.public.clone(), m1: proof.proof.clone(), ..run };
        let verdict = run.verdict();
        prop_assert!(!bool::from(verdict.accepted));
        prop_assert!(!proof.server_proved(&verdict.m2));
    }

    #[test]
    fn another_verifier_or_another_b_fits_no_proof(seed: u64, bit in 0..256_usize) {
        let run = Run::new(GROUP, seed, b"p");
        let b = flipped(&run.b, bit).try_into().unwrap();
        let altered = Run { b, ..Run::new(GROUP, seed, b"p") };
        prop_assert!(!altered.is_accepted());
        if let Ok(verifier) = Verifier::from_bytes(GROUP, flipped(run.verifier.as_bytes(), bit)) {
            let altered = Run { verifier, ..run };
            prop_assert!(!altered.is_accepted());
        }
    }

    #[test]
    fn a_new_credential_passes_its_own_check_and_an_altered_one_does_not(seed: u64, p: Vec<u8>, bit in 0..2040_usize) {
        let run = Run::new(GROUP, seed, &p);
        let entropy = Seeded::new(seed);
        let passes = |verifier: &Verifier| {
            client::self_check(GROUP, &run.identity, &run.salt, &run.x, verifier, &entropy)
        };
        prop_assert!(passes(&run.verifier));
        if let Ok(altered) = Verifier::from_bytes(GROUP, flipped(run.verifier.as_bytes(), bit)) {
            prop_assert!(!passes(&altered));
        }
    }
}
