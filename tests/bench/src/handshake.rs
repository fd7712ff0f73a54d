//! The values of one login, and what each of its steps must come to.
//!
//! They are drawn from a counter, so that every run times the same work, and computed with `num-bigint`: what a
//! contender gets is compared with them before any clock starts.

use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use tacit_shared::srp::Group;

/// One login as the server sees it.
pub struct Handshake {
    /// Which one it is.
    pub number: usize,
    /// The verifier, of the group's length.
    pub v: Vec<u8>,
    /// The server's exponent.
    pub b: [u8; 32],
    /// `A`, of the group's length.
    pub a_public: Vec<u8>,
    /// `u = H(A | B)`.
    pub u: [u8; 32],
    /// `g^b`
    pub g_b: Vec<u8>,
    /// `v^u`
    pub v_u: Vec<u8>,
    /// `A · v^u`
    pub base: Vec<u8>,
    /// `B = k·v + g^b`
    pub b_public: Vec<u8>,
    /// `S = (A · v^u)^b`
    pub secret: Vec<u8>,
}

/// `k = H(N | PAD(g))`
#[must_use]
pub fn multiplier(group: Group) -> [u8; 32] {
    let mut generator = vec![0; group.len()];
    for (byte, from) in generator.iter_mut().rev().zip(group.generator().to_le_bytes()) {
        *byte = from;
    }
    Sha256::new().chain_update(group.modulus()).chain_update(generator).finalize().into()
}

impl Handshake {
    /// The handshake of this number. `A` and `B` have no leading zero byte: libraries that trim would hash other bytes.
    ///
    /// # Panics
    /// If a coin fell on the same side for weeks.
    #[must_use]
    pub fn numbered(group: Group, number: usize) -> Self {
        (0..u32::MAX)
            .map(|attempt| Self::drawn(group, number, attempt))
            .find(Self::is_of_full_length)
            .expect("one attempt in 128 is refused")
    }

    fn drawn(group: Group, number: usize, attempt: u32) -> Self {
        let draw = |name: &str| -> [u8; 32] {
            Sha256::new()
                .chain_update(name)
                .chain_update(group.id())
                .chain_update(number.to_be_bytes())
                .chain_update(attempt.to_be_bytes())
                .finalize()
                .into()
        };
        let modulus = BigUint::from_bytes_be(group.modulus());
        let generator = BigUint::from(group.generator());
        let integer = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
        let padded = |value: &BigUint| {
            let bytes = value.to_bytes_be();
            let mut out = vec![0; group.len() - bytes.len()];
            out.extend(bytes);
            out
        };

        let b = draw("b");
        let v = generator.modpow(&integer(&draw("x")), &modulus);
        let a_public = padded(&generator.modpow(&integer(&draw("a")), &modulus));
        let g_b = generator.modpow(&integer(&b), &modulus);
        let b_public = padded(&((integer(&multiplier(group)) * &v + &g_b) % &modulus));
        let u: [u8; 32] = Sha256::new().chain_update(&a_public).chain_update(&b_public).finalize().into();
        let v_u = v.modpow(&integer(&u), &modulus);
        let base = integer(&a_public) * &v_u % &modulus;
        let secret = padded(&base.modpow(&integer(&b), &modulus));
        Self {
            number,
            v: padded(&v),
            b,
            a_public,
            u,
            g_b: padded(&g_b),
            v_u: padded(&v_u),
            base: padded(&base),
            b_public,
            secret,
        }
    }

    fn is_of_full_length(&self) -> bool {
        self.a_public[0] != 0 && self.b_public[0] != 0
    }
}
