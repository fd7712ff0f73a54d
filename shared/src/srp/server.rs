//! The server's side: a challenge from the verifier, and the check of the client's proof.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

#[cfg(target_arch = "wasm32")]
use super::engine::Engine as _;
use super::{
    Group, Identity, Proof, PublicValue, Salt, SessionKey, Verifier,
    engine::{self, Element, Scalar},
    formulas::{self, Constants, ProofInput},
    trimmed,
};
use crate::{Entropy, public};

/// `b` and `g^b`: the half of a challenge that needs no account, so that it can be computed ahead.
///
/// For one challenge, which consumes it; wiped when dropped.
pub struct Pair {
    group: Group,
    /// In a place of its own: a stock moves what it holds, and what moves leaves a copy behind.
    b: Box<Zeroizing<[u8; 32]>>,
    power: Element,
}

impl Pair {
    /// Draws `b`, 256 random bits, and computes `g^b mod N`.
    #[must_use]
    pub fn new(group: Group, entropy: &dyn Entropy) -> Self {
        let mut b = Box::new(Zeroizing::new([0; 32]));
        entropy.fill(b.as_mut_slice());
        let power = engine::of(group).power(&b);
        Self { group, b, power }
    }

    /// The group it belongs to.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }
}

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
    loop {
        if let Some(challenge) = challenge_from(Pair::new(group, entropy), verifier) {
            return challenge;
        }
    }
}

/// The same from a pair; `None` where its `B` has a leading zero byte, and another pair is to be taken.
#[must_use]
pub fn challenge_from(pair: Pair, verifier: &Verifier) -> Option<Challenge> {
    let Pair { group, b, power } = pair;
    let engine = engine::of(group);
    let mut bytes = engine.server_public(&formulas::constants(group).multiplier, verifier.as_bytes(), &power);
    // One that is not used may show too: its `b` is gone with the pair.
    public::declare(&mut bytes);
    if bytes.first().is_none_or(|byte| *byte == 0) {
        return None;
    }
    let public = PublicValue::from_bytes(group, bytes.to_vec()).ok()?;
    Some(Challenge { b: Zeroizing::clone(&b), public })
}

/// `K` as the server comes to it, in the profile's own form.
pub(super) fn session_key(
    group: Group,
    verifier: &Verifier,
    challenge: &Challenge,
    a_public: &PublicValue,
) -> SessionKey {
    let u = formulas::scrambler::<Sha256>(a_public.as_bytes(), challenge.public.as_bytes());
    let secret = engine::of(group).server_secret(a_public.as_bytes(), verifier.as_bytes(), None, &u, &challenge.b);
    SessionKey::new(formulas::session_key::<Sha256>(&secret))
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
    let secret = engine.server_secret(a_public.as_bytes(), verifier.as_bytes(), verifier.comb(), &u, b);
    let keys = [formulas::session_key::<Sha256>(&secret), trimmed::sha256(&secret)];
    let [padded, trimmed] = &keys;

    let forms = Forms { constants: formulas::constants(group), identity, salt, m1 };
    let is_padded = forms.matches(a_public.as_bytes(), b_public.as_bytes(), padded);
    let is_trimmed = forms.matches(a_public.trimmed(), b_public.trimmed(), trimmed);
    let accepted = (is_padded | is_trimmed) & usable(group, &u, [verifier.group(), a_public.group(), b_public.group()]);

    // The caller is told whether the proof was accepted. How long it took to refuse one must not tell more: that
    // somebody logged in to this account lately, and so that there is one.
    if verifier.comb().is_some() && !public::verdict(accepted) {
        engine.even_out(verifier.as_bytes(), &u);
    }

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
    constants: &'a Constants,
    identity: &'a Identity,
    salt: &'a Salt,
    m1: &'a Proof,
}

impl Forms<'_> {
    /// Whether `M1` is the proof over these values, with the generator bare or padded.
    fn matches(&self, a_public: &[u8], b_public: &[u8], key: &[u8; 32]) -> Choice {
        let identity = self.identity.as_str().as_bytes();
        let input = ProofInput { identity, salt: self.salt.as_bytes(), a_public, b_public, key };
        let of = |mixed| formulas::client_proof::<Sha256>(mixed, &input);
        let received = self.m1.as_bytes();
        of(&self.constants.bare).ct_eq(received) | of(&self.constants.padded).ct_eq(received)
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
