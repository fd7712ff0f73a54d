//! The crate `num-bigint`: Montgomery windows of its own, in portable Rust; not constant in time.

use num_bigint::BigUint;
use tacit_shared::srp::Group;

use super::Integers as Library;

pub(super) struct Integers {
    n: BigUint,
    g: BigUint,
    len: usize,
}

impl Integers {
    pub(super) fn new(group: Group) -> Self {
        Self { n: BigUint::from_bytes_be(group.modulus()), g: group.generator().into(), len: group.len() }
    }
}

impl Library for Integers {
    type Integer = BigUint;
    const NAME: &'static str = "num-bigint modpow";
    const CONSTANT_TIME: bool = false;

    fn read(&self, bytes: &[u8]) -> BigUint {
        BigUint::from_bytes_be(bytes)
    }

    fn write(&self, value: &BigUint) -> Vec<u8> {
        let bytes = value.to_bytes_be();
        let mut out = vec![0; self.len - bytes.len()];
        out.extend(bytes);
        out
    }

    fn generator(&self) -> &BigUint {
        &self.g
    }

    fn power(&self, base: &BigUint, exponent: &BigUint) -> BigUint {
        base.modpow(exponent, &self.n)
    }

    fn multiply(&self, left: &BigUint, right: &BigUint) -> BigUint {
        left * right % &self.n
    }

    fn add(&self, left: &BigUint, right: &BigUint) -> BigUint {
        (left + right) % &self.n
    }
}
