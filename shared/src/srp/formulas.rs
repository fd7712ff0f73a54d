//! The hashes of SRP-6a, for any digest: the profile uses SHA-256, the RFC's own vectors SHA-1.

use sha2::Digest;
use subtle::{Choice, ConditionallySelectable};
use zeroize::{Zeroize, Zeroizing};

use super::engine::{Engine, Scalar};

/// `k = H(N | PAD(g))` (RFC 5054 §2.5.3).
pub(super) fn multiplier<D: Digest>(engine: &dyn Engine) -> Scalar {
    let hash = D::new().chain_update(engine.modulus()).chain_update(padded_generator(engine));
    *finish(hash)
}

/// `x = H(s | H(I | ":" | P))` (RFC 5054 §2.4).
pub(super) fn private_key<D: Digest>(identity: &[u8], salt: &[u8], password: &[u8]) -> Zeroizing<Scalar> {
    let mut inner = D::new().chain_update(identity).chain_update(b":").chain_update(password).finalize();
    let outer = D::new().chain_update(salt).chain_update(&inner);
    inner.as_mut_slice().zeroize();
    finish(outer)
}

/// `u = H(PAD(A) | PAD(B))` (RFC 5054 §2.5.4).
pub(super) fn scrambler<D: Digest>(a_public: &[u8], b_public: &[u8]) -> Scalar {
    *finish(D::new().chain_update(a_public).chain_update(b_public))
}

/// `K = H(PAD(S))` (RFC 2945 §3 hashes `S`; the profile fixes its length).
pub(super) fn session_key<D: Digest>(secret: &[u8]) -> Zeroizing<[u8; 32]> {
    finish(D::new().chain_update(secret))
}

/// What goes into `M1` beside the form of the generator.
pub(super) struct ProofInput<'a> {
    pub(super) identity: &'a [u8],
    pub(super) salt: &'a [u8],
    pub(super) a_public: &'a [u8],
    pub(super) b_public: &'a [u8],
    pub(super) key: &'a [u8; 32],
}

/// Which bytes of `g` are hashed in `M1`.
#[derive(Clone, Copy)]
pub(super) enum GeneratorForm {
    /// One byte, as the profile and RFC 2945 have it.
    Bare,
    /// Padded to the length of `N`.
    Padded,
}

/// `M1 = H((H(N) xor H(g)) | H(I) | s | A | B | K)` (RFC 2945 §3).
pub(super) fn client_proof<D: Digest>(
    engine: &dyn Engine,
    form: GeneratorForm,
    input: &ProofInput<'_>,
) -> Zeroizing<[u8; 32]> {
    let generator = match form {
        GeneratorForm::Bare => bare_generator(engine),
        GeneratorForm::Padded => padded_generator(engine),
    };
    let mut mixed = D::digest(engine.modulus());
    for (byte, other) in mixed.iter_mut().zip(D::digest(generator)) {
        *byte ^= other;
    }
    let hash = D::new()
        .chain_update(mixed)
        .chain_update(D::digest(input.identity))
        .chain_update(input.salt)
        .chain_update(input.a_public)
        .chain_update(input.b_public)
        .chain_update(input.key);
    finish(hash)
}

/// `M2 = H(A | M1 | K)` (RFC 2945 §3).
pub(super) fn server_proof<D: Digest>(a_public: &[u8], client_proof: &[u8; 32], key: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    finish(D::new().chain_update(a_public).chain_update(client_proof).chain_update(key))
}

/// `left` or, where `choice` is set, `right`; without a branch.
pub(super) fn select(left: &[u8; 32], right: &[u8; 32], choice: Choice) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new(*left);
    for (byte, other) in out.iter_mut().zip(right) {
        byte.conditional_assign(other, choice);
    }
    out
}

/// The digest in 32 bytes; a shorter one (SHA-1) stands at the end, so that it is the same number.
fn finish<D: Digest>(hash: D) -> Zeroizing<[u8; 32]> {
    let mut digest = hash.finalize();
    let mut out = Zeroizing::new([0; 32]);
    for (byte, from) in out.iter_mut().rev().zip(digest.iter().rev()) {
        *byte = *from;
    }
    digest.as_mut_slice().zeroize();
    out
}

fn bare_generator(engine: &dyn Engine) -> Vec<u8> {
    engine.generator().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

fn padded_generator(engine: &dyn Engine) -> Vec<u8> {
    let mut out = vec![0; engine.modulus().len()];
    for (byte, from) in out.iter_mut().rev().zip(engine.generator().to_be_bytes().iter().rev()) {
        *byte = *from;
    }
    out
}
