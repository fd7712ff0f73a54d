//! The arithmetic boundary: nothing outside it multiplies.
//!
//! Three layers. A [`Kernel`] multiplies modulo one `N`, in a form of its own, and knows nothing of SRP. [`Powers`] makes
//! an [`Engine`] of any kernel: windows, tables and combs are written once, here. [`of`] gives the engine of a group:
//! the one that was [`install`]ed, or the portable one.
//!
//! Every layer keeps one promise: neither its branches nor the addresses it touches depend on `a`, `b`, `x`, `v` or `S`.
//! `u` is a hash of what both sides see, so time may vary with it.
//!
//! Values are big-endian bytes of the modulus' length, exponents 32 bytes. A longer value loses its high bytes and a
//! shorter one gains zeros: callers hold types that make neither happen, and no length makes this code panic.

use zeroize::Zeroizing;

#[cfg(not(target_arch = "wasm32"))]
mod choice;
mod comb;
mod digits;
mod fixed_base;
mod kernel;
mod limbs28;
mod moduli;
#[cfg(not(target_arch = "wasm32"))]
mod montgomery;
mod powers;
mod sliding;
mod table;
#[cfg(target_arch = "wasm32")]
mod wasm;

#[cfg(not(target_arch = "wasm32"))]
pub use choice::{Engines, InUse, install, of, portable};
pub use comb::Comb;
pub use kernel::Kernel;
pub use limbs28::Limbs28;
pub use powers::Powers;
#[cfg(target_arch = "wasm32")]
pub use wasm::of;

pub(super) use moduli::{generator, modulus};

/// An exponent or scrambler: 256 bits, big-endian.
pub type Scalar = [u8; 32];

/// A group element of the modulus' length, big-endian, wiped when dropped.
pub type Element = Zeroizing<Vec<u8>>;

/// What SRP asks of the arithmetic in one group.
pub trait Engine: Send + Sync {
    /// The kernel's name.
    fn name(&self) -> &'static str;

    /// `N`, big-endian, without leading zeros.
    fn modulus(&self) -> &[u8];

    /// `g`.
    fn generator(&self) -> u32;

    /// `g^e mod N`: `v` from `x`, `A` from `a` (RFC 5054 §2.4, §2.6), and the half of `B` that no account is needed for.
    fn power(&self, exponent: &Scalar) -> Element;

    /// `(k·v + g^b) mod N`: `B` (RFC 5054 §2.5.3); `power` is `g^b`.
    fn server_public(&self, k: &Scalar, v: &[u8], power: &Element) -> Element;

    /// Powers of `v` that make [`Engine::server_secret`] faster. Whoever has them has `v`.
    fn comb(&self, v: &[u8]) -> Comb;

    /// `(A · v^u)^b mod N`: the server's `S` (RFC 5054 §2.6). A comb must be the one of this `v`.
    fn server_secret(&self, a_public: &[u8], v: &[u8], comb: Option<&Comb>, u: &Scalar, b: &Scalar) -> Element;

    /// Does as much as a comb saved, for nothing: what was refused must have taken as long as it would without one.
    fn even_out(&self, v: &[u8], u: &Scalar);

    /// `(B − k·g^x)^(a + u·x) mod N`: the client's `S` (RFC 5054 §2.6).
    fn client_secret(&self, b_public: &[u8], secret: &ClientSecret<'_>) -> Element;
}

/// What goes into the client's `S` beside `B`.
pub struct ClientSecret<'a> {
    /// `k`
    pub k: &'a Scalar,
    /// `x`
    pub x: &'a Scalar,
    /// `a`
    pub a: &'a Scalar,
    /// `u`
    pub u: &'a Scalar,
}

/// The 1024-bit group of the RFC's own vectors, too small for anything else.
#[cfg(test)]
pub(super) fn of_1024_bits() -> &'static dyn Engine {
    static G1024: Powers<montgomery::Montgomery<montgomery::M1024, { crypto_bigint::U1024::LIMBS }>> =
        Powers::with_table(montgomery::Montgomery::new(), 2);
    &G1024
}

#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;
