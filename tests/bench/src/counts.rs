//! How many products a login is made of: the algorithms, run over a kernel that only counts.
//!
//! What they do depends on no value but `u`, so numbers that are all alike will do, and the counts hold for every kernel.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use serde::Serialize;
use tacit_shared::srp::{
    Group,
    engine::{Element, Engine, Kernel, Powers},
};

use crate::handshake::Handshake;

/// Operations of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Products of two different residues.
    pub products: u32,
    /// Squares.
    pub squares: u32,
    /// Products with a number below 2^16.
    pub small: u32,
    /// Entries of tables that were read because the one wanted is secret.
    pub entries_read: u32,
    /// Numbers taken into the kernel's form or out of it: about a product each.
    pub conversions: u32,
}

/// What the steps of a login are made of.
#[derive(Debug, Serialize)]
pub struct LoginCounts {
    /// `g^b`, from the table that all share.
    pub generator_power: Counts,
    /// `k·v + g^b`
    pub public_from_pair: Counts,
    /// `A · v^u`, averaged over the handshakes: `u` is public and decides.
    pub verifier_power: Counts,
    /// The same with a comb.
    pub verifier_power_by_comb: Counts,
    /// `(·)^b`
    pub last_power: Counts,
    /// The comb itself, once for each verifier.
    pub comb: Counts,
}

/// Counts the steps of these handshakes' logins.
///
/// # Panics
/// If there are no handshakes.
#[must_use]
pub fn of(group: Group, handshakes: &[Handshake]) -> LoginCounts {
    let counted = Counted::default();
    let engine = Powers::with_table(Counter { len: group.len(), counted: Arc::clone(&counted) }, group.generator());
    let all: Vec<_> = handshakes.iter().map(|handshake| steps(&engine, &counted, handshake)).collect();
    average(&all)
}

fn steps(engine: &dyn Engine, counted: &Counted, handshake: &Handshake) -> LoginCounts {
    let Handshake { a_public, v, u, b, .. } = handshake;
    // The table is made by whoever is first.
    let power = engine.power(b);
    let comb = engine.comb(v);
    counted.take();

    let during = |step: &dyn Fn()| {
        step();
        counted.take()
    };
    let secret = |comb| during(&|| drop(engine.server_secret(a_public, v, comb, u, b)));
    let generator_power = during(&|| drop(engine.power(b)));
    // A scrambler of zero leaves, beside the last power, `v` and `A` read, odd powers of `v` that nobody asks for (a
    // square and seven products), and the product with `A`.
    let unscrambled = during(&|| drop(engine.server_secret(a_public, v, None, &[0; 32], b)));
    let last_power = unscrambled.minus(Counts { products: 8, squares: 1, small: 0, entries_read: 0, conversions: 2 });
    LoginCounts {
        generator_power,
        public_from_pair: during(&|| drop(engine.server_public(&[1; 32], v, &power))),
        verifier_power: secret(None).minus(last_power),
        verifier_power_by_comb: secret(Some(&comb)).minus(last_power),
        last_power,
        comb: during(&|| drop(engine.comb(v))),
    }
}

fn average(all: &[LoginCounts]) -> LoginCounts {
    let mean = |of: fn(&LoginCounts) -> Counts| {
        let each = |part: fn(&Counts) -> u32| {
            let sum: u32 = all.iter().map(of).map(|counts| part(&counts)).sum();
            sum.div_ceil(u32::try_from(all.len()).expect("a few"))
        };
        Counts {
            products: each(|counts| counts.products),
            squares: each(|counts| counts.squares),
            small: each(|counts| counts.small),
            entries_read: each(|counts| counts.entries_read),
            conversions: each(|counts| counts.conversions),
        }
    };
    LoginCounts {
        generator_power: mean(|counts| counts.generator_power),
        public_from_pair: mean(|counts| counts.public_from_pair),
        verifier_power: mean(|counts| counts.verifier_power),
        verifier_power_by_comb: mean(|counts| counts.verifier_power_by_comb),
        last_power: mean(|counts| counts.last_power),
        comb: mean(|counts| counts.comb),
    }
}

impl Counts {
    /// Products and squares together.
    #[must_use]
    pub const fn reductions(self) -> u32 {
        self.products + self.squares
    }

    fn minus(self, other: Self) -> Self {
        Self {
            products: self.products - other.products,
            squares: self.squares - other.squares,
            small: self.small - other.small,
            entries_read: self.entries_read - other.entries_read,
            conversions: self.conversions - other.conversions,
        }
    }
}

#[derive(Default)]
struct Tally {
    products: AtomicU32,
    squares: AtomicU32,
    small: AtomicU32,
    entries_read: AtomicU32,
    conversions: AtomicU32,
}

type Counted = Arc<Tally>;

impl Tally {
    fn take(&self) -> Counts {
        Counts {
            products: self.products.swap(0, Relaxed),
            squares: self.squares.swap(0, Relaxed),
            small: self.small.swap(0, Relaxed),
            entries_read: self.entries_read.swap(0, Relaxed),
            conversions: self.conversions.swap(0, Relaxed),
        }
    }
}

/// A kernel that multiplies nothing.
struct Counter {
    len: usize,
    counted: Counted,
}

impl Kernel for Counter {
    type Residue = u8;

    fn name(&self) -> &'static str {
        "counter"
    }

    fn modulus(&self) -> &[u8] {
        &[0xff; 512][..self.len]
    }

    fn read(&self, _: &[u8]) -> u8 {
        self.counted.conversions.fetch_add(1, Relaxed);
        0
    }

    fn write(&self, _: &u8) -> Element {
        self.counted.conversions.fetch_add(1, Relaxed);
        vec![0; self.len].into()
    }

    fn one(&self) -> u8 {
        0
    }

    fn multiply(&self, _: &mut u8, _: &u8) {
        self.counted.products.fetch_add(1, Relaxed);
    }

    fn square(&self, _: &mut u8, times: u32) {
        self.counted.squares.fetch_add(times, Relaxed);
    }

    fn multiply_small(&self, _: &mut u8, _: u32) {
        self.counted.small.fetch_add(1, Relaxed);
    }

    fn add(&self, _: &mut u8, _: &u8) {}

    fn subtract(&self, _: &mut u8, _: &u8) {}

    fn select(&self, _: &mut u8, table: &[u8], _: u32) {
        self.counted.entries_read.fetch_add(u32::try_from(table.len()).expect("16"), Relaxed);
    }
}
