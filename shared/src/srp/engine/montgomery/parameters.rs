//! The primes as parameters of `crypto-bigint`, made at compile time.

use crypto_bigint::{
    Odd, U2048, U3072, U4096, Uint,
    modular::{ConstMontyParams, FixedMontyParams},
};

use crate::srp::engine::moduli;

/// A marker type and its prime; the parameters are computed by the compiler.
macro_rules! modulus {
    ($marker:ident, $uint:ty, $hex:ident) => {
        #[doc = concat!("`N` of the group of `", stringify!($hex), "`.")]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub(in crate::srp) struct $marker;

        impl ConstMontyParams<{ <$uint>::LIMBS }> for $marker {
            const LIMBS: usize = <$uint>::LIMBS;
            const PARAMS: FixedMontyParams<{ <$uint>::LIMBS }> =
                FixedMontyParams::new_vartime(Odd::<Uint<{ <$uint>::LIMBS }>>::from_be_hex(moduli::$hex));
        }
    };
}

modulus!(M2048, U2048, HEX_2048);
modulus!(M3072, U3072, HEX_3072);
modulus!(M4096, U4096, HEX_4096);
#[cfg(test)]
modulus!(M1024, crypto_bigint::U1024, HEX_1024);
