//! The server's side: a challenge from the verifier, and the check of the client's proof.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{
    Group, Identity, Proof, PublicValue, Salt, SessionKey, Verifier,
    engine::{self, Engine, Scalar},
    formulas::{self, GeneratorForm, ProofInput},
    trimmed,
};
use crate::{Entropy, public};

/// `b` and `B`, drawn for one handshake and never used for another.
pub struct Challenge {
    /// `b`, 256 random bits: secret.
    pub b: Zeroizing<[u8; 32]>,
    /// `B`, for the client.
    pub public: PublicValue,
}

/// What the check of a proof came to.
///
/// Where it was refused, `key` and `m2` are noise: the true ones would let the caller test guesses of the password
/// without asking again.
pub struct Verdict {
    /// Whether the client knows the password.
    pub accepted: Choice,
    /// `K`, in the form the client used.
    pub key: SessionKey,
    /// `M2`, in the form the client used.
    pub m2: Proof,
}

/// Draws `b` and computes `B = (k·v + g^b) mod N` (RFC 5054 §2.5.3), again until `B` has no leading zero byte.
#[must_use]
pub fn challenge(group: Group, verifier: &Verifier, entropy: &dyn Entropy) -> Challenge {
    let engine = engine::of(group);
    let k = formulas::multiplier::<Sha256>(engine);
    loop {
        let mut b = Zeroizing::new([0; 32]);
        entropy.fill(b.as_mut_slice());
        let mut bytes = engine.server_public(&k, verifier.as_bytes(), &b);
        // One that is drawn again may show too: its `b` is gone, and the next is drawn afresh.
        public::declare(&mut bytes);
        if bytes.first().is_none_or(|byte| *byte == 0) {
            continue;
        }
        if let Ok(public) = PublicValue::from_bytes(group, bytes.to_vec()) {
            return Challenge { b, public };
        }
    }
}

/// Checks `M1` and computes `M2`; all the work is done whatever comes in.
///
/// Libraries differ in how they hash the generator and whether they trim integers, so `M1` is computed in four forms
/// and compared with all of them. `u = 0` and values of another group are not accepted.
#[expect(clippy::too_many_arguments, reason = "the inputs of the formula, by their names in the RFC")]
#[must_use]
pub fn verify(
    group: Group,
    identity: &Identity,
    salt: &Salt,
    verifier: &Verifier,
    b: &[u8; 32],
    b_public: &PublicValue,
    a_public: &PublicValue,
    m1: &Proof,
) -> Verdict {
    let engine = engine::of(group);
    let u = formulas::scrambler::<Sha256>(a_public.as_bytes(), b_public.as_bytes());
    let secret = engine.server_secret(a_public.as_bytes(), verifier.as_bytes(), &u, b);
    let keys = [formulas::session_key::<Sha256>(&secret), trimmed::sha256(&secret)];
    let [padded, trimmed] = &keys;

    let forms = Forms { engine, identity, salt, m1 };
    let is_padded = forms.matches(a_public.as_bytes(), b_public.as_bytes(), padded);
    let is_trimmed = forms.matches(a_public.trimmed(), b_public.trimmed(), trimmed);
    let accepted = (is_padded | is_trimmed) & usable(group, &u, [verifier.group(), a_public.group(), b_public.group()]);

    let in_trimmed_form = is_trimmed & !is_padded;
    let key = formulas::select(padded, trimmed, in_trimmed_form);
    let key = formulas::select(&noise(b, m1), &key, accepted);
    let m2 = formulas::select(
        &formulas::server_proof::<Sha256>(a_public.as_bytes(), m1.as_bytes(), &key),
        &formulas::server_proof::<Sha256>(a_public.trimmed(), m1.as_bytes(), &key),
        in_trimmed_form,
    );
    Verdict { accepted, key: SessionKey::new(key), m2: Proof::from_bytes(*m2) }
}

/// `M1` as received, and what all its forms have in common.
struct Forms<'a> {
    engine: &'a dyn Engine,
    identity: &'a Identity,
    salt: &'a Salt,
    m1: &'a Proof,
}

impl Forms<'_> {
    /// Whether `M1` is the proof over these values, with the generator bare or padded.
    fn matches(&self, a_public: &[u8], b_public: &[u8], key: &[u8; 32]) -> Choice {
        let identity = self.identity.as_str().as_bytes();
        let input = ProofInput { identity, salt: self.salt.as_bytes(), a_public, b_public, key };
        let of = |form| formulas::client_proof::<Sha256>(self.engine, form, &input);
        let received = self.m1.as_bytes();
        of(GeneratorForm::Bare).ct_eq(received) | of(GeneratorForm::Padded).ct_eq(received)
    }
}

fn usable(group: Group, u: &Scalar, groups: [Group; 3]) -> Choice {
    let same_group = groups.iter().all(|other| *other == group);
    Choice::from(u8::from(same_group)) & !u.ct_eq(&[0; 32])
}

/// A key nobody knows, for a proof that was refused.
fn noise(b: &[u8; 32], m1: &Proof) -> Zeroizing<[u8; 32]> {
    let digest = Sha256::new().chain_update(b"tacit/v1 refused").chain_update(b).chain_update(m1.as_bytes()).finalize();
    Zeroizing::new(digest.into())
}
