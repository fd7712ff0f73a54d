//! Other libraries, doing the same login.
//!
//! A library of integers is given its best case: its own constants of `N` made once, `b` and `B` kept between the two
//! steps, no hashing. The crate `srp` is used as its documentation says.

mod fixed;
mod num;
mod srp_crate;

use crypto_bigint::{U2048, U3072, U4096};
use tacit_shared::srp::Group;

#[cfg(feature = "gmp")]
use crate::foreign::gmp;
#[cfg(feature = "openssl")]
use crate::foreign::openssl;
use crate::{
    contender::{Contender, Kind, Part},
    foreign::aws_lc,
    handshake::{Handshake, multiplier},
};

/// The peers of this build, the one that the others are compared with first.
#[must_use]
pub fn of(group: Group) -> Vec<Box<dyn Contender>> {
    vec![
        #[cfg(feature = "openssl")]
        Box::new(Peer::new(group, openssl::BigNumbers::new(group))),
        Box::new(Peer::new(group, aws_lc::BigNumbers::new(group))),
        #[cfg(feature = "gmp")]
        Box::new(Peer::new(group, gmp::Integers::new(group))),
        fixed(group),
        Box::new(Peer::new(group, num::Integers::new(group))),
        Box::new(srp_crate::AsDocumented::new(group)),
    ]
}

/// The width is part of the type there.
fn fixed(group: Group) -> Box<dyn Contender> {
    match group {
        Group::G2048 => Box::new(Peer::new(group, fixed::Integers::<{ U2048::LIMBS }>::new(group))),
        Group::G3072 => Box::new(Peer::new(group, fixed::Integers::<{ U3072::LIMBS }>::new(group))),
        Group::G4096 => Box::new(Peer::new(group, fixed::Integers::<{ U4096::LIMBS }>::new(group))),
    }
}

/// The versions of what was linked, by name.
#[must_use]
pub fn versions() -> Vec<(&'static str, String)> {
    vec![
        #[cfg(feature = "openssl")]
        ("OpenSSL", openssl::version()),
        ("aws-lc", aws_lc::version()),
        #[cfg(feature = "gmp")]
        ("GMP", gmp::version()),
    ]
}

/// A library of integers modulo `N`.
pub(crate) trait Integers {
    /// The library's integer.
    type Integer;
    /// As it stands in the table.
    const NAME: &'static str;
    /// Whether [`Integers::power`] is meant to be.
    const CONSTANT_TIME: bool;

    fn read(&self, bytes: &[u8]) -> Self::Integer;
    /// Big-endian, of the group's length.
    fn write(&self, value: &Self::Integer) -> Vec<u8>;
    fn generator(&self) -> &Self::Integer;
    /// `base^exponent mod N`
    fn power(&self, base: &Self::Integer, exponent: &Self::Integer) -> Self::Integer;
    /// `left · right mod N`
    fn multiply(&self, left: &Self::Integer, right: &Self::Integer) -> Self::Integer;
    /// `left + right mod N`
    fn add(&self, left: &Self::Integer, right: &Self::Integer) -> Self::Integer;
}

/// The login, written once for all of them.
struct Peer<I> {
    k: [u8; 32],
    integers: I,
}

impl<I: Integers> Peer<I> {
    fn new(group: Group, integers: I) -> Self {
        Self { k: multiplier(group), integers }
    }

    fn public(&self, handshake: &Handshake, power: &I::Integer) -> Vec<u8> {
        let i = &self.integers;
        i.write(&i.add(&i.multiply(&i.read(&self.k), &i.read(&handshake.v)), power))
    }

    fn generator_power(&self, handshake: &Handshake) -> I::Integer {
        self.integers.power(self.integers.generator(), &self.integers.read(&handshake.b))
    }

    fn verifier_power(&self, handshake: &Handshake) -> I::Integer {
        self.integers.power(&self.integers.read(&handshake.v), &self.integers.read(&handshake.u))
    }

    fn secret(&self, handshake: &Handshake) -> Vec<u8> {
        let i = &self.integers;
        let base = i.multiply(&i.read(&handshake.a_public), &self.verifier_power(handshake));
        i.write(&i.power(&base, &i.read(&handshake.b)))
    }
}

impl<I: Integers> Contender for Peer<I> {
    fn name(&self) -> String {
        I::NAME.to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Peer
    }

    fn constant_time(&self) -> bool {
        I::CONSTANT_TIME
    }

    fn run(&self, part: Part, handshake: &Handshake) -> Option<Vec<u8>> {
        let i = &self.integers;
        Some(match part {
            Part::Comb => return None,
            Part::Login => {
                let public = self.public(handshake, &self.generator_power(handshake));
                [public, self.secret(handshake)].concat()
            }
            Part::Public => self.public(handshake, &self.generator_power(handshake)),
            Part::Secret => self.secret(handshake),
            Part::GeneratorPower => i.write(&self.generator_power(handshake)),
            Part::VerifierPower => i.write(&self.verifier_power(handshake)),
            Part::LastPower => i.write(&i.power(&i.read(&handshake.base), &i.read(&handshake.b))),
            Part::PublicFromPair => self.public(handshake, &i.read(&handshake.g_b)),
        })
    }
}
