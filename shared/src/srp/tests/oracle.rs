//! `N`, `g`, `v`, `A`, `B` and `S` against the crate `srp` 0.6, which knows nothing of this one.

use num_bigint::BigUint;
use proptest::prelude::*;
use sha2_010::Sha256;
use srp::{client::SrpClient, groups, server::SrpServer, types::SrpGroup};

use super::{actors::Run, model::unhex, vectors::load};
use crate::srp::{Group, engine, formulas};

fn oracle(group: Group) -> &'static SrpGroup {
    match group {
        Group::G2048 => &groups::G_2048,
        Group::G3072 => &groups::G_3072,
        Group::G4096 => &groups::G_4096,
    }
}

/// The other crate trims every integer.
fn trimmed(bytes: &[u8]) -> Vec<u8> {
    BigUint::from_bytes_be(bytes).to_bytes_be()
}

#[test]
fn the_groups_are_the_same() {
    for group in Group::ALL {
        assert_eq!(group.modulus(), oracle(group).n.to_bytes_be());
        assert_eq!(group.generator().to_string(), oracle(group).g.to_string());
        assert_eq!((group.modulus().len(), group.len() * 8), (group.len(), group.bits()));
        assert_eq!(group.id(), group.bits().to_string());
    }
    assert_eq!(engine::of_1024_bits().modulus(), groups::G_1024.n.to_bytes_be());
}

/// Fermat's test to base 2 for `N` and `(N − 1) / 2`: no accident of copying passes it.
#[test]
fn the_moduli_are_safe_primes() {
    for group in Group::ALL {
        let (one, two) = (BigUint::from(1_u8), BigUint::from(2_u8));
        let n = BigUint::from_bytes_be(group.modulus());
        let half = (&n - &one) / &two;
        for prime in [&n, &half] {
            assert_eq!(two.modpow(&(prime - &one), prime), one, "{group:?}");
        }
    }
}

#[test]
fn the_vectors_are_the_same() {
    for group in Group::ALL {
        let file = load(group);
        let given = &file.credential;
        let (client, server) = (SrpClient::<Sha256>::new(oracle(group)), SrpServer::<Sha256>::new(oracle(group)));
        let (identity, p, salt) = (given.identity.as_bytes(), given.p.as_bytes(), unhex(&given.salt));
        let verifier = client.compute_verifier(identity, p, &salt);
        assert_eq!(verifier, trimmed(&unhex(&given.v)));
        for vector in &file.handshakes {
            let (a, b) = (unhex(&vector.a), unhex(&vector.b));
            let (a_public, b_public) = (unhex(&vector.a_public), unhex(&vector.b_public));
            assert_eq!(client.compute_public_ephemeral(&a), trimmed(&a_public));
            assert_eq!(server.compute_public_ephemeral(&b, &verifier), trimmed(&b_public));
            // It hashes A and B trimmed in u, so S agrees only where there is nothing to trim.
            if a_public[0] != 0 && b_public[0] != 0 {
                let ours = trimmed(&unhex(&vector.s));
                assert_eq!(client.process_reply(&a, identity, p, &salt, &b_public).unwrap().key(), ours);
                assert_eq!(server.process_reply(&b, &verifier, &a_public).unwrap().key(), ours);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_other_handshake_is_the_same(
        seed: u64,
        p: Vec<u8>,
        group in prop::sample::select(Group::ALL.to_vec()),
    ) {
        let run = Run::new(group, seed, &p);
        let (client, server) = (SrpClient::<Sha256>::new(oracle(group)), SrpServer::<Sha256>::new(oracle(group)));
        let verifier = client.compute_verifier(run.identity.as_str().as_bytes(), &p, run.salt.as_bytes());
        prop_assert_eq!(&verifier, &trimmed(run.verifier.as_bytes()));
        prop_assert_eq!(server.compute_public_ephemeral(&run.b, &verifier), run.b_public.as_bytes());
        let theirs = server.process_reply(&run.b, &verifier, run.a_public.as_bytes()).unwrap();
        let u = formulas::scrambler::<sha2::Sha256>(run.a_public.as_bytes(), run.b_public.as_bytes());
        let ours = engine::of(group).server_secret(run.a_public.as_bytes(), run.verifier.as_bytes(), None, &u, &run.b);
        prop_assert_eq!(theirs.key(), trimmed(&ours));
    }
}
