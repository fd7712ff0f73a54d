//! The hashes of SRP-6a, for any digest: the profile uses SHA-256, the RFC's own vectors SHA-1.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroizing;

use super::Group;
use super::engine::{self, Engine, Scalar};
use crate::hash::digest;

/// What depends on the group only, under the profile's hash. Everybody knows it.
pub(super) struct Constants {
    /// `k`
    pub(super) multiplier: Scalar,
    /// `H(N) xor H(g)`, with the generator as one byte: the profile and RFC 2945 have it so.
    pub(super) bare: [u8; 32],
    /// The same with the generator padded to the length of `N`.
    pub(super) padded: [u8; 32],
}

/// Those of a group, computed when they are first asked for: hashing them took as long as all else that is hashed.
pub(super) fn constants(group: Group) -> &'static Constants {
    static OF_2048: OnceLock<Constants> = OnceLock::new();
    static OF_3072: OnceLock<Constants> = OnceLock::new();
    static OF_4096: OnceLock<Constants> = OnceLock::new();
    let of_group = match group {
        Group::G2048 => &OF_2048,
        Group::G3072 => &OF_3072,
        Group::G4096 => &OF_4096,
    };
    of_group.get_or_init(|| {
        let engine = engine::of(group);
        Constants {
            multiplier: multiplier::<Sha256>(engine),
            bare: mixed::<Sha256>(engine, &bare_generator(engine)),
            padded: mixed::<Sha256>(engine, &padded_generator(engine)),
        }
    })
}

/// `k = H(N | PAD(g))` (RFC 5054 §2.5.3).
pub(super) fn multiplier<D: Digest>(engine: &(impl Engine + ?Sized)) -> Scalar {
    *digest::<D>(&[engine.modulus(), &padded_generator(engine)])
}

/// `x = H(s | H(I | ":" | P))` (RFC 5054 §2.4).
pub(super) fn private_key<D: Digest>(identity: &[u8], salt: &[u8], password: &[u8]) -> Zeroizing<Scalar> {
    let inner = digest::<D>(&[identity, b":", password]);
    digest::<D>(&[salt, of_digest::<D>(&inner)])
}

/// `u = H(PAD(A) | PAD(B))` (RFC 5054 §2.5.4).
pub(super) fn scrambler<D: Digest>(a_public: &[u8], b_public: &[u8]) -> Scalar {
    *digest::<D>(&[a_public, b_public])
}

/// `K = H(PAD(S))` (RFC 2945 §3 hashes `S`; the profile fixes its length).
pub(super) fn session_key<D: Digest>(secret: &[u8]) -> Zeroizing<[u8; 32]> {
    digest::<D>(&[secret])
}

/// What goes into `M1` beside what the group says.
pub(super) struct ProofInput<'a> {
    pub(super) identity: &'a [u8],
    pub(super) salt: &'a [u8],
    pub(super) a_public: &'a [u8],
    pub(super) b_public: &'a [u8],
    pub(super) key: &'a [u8; 32],
}

/// `M1 = H((H(N) xor H(g)) | H(I) | s | A | B | K)` (RFC 2945 §3), the first of which [`Constants`] has.
pub(super) fn client_proof<D: Digest>(mixed: &[u8; 32], input: &ProofInput<'_>) -> Zeroizing<[u8; 32]> {
    digest::<D>(&[
        of_digest::<D>(mixed),
        of_digest::<D>(&digest::<D>(&[input.identity])),
        input.salt,
        input.a_public,
        input.b_public,
        input.key,
    ])
}

/// `M2 = H(A | M1 | K)` (RFC 2945 §3).
pub(super) fn server_proof<D: Digest>(a_public: &[u8], client_proof: &[u8; 32], key: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    digest::<D>(&[a_public, client_proof, key])
}

/// `left` or, where `choice` is set, `right`; without a branch.
pub(super) fn select(left: &[u8; 32], right: &[u8; 32], choice: Choice) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new(*left);
    for (byte, other) in out.iter_mut().zip(right) {
        byte.conditional_assign(other, choice);
    }
    out
}

/// `H(N) xor H(g)`
fn mixed<D: Digest>(engine: &(impl Engine + ?Sized), generator: &[u8]) -> [u8; 32] {
    let mut mixed = *digest::<D>(&[engine.modulus()]);
    for (byte, other) in mixed.iter_mut().zip(digest::<D>(&[generator]).iter()) {
        *byte ^= other;
    }
    mixed
}

/// As many bytes of it as the digest has.
fn of_digest<D: Digest>(hash: &[u8; 32]) -> &[u8] {
    hash.get(hash.len().saturating_sub(<D as Digest>::output_size())..).unwrap_or_default()
}

fn bare_generator(engine: &(impl Engine + ?Sized)) -> Vec<u8> {
    engine.generator().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

fn padded_generator(engine: &(impl Engine + ?Sized)) -> Vec<u8> {
    let mut out = vec![0; engine.modulus().len()];
    for (byte, from) in out.iter_mut().rev().zip(engine.generator().to_be_bytes().iter().rev()) {
        *byte = *from;
    }
    out
}
