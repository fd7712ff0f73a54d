//! A client and a server that finish handshakes, for properties.

use zeroize::Zeroizing;

use super::source::Seeded;
use crate::srp::{
    Group, Identity, Proof, PublicValue, Salt, Verifier, client,
    server::{self, Verdict},
};

/// Everything that takes part in one handshake, up to the client's proof.
pub(super) struct Run {
    pub(super) group: Group,
    pub(super) identity: Identity,
    pub(super) salt: Salt,
    pub(super) x: Zeroizing<[u8; 32]>,
    pub(super) verifier: Verifier,
    pub(super) b: [u8; 32],
    pub(super) b_public: PublicValue,
    pub(super) a_public: PublicValue,
    pub(super) m1: Proof,
    pub(super) client: client::ClientProof,
}

impl Run {
    pub(super) fn new(group: Group, seed: u64, p: &[u8]) -> Self {
        let entropy = Seeded::new(seed);
        let (identity, salt) = (Identity::random(&entropy), Salt::random(&entropy));
        let x = client::private_key(&identity, &salt, p);
        let verifier = client::verifier(group, &x);
        let challenge = server::challenge(group, &verifier, &entropy);
        let client =
            client::Ephemeral::new(group, &entropy).prove(&identity, &salt, &x, &challenge.public).ok().unwrap();
        Self {
            group,
            identity,
            salt,
            x,
            verifier,
            b: *challenge.b,
            b_public: challenge.public,
            a_public: client.public.clone(),
            m1: client.proof.clone(),
            client,
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        server::verify(
            self.group,
            &self.identity,
            &self.salt,
            &self.verifier,
            &self.b,
            &self.b_public,
            &self.a_public,
            &self.m1,
        )
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.verdict().accepted.into()
    }
}

/// The bytes with one bit turned over.
pub(super) fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out[bit / 8] ^= 1 << (bit % 8);
    out
}
