//! The client's side: a verifier from the password, and the proof of knowing it.

use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

#[cfg(target_arch = "wasm32")]
use super::engine::Engine as _;
use super::{
    Group, Identity, Proof, PublicValue, Salt, SessionKey, SrpError, Verifier,
    engine::{self, ClientSecret},
    formulas::{self, ProofInput},
    server,
};
use crate::{Entropy, public};

/// `x = H(s | H(I | ":" | P))` (RFC 5054 §2.4), `P` being the 64 hex digits that the key derivation gives.
#[must_use]
pub fn private_key(identity: &Identity, salt: &Salt, p: &[u8]) -> Zeroizing<[u8; 32]> {
    formulas::private_key::<Sha256>(identity.as_str().as_bytes(), salt.as_bytes(), p)
}

/// `v = g^x mod N` (RFC 5054 §2.4).
///
/// That it is not a trivial one (`x = 0` would give 1) is for [`self_check`] and the server to see.
#[must_use]
pub fn verifier(group: Group, x: &[u8; 32]) -> Verifier {
    Verifier::computed(group, engine::of(group).power(x))
}

/// `a` and `A`, drawn for one login.
pub struct Ephemeral {
    group: Group,
    /// Where it stays: a value that moves leaves a copy behind.
    a: Box<Zeroizing<[u8; 32]>>,
    public: PublicValue,
}

/// What the client sends, and what it expects and keeps.
pub struct ClientProof {
    /// `A`
    pub public: PublicValue,
    /// `M1`
    pub proof: Proof,
    /// `K`; of no use before [`ClientProof::server_proved`].
    pub key: SessionKey,
    expected: Proof,
}

impl Ephemeral {
    /// Draws `a`, 256 random bits, and computes `A = g^a mod N` (RFC 5054 §2.6), again until `A` has no leading zero
    /// byte.
    #[must_use]
    pub fn new(group: Group, entropy: &dyn Entropy) -> Self {
        let engine = engine::of(group);
        loop {
            let mut a = Box::new(Zeroizing::new([0; 32]));
            entropy.fill(a.as_mut_slice());
            let mut bytes = engine.power(&a);
            // One that is drawn again may show too: its `a` is gone, and the next is drawn afresh.
            public::declare(&mut bytes);
            if bytes.first().is_none_or(|byte| *byte == 0) {
                continue;
            }
            if let Ok(public) = PublicValue::from_bytes(group, bytes.to_vec()) {
                return Self { group, a, public };
            }
        }
    }

    /// `A`
    #[must_use]
    pub const fn public(&self) -> &PublicValue {
        &self.public
    }

    /// Computes `S = (B − k·g^x)^(a + u·x) mod N` (RFC 5054 §2.6), `K` and the proofs, in the profile's own form.
    ///
    /// # Errors
    /// [`SrpError::GroupMismatch`] for a `B` of another group, [`SrpError::ZeroScrambler`] for `u = 0`.
    pub fn prove(
        self,
        identity: &Identity,
        salt: &Salt,
        x: &[u8; 32],
        b_public: &PublicValue,
    ) -> Result<ClientProof, SrpError> {
        if b_public.group() != self.group {
            return Err(SrpError::GroupMismatch);
        }
        let engine = engine::of(self.group);
        let u = formulas::scrambler::<Sha256>(self.public.as_bytes(), b_public.as_bytes());
        if bool::from(u.ct_eq(&[0; 32])) {
            return Err(SrpError::ZeroScrambler);
        }
        let constants = formulas::constants(self.group);
        let secret = ClientSecret { k: &constants.multiplier, x, a: &self.a, u: &u };
        let secret = engine.client_secret(b_public.as_bytes(), &secret);
        let key = formulas::session_key::<Sha256>(&secret);

        let input = ProofInput {
            identity: identity.as_str().as_bytes(),
            salt: salt.as_bytes(),
            a_public: self.public.as_bytes(),
            b_public: b_public.as_bytes(),
            key: &key,
        };
        let proof = formulas::client_proof::<Sha256>(&constants.bare, &input);
        let expected = formulas::server_proof::<Sha256>(self.public.as_bytes(), &proof, &key);
        Ok(ClientProof {
            public: self.public,
            proof: Proof::from_bytes(*proof),
            key: SessionKey::new(key),
            expected: Proof::from_bytes(*expected),
        })
    }
}

impl ClientProof {
    /// Whether `M2` shows that the server knows the verifier; in constant time.
    #[must_use]
    pub fn server_proved(&self, m2: &Proof) -> bool {
        self.expected.ct_eq(m2).into()
    }
}

/// Plays a whole login of a new credential, both sides, before it is sent.
///
/// A verifier that a fault of memory or arithmetic has spoilt would lock its owner out; one from which the two sides do not
/// come to the same `K` is never sent.
#[must_use]
pub fn self_check(
    group: Group,
    identity: &Identity,
    salt: &Salt,
    x: &[u8; 32],
    verifier: &Verifier,
    entropy: &dyn Entropy,
) -> bool {
    if verifier.group() != group || Verifier::from_bytes(group, verifier.as_bytes().to_vec()).is_err() {
        return false;
    }
    let challenge = server::challenge(group, verifier, entropy);
    let Ok(proof) = Ephemeral::new(group, entropy).prove(identity, salt, x, &challenge.public) else {
        return false;
    };
    server::session_key(group, verifier, &challenge, &proof.public).ct_eq(&proof.key)
}
