//! The kernel that runs everywhere: fixed-width Montgomery arithmetic of the crate `crypto-bigint`.
//!
//! What this module holds is wiped; copies the crate makes on the stack meanwhile are not.

use core::marker::PhantomData;

use crypto_bigint::{
    CtAssign, CtEq, EncodedUint, Uint,
    modular::{ConstMontyForm, ConstMontyParams},
};
use zeroize::{Zeroize, Zeroizing};

use super::{Element, Kernel};

mod parameters;

#[cfg(test)]
pub(super) use parameters::M1024;
pub(super) use parameters::{M2048, M3072, M4096};

/// Arithmetic modulo the prime of `M`.
pub(super) struct Montgomery<M, const LIMBS: usize> {
    modulus: EncodedUint<LIMBS>,
    prime: PhantomData<M>,
}

impl<M: ConstMontyParams<LIMBS>, const LIMBS: usize> Montgomery<M, LIMBS> {
    pub(super) const fn new() -> Self {
        Self { modulus: M::PARAMS.modulus().as_ref().to_be_bytes(), prime: PhantomData }
    }
}

impl<M: ConstMontyParams<LIMBS>, const LIMBS: usize> Kernel for Montgomery<M, LIMBS> {
    type Residue = ConstMontyForm<M, LIMBS>;

    fn name(&self) -> &'static str {
        "crypto-bigint"
    }

    fn modulus(&self) -> &[u8] {
        self.modulus.as_slice()
    }

    fn read(&self, bytes: &[u8]) -> Self::Residue {
        let integer = Zeroizing::new(Uint::<LIMBS>::from_be_slice_truncated(bytes, Uint::<LIMBS>::BITS));
        ConstMontyForm::new(&integer)
    }

    fn write(&self, value: &Self::Residue) -> Element {
        let integer = Zeroizing::new(value.retrieve());
        let mut encoded = integer.to_be_bytes();
        let out = Zeroizing::new(encoded.as_slice().to_vec());
        encoded.zeroize();
        out
    }

    fn one(&self) -> Self::Residue {
        ConstMontyForm::ONE
    }

    fn multiply(&self, value: &mut Self::Residue, by: &Self::Residue) {
        *value = value.mul(by);
    }

    fn square(&self, value: &mut Self::Residue, times: u32) {
        *value = value.square_repeat_vartime(times);
    }

    fn multiply_small(&self, value: &mut Self::Residue, by: u32) {
        // Doubling and adding: 32 sums are cheaper than to bring the factor into Montgomery form.
        let mut sum = Zeroizing::new(ConstMontyForm::ZERO);
        for place in (0..u16::BITS).rev() {
            let mut term = Zeroizing::new(ConstMontyForm::ZERO);
            term.ct_assign(value, (by >> place & 1).ct_eq(&1));
            *sum = sum.double().add(&term);
        }
        *value = *sum;
    }

    fn add(&self, value: &mut Self::Residue, other: &Self::Residue) {
        *value = ConstMontyForm::add(value, other);
    }

    fn subtract(&self, value: &mut Self::Residue, other: &Self::Residue) {
        *value = ConstMontyForm::sub(value, other);
    }

    fn select(&self, out: &mut Self::Residue, table: &[Self::Residue], index: u32) {
        for (number, entry) in (0_u32..).zip(table) {
            out.ct_assign(entry, number.ct_eq(&index));
        }
    }
}
