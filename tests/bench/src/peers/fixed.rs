//! The crate `crypto-bigint` by itself, with its own exponentiation: what our algorithms over it are to be measured by.

use crypto_bigint::{
    NonZero, Odd, U256, Uint,
    modular::{FixedMontyForm, FixedMontyParams},
};
use tacit_shared::srp::Group;

use super::Integers as Library;

/// Integers of so many limbs.
pub(super) struct Integers<const LIMBS: usize> {
    parameters: FixedMontyParams<LIMBS>,
    n: NonZero<Uint<LIMBS>>,
    g: Uint<LIMBS>,
}

impl<const LIMBS: usize> Integers<LIMBS> {
    pub(super) fn new(group: Group) -> Self {
        let n = Odd::new(read(group.modulus())).expect("a prime");
        Self { n: *n.as_nz_ref(), parameters: FixedMontyParams::new(n), g: Uint::from_u32(group.generator()) }
    }

    fn residue(&self, value: &Uint<LIMBS>) -> FixedMontyForm<LIMBS> {
        FixedMontyForm::new(value, &self.parameters)
    }
}

fn read<const LIMBS: usize>(bytes: &[u8]) -> Uint<LIMBS> {
    Uint::from_be_slice_truncated(bytes, Uint::<LIMBS>::BITS)
}

impl<const LIMBS: usize> Library for Integers<LIMBS> {
    type Integer = Uint<LIMBS>;
    const NAME: &'static str = "crate crypto-bigint pow";
    const CONSTANT_TIME: bool = true;

    fn read(&self, bytes: &[u8]) -> Uint<LIMBS> {
        read(bytes)
    }

    fn write(&self, value: &Uint<LIMBS>) -> Vec<u8> {
        value.to_be_bytes().as_slice().to_vec()
    }

    fn generator(&self) -> &Uint<LIMBS> {
        &self.g
    }

    fn power(&self, base: &Uint<LIMBS>, exponent: &Uint<LIMBS>) -> Uint<LIMBS> {
        self.residue(base).pow_bounded_exp(exponent, U256::BITS).retrieve()
    }

    fn multiply(&self, left: &Uint<LIMBS>, right: &Uint<LIMBS>) -> Uint<LIMBS> {
        self.residue(left).mul(&self.residue(right)).retrieve()
    }

    fn add(&self, left: &Uint<LIMBS>, right: &Uint<LIMBS>) -> Uint<LIMBS> {
        left.add_mod(right, &self.n)
    }
}
