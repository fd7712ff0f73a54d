//! The arithmetic boundary: four operations in a fixed group, each constant in time.
//!
//! Nothing outside this folder multiplies. A faster kernel (fixed-base tables, a comb over stored powers of a verifier,
//! vector lanes) is another [`Engine`]; it keeps the same promise: neither its branches nor the addresses it touches
//! depend on `a`, `b`, `x`, `v` or `S`.
//!
//! Values are big-endian bytes of the modulus' length, exponents 32 bytes. A longer value loses its high bytes and a
//! shorter one gains zeros: callers hold types that make neither happen, and no length makes this code panic.

use zeroize::Zeroizing;

use super::Group;

mod moduli;
mod montgomery;

use montgomery::Montgomery;

/// An exponent or scrambler: 256 bits, big-endian.
pub(super) type Scalar = [u8; 32];

/// A group element of the modulus' length, big-endian, wiped when dropped.
pub(super) type Element = Zeroizing<Vec<u8>>;

/// Modular arithmetic in one group.
pub(super) trait Engine: Sync {
    /// `N`, big-endian, without leading zeros.
    fn modulus(&self) -> &[u8];

    /// `g`.
    fn generator(&self) -> u64;

    /// `g^e mod N`: `v` from `x`, `A` from `a` (RFC 5054 §2.4, §2.6).
    fn power(&self, exponent: &Scalar) -> Element;

    /// `(k·v + g^b) mod N`: `B` (RFC 5054 §2.5.3).
    fn server_public(&self, k: &Scalar, v: &[u8], b: &Scalar) -> Element;

    /// `(A · v^u)^b mod N`: the server's `S` (RFC 5054 §2.6).
    fn server_secret(&self, a_public: &[u8], v: &[u8], u: &Scalar, b: &Scalar) -> Element;

    /// `(B − k·g^x)^(a + u·x) mod N`: the client's `S` (RFC 5054 §2.6).
    fn client_secret(&self, b_public: &[u8], secret: &ClientSecret<'_>) -> Element;
}

/// What goes into the client's `S` beside `B`.
pub(super) struct ClientSecret<'a> {
    /// `k`
    pub(super) k: &'a Scalar,
    /// `x`
    pub(super) x: &'a Scalar,
    /// `a`
    pub(super) a: &'a Scalar,
    /// `u`
    pub(super) u: &'a Scalar,
}

static G2048: Montgomery<moduli::M2048, { crypto_bigint::U2048::LIMBS }> = Montgomery::new(2);
static G3072: Montgomery<moduli::M3072, { crypto_bigint::U3072::LIMBS }> = Montgomery::new(5);
static G4096: Montgomery<moduli::M4096, { crypto_bigint::U4096::LIMBS }> = Montgomery::new(5);

/// The engine of a group.
pub(super) fn of(group: Group) -> &'static dyn Engine {
    match group {
        Group::G2048 => &G2048,
        Group::G3072 => &G3072,
        Group::G4096 => &G4096,
    }
}

/// The 1024-bit group of the RFC's own vectors, too small for anything else.
#[cfg(test)]
pub(super) fn of_1024_bits() -> &'static dyn Engine {
    static G1024: Montgomery<moduli::M1024, { crypto_bigint::U1024::LIMBS }> = Montgomery::new(2);
    &G1024
}
