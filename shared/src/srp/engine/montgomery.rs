//! The portable engine: fixed-width Montgomery arithmetic of the crate `crypto-bigint`.
//!
//! Its exponentiation walks 4-bit windows, reads the whole table for every window, and takes as long for one exponent
//! as for any other of the same bit length; the bit lengths here are constants. What this module holds is wiped;
//! copies the crate makes on the stack meanwhile are not.

use core::marker::PhantomData;

use crypto_bigint::{
    EncodedUint, U256, U576, Uint,
    modular::{ConstMontyForm, ConstMontyParams},
};
use zeroize::{Zeroize, Zeroizing};

use super::{ClientSecret, Element, Engine, Scalar};

/// Bits of an exponent `a`, `b`, `x`, `u`.
const SCALAR_BITS: u32 = 256;
/// Bits of `a + u·x`: a product of two 256-bit numbers and the carry of one sum.
const JOINT_BITS: u32 = 513;

/// Arithmetic modulo the prime of `M`.
pub(in crate::srp) struct Montgomery<M, const LIMBS: usize> {
    generator: u64,
    modulus: EncodedUint<LIMBS>,
    prime: PhantomData<M>,
}

/// A residue that is wiped when dropped.
type Residue<M, const LIMBS: usize> = Zeroizing<ConstMontyForm<M, LIMBS>>;

impl<M: ConstMontyParams<LIMBS>, const LIMBS: usize> Montgomery<M, LIMBS> {
    /// The group of `M`'s prime with this generator.
    pub(super) const fn new(generator: u64) -> Self {
        Self { generator, modulus: M::PARAMS.modulus().as_ref().to_be_bytes(), prime: PhantomData }
    }

    fn read(bytes: &[u8]) -> Residue<M, LIMBS> {
        let integer = Zeroizing::new(Uint::<LIMBS>::from_be_slice_truncated(bytes, Uint::<LIMBS>::BITS));
        Zeroizing::new(ConstMontyForm::new(&integer))
    }

    fn write(residue: &ConstMontyForm<M, LIMBS>) -> Element {
        let integer = Zeroizing::new(residue.retrieve());
        let mut encoded = integer.to_be_bytes();
        let out = Zeroizing::new(encoded.as_slice().to_vec());
        encoded.zeroize();
        out
    }

    fn power_of(base: &ConstMontyForm<M, LIMBS>, exponent: &Scalar) -> Residue<M, LIMBS> {
        let exponent = Zeroizing::new(U256::from_be_slice(exponent));
        Zeroizing::new(base.pow_bounded_exp(&exponent, SCALAR_BITS))
    }

    fn power_of_generator(&self, exponent: &Scalar) -> Residue<M, LIMBS> {
        Self::power_of(&ConstMontyForm::new(&Uint::from_u64(self.generator)), exponent)
    }
}

impl<M: ConstMontyParams<LIMBS>, const LIMBS: usize> Engine for Montgomery<M, LIMBS> {
    fn modulus(&self) -> &[u8] {
        self.modulus.as_slice()
    }

    fn generator(&self) -> u64 {
        self.generator
    }

    fn power(&self, exponent: &Scalar) -> Element {
        Self::write(&self.power_of_generator(exponent))
    }

    fn server_public(&self, k: &Scalar, v: &[u8], b: &Scalar) -> Element {
        let masked = Zeroizing::new(Self::read(k).mul(&Self::read(v)));
        Self::write(&Zeroizing::new(masked.add(&self.power_of_generator(b))))
    }

    fn server_secret(&self, a_public: &[u8], v: &[u8], u: &Scalar, b: &Scalar) -> Element {
        let scrambled = Self::power_of(&Self::read(v), u);
        let base = Zeroizing::new(Self::read(a_public).mul(&scrambled));
        Self::write(&Self::power_of(&base, b))
    }

    fn client_secret(&self, b_public: &[u8], secret: &ClientSecret<'_>) -> Element {
        let verifier = self.power_of_generator(secret.x);
        let masked = Zeroizing::new(Self::read(secret.k).mul(&verifier));
        let base = Zeroizing::new(Self::read(b_public).sub(&masked));
        Self::write(&Zeroizing::new(base.pow_bounded_exp(&joint_exponent(secret), JOINT_BITS)))
    }
}

/// `a + u·x`, over the integers: the order of `g` divides `(N−1)/2`, far above 513 bits, so nothing is reduced.
fn joint_exponent(secret: &ClientSecret<'_>) -> Zeroizing<U576> {
    let read = |scalar: &Scalar| Zeroizing::new(U576::from_be_slice_truncated(scalar, U576::BITS));
    let product = Zeroizing::new(read(secret.u).wrapping_mul(&*read(secret.x)));
    Zeroizing::new(product.wrapping_add(&read(secret.a)))
}
