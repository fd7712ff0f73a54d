//! A client whose password costs nothing: for load, never for people.
//!
//! Its private key `x` is 1, so its verifier is `g`, and its `a` is 1, so its `A` is `g` as well. That leaves one
//! exponentiation of a login to the generator, `S = (B − k·g)^(1 + u)`, a third of what the server does: the exponent has
//! 256 bits whatever a client chooses, because `u` has. The fastest kernel computes it, so that the generator takes as
//! little as it can of the processors it shares. To the server it is a login like any other: its own arithmetic takes the
//! same time for every verifier and every `A`.

use crypto_bigint::{U256, U2048, U3072, U4096, Uint};
use sha2::{Digest as _, Sha256};
use tacit_shared::encoding::to_hex;
use tacit_shared::srp::engine::{self, Scalar};
use tacit_shared::srp::{Group, PublicValue};

/// `x` of every account.
pub(crate) const PRIVATE_KEY: [u8; 32] = {
    let mut one = [0; 32];
    one[31] = 1;
    one
};

/// What every login of a group has in common.
pub(crate) struct Cheap {
    group: Group,
    /// `H(N) xor H(g)`
    mixed: [u8; 32],
    /// `k·g`, not reduced: far below `N`.
    masked: Vec<u8>,
    /// `A`, at the group's length.
    public: Vec<u8>,
    /// `A` in hex.
    pub(crate) public_hex: String,
}

/// The proof of one login, and what its answer is checked by.
pub(crate) struct Shown {
    /// `M1` in hex.
    pub(crate) proof: String,
    /// `M2` in hex, if the server knows the verifier.
    pub(crate) expected: String,
}

impl Cheap {
    pub(crate) fn new(group: Group) -> Self {
        let generator = u8::try_from(group.generator()).unwrap();
        let public = padded(&[generator], group.len());
        let k = Sha256::new().chain_update(group.modulus()).chain_update(&public).finalize();
        let mut mixed: [u8; 32] = Sha256::digest(group.modulus()).into();
        for (byte, other) in mixed.iter_mut().zip(Sha256::digest([generator])) {
            *byte ^= other;
        }
        let mut masked = vec![0; group.len()];
        let mut carry = 0_u16;
        for (to, from) in masked.iter_mut().rev().zip(k.iter().rev().chain(&[0])) {
            carry += u16::from(*from) * u16::from(generator);
            *to = u8::try_from(carry & 0xff).unwrap();
            carry >>= 8;
        }
        let public_hex = to_hex(&public);
        Self { group, mixed, masked, public, public_hex }
    }

    /// The verifier of every account: `g`.
    pub(crate) fn verifier(&self) -> &[u8] {
        &self.public
    }

    /// Answers a challenge.
    pub(crate) fn prove(&self, identity: &str, salt: &[u8], server: &PublicValue) -> Shown {
        let b_public = server.as_bytes();
        let u: [u8; 32] = Sha256::new().chain_update(&self.public).chain_update(b_public).finalize().into();
        let secret = match self.group {
            Group::G2048 => self.secret::<{ U2048::LIMBS }>(b_public, &u),
            Group::G3072 => self.secret::<{ U3072::LIMBS }>(b_public, &u),
            Group::G4096 => self.secret::<{ U4096::LIMBS }>(b_public, &u),
        };
        let key: [u8; 32] = Sha256::digest(secret).into();
        let proof: [u8; 32] = Sha256::new()
            .chain_update(self.mixed)
            .chain_update(Sha256::digest(identity))
            .chain_update(salt)
            .chain_update(&self.public)
            .chain_update(b_public)
            .chain_update(key)
            .finalize()
            .into();
        let expected: [u8; 32] =
            Sha256::new().chain_update(&self.public).chain_update(proof).chain_update(key).finalize().into();
        Shown { proof: to_hex(&proof), expected: to_hex(&expected) }
    }

    /// `(B − k·g)^(1 + u)`, which is a server's `(A·v^0)^b`.
    fn secret<const LIMBS: usize>(&self, b_public: &[u8], u: &[u8; 32]) -> Vec<u8> {
        let read = |bytes: &[u8]| Uint::<LIMBS>::from_be_slice(bytes);
        let modulus = read(self.group.modulus()).to_nz().unwrap();
        let base = read(b_public).sub_mod(&read(&self.masked), &modulus);
        let exponent = U256::from_be_slice(u).wrapping_add(&U256::ONE).to_be_bytes();
        let exponent: Scalar = exponent.as_ref().try_into().unwrap();
        let secret =
            engine::of(self.group).server_secret(base.to_be_bytes().as_ref(), &self.public, None, &[0; 32], &exponent);
        secret.to_vec()
    }
}

/// Big-endian at this length.
fn padded(bytes: &[u8], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    out[length - bytes.len()..].copy_from_slice(bytes);
    out
}
