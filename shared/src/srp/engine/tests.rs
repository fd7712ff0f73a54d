//! The portable kernel under the suite, and the one choice.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{
    Element, Engine, Engines, InUse, Kernel, Limbs28, Powers, install,
    montgomery::{self, Montgomery},
    of, portable,
    suite::{self, kernel_tests},
};
use crate::srp::Group;

kernel_tests!(crypto_bigint_2048, 2, 2048, Montgomery::<montgomery::M2048, _>::new());
kernel_tests!(crypto_bigint_3072, 5, 3072, Montgomery::<montgomery::M3072, _>::new());
kernel_tests!(crypto_bigint_4096, 5, 4096, Montgomery::<montgomery::M4096, _>::new());

kernel_tests!(limbs28_2048, 2, 28 * 76, Limbs28::new(Group::G2048));
kernel_tests!(limbs28_3072, 5, 28 * 112, Limbs28::new(Group::G3072));
kernel_tests!(limbs28_4096, 5, 28 * 148, Limbs28::new(Group::G4096));

#[test]
fn an_engine_is_not_changed_while_it_is_in_use() {
    let before = of(Group::G2048).name();
    assert_eq!(install(portable()), Err(InUse));
    assert_eq!(of(Group::G2048).name(), before);
}

#[test]
fn each_group_has_the_engine_of_its_own_modulus() {
    let engines: Engines = portable();
    for group in Group::ALL {
        assert_eq!(engines.of(group).modulus(), group.modulus());
        assert_eq!(engines.of(group).generator(), group.generator());
    }
}

/// Counts the products of the kernel inside.
struct Counting<K>(K, AtomicUsize);

impl<K: Kernel> Counting<K> {
    fn count(&self, products: usize) {
        self.1.fetch_add(products, Ordering::Relaxed);
    }
}

impl<K: Kernel> Kernel for Counting<K> {
    type Residue = K::Residue;

    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn modulus(&self) -> &[u8] {
        self.0.modulus()
    }
    fn read(&self, bytes: &[u8]) -> K::Residue {
        self.count(1);
        self.0.read(bytes)
    }
    fn write(&self, value: &K::Residue) -> Element {
        self.count(1);
        self.0.write(value)
    }
    fn one(&self) -> K::Residue {
        self.0.one()
    }
    fn multiply(&self, value: &mut K::Residue, by: &K::Residue) {
        self.count(1);
        self.0.multiply(value, by);
    }
    fn square(&self, value: &mut K::Residue, times: u32) {
        self.count(usize::try_from(times).unwrap());
        self.0.square(value, times);
    }
    fn multiply_small(&self, value: &mut K::Residue, by: u32) {
        self.0.multiply_small(value, by);
    }
    fn add(&self, value: &mut K::Residue, other: &K::Residue) {
        self.0.add(value, other);
    }
    fn subtract(&self, value: &mut K::Residue, other: &K::Residue) {
        self.0.subtract(value, other);
    }
    fn select(&self, out: &mut K::Residue, table: &[K::Residue], index: u32) {
        self.0.select(out, table, index);
    }
}

#[test]
fn a_refusal_costs_the_same_with_a_comb_and_without() {
    let powers = Powers::with_table(Counting(Montgomery::<montgomery::M2048, _>::new(), AtomicUsize::new(0)), 2);
    let products = |work: &dyn Fn()| {
        let before = powers.kernel().1.load(Ordering::Relaxed);
        work();
        powers.kernel().1.load(Ordering::Relaxed) - before
    };
    let v = powers.power(&[7; 32]);
    let comb = powers.comb(&v);
    let mut u = [0x5a; 32];
    for round in 0..64_u8 {
        u[usize::from(round % 32)] ^= round.wrapping_mul(37) | 1;
        let plain = products(&|| drop(powers.server_secret(&v, &v, None, &u, &[9; 32])));
        let combed = products(&|| drop(powers.server_secret(&v, &v, Some(&comb), &u, &[9; 32])));
        let evened = products(&|| powers.even_out(&v, &u));
        assert!(plain > combed + 150, "the comb saves something");
        assert_eq!(combed + evened, plain, "{u:02x?}");
    }
}
