//! In a browser there is no choice: the kernel for 64-bit products.

use std::sync::OnceLock;

use super::{Limbs28, Powers, moduli};
use crate::srp::Group;

/// The engine of a group, made when it is first asked for. A type and not an object: what nobody calls is left out.
#[must_use]
pub fn of(group: Group) -> &'static Powers<Limbs28> {
    static G2048: OnceLock<Powers<Limbs28>> = OnceLock::new();
    static G3072: OnceLock<Powers<Limbs28>> = OnceLock::new();
    static G4096: OnceLock<Powers<Limbs28>> = OnceLock::new();
    let engine = match group {
        Group::G2048 => &G2048,
        Group::G3072 => &G3072,
        Group::G4096 => &G4096,
    };
    engine.get_or_init(|| Powers::without_table(Limbs28::new(group), moduli::generator(group)))
}
