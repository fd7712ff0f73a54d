//! What every kernel must do, against num-bigint, which shares no code with any of them.
//!
//! `tacit-engine` includes this file for its own kernels: whoever includes it has the boundary's names in scope. A run
//! takes samples; `TACIT_TEST_KERNEL_SUITE=whole` makes it a million products and squarings and a thousand powers each.

use std::fmt::Write as _;

use num_bigint::BigUint;

use super::{ClientSecret, Engine, Kernel, Powers, Scalar};

/// One test for each promise of a kernel, which `$make` makes; its Montgomery factor is `2^$factor`. Where a condition
/// follows, and this processor does not meet it, nothing is checked: `scripts/test.sh` says so.
macro_rules! kernel_tests {
    ($group:ident, $generator:expr, $factor:expr, $make:expr) => {
        kernel_tests!($group, $generator, $factor, $make, if true);
    };
    ($group:ident, $generator:expr, $factor:expr, $make:expr, if $available:expr) => {
        mod $group {
            use super::*;

            #[test]
            fn edges_are_multiplied_with_each_other() {
                if $available {
                    suite::edges(&$make, $factor);
                }
            }

            #[test]
            fn a_long_walk_meets_the_same_numbers() {
                if $available {
                    suite::walk(&$make);
                }
            }

            #[test]
            fn what_is_read_is_written_reduced() {
                if $available {
                    suite::reads(&$make);
                }
            }

            #[test]
            fn each_entry_of_a_table_can_be_selected() {
                if $available {
                    suite::selects(&$make);
                }
            }

            #[test]
            fn powers_are_those_of_the_integers() {
                if $available {
                    suite::powers(|| $make, $generator);
                }
            }

            #[test]
            fn extreme_exponents_are_no_exception() {
                if $available {
                    suite::extremes(|| $make, $generator);
                }
            }
        }
    };
}
pub(super) use kernel_tests;

fn samples(few: usize, whole: usize) -> usize {
    if std::env::var_os("TACIT_TEST_KERNEL_SUITE").is_some_and(|extent| extent == "whole") { whole } else { few }
}

/// Numbers as good as random, the same in every run (Steele, Lea, Flood: `SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.next().to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }

    fn number(&mut self, bytes: usize) -> BigUint {
        let mut number = vec![0; bytes];
        self.fill(&mut number);
        BigUint::from_bytes_be(&number)
    }

    fn scalar(&mut self) -> Scalar {
        let mut scalar = [0; 32];
        self.fill(&mut scalar);
        scalar
    }
}

/// A kernel and the integers, side by side.
struct Pair<'a, K: Kernel> {
    kernel: &'a K,
    n: BigUint,
}

impl<'a, K: Kernel> Pair<'a, K> {
    fn new(kernel: &'a K) -> Self {
        Self { kernel, n: BigUint::from_bytes_be(kernel.modulus()) }
    }

    fn bytes(&self, number: &BigUint) -> Vec<u8> {
        padded(number, self.kernel.modulus().len())
    }

    fn read(&self, number: &BigUint) -> K::Residue {
        self.kernel.read(&self.bytes(number))
    }

    #[track_caller]
    fn check(&self, residue: &K::Residue, expected: &BigUint, what: impl Fn() -> String) {
        let written = self.kernel.write(residue);
        if *written != self.bytes(&(expected % &self.n)) {
            let mut told = format!("{}, {} bits: {}\n got ", self.kernel.name(), self.n.bits(), what());
            for byte in written.iter() {
                write!(told, "{byte:02x}").unwrap();
            }
            panic!("{told}\n not {:x}", expected % &self.n);
        }
    }
}

fn padded(number: &BigUint, len: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut out = vec![0; len.saturating_sub(bytes.len())];
    out.extend(bytes);
    out
}

/// Numbers at which carries ripple or nothing is left, as they are and as a kernel's form with this factor has them.
fn edge_numbers(n: &BigUint, factor: u32) -> Vec<BigUint> {
    let one = BigUint::from(1_u8);
    let bits = u32::try_from(n.bits()).unwrap();
    let mut plain = vec![BigUint::ZERO, one.clone(), BigUint::from(2_u8), n - 1_u8, n - 2_u8, n >> 1, (n >> 1) + 1_u8];
    // Every limb all ones, up to a length; and that short of N.
    for limb in [28, 32, 52, 64] {
        for limbs in [1, 2, bits / limb / 2, bits / limb] {
            let ones = (&one << (limb * limbs)) - 1_u8;
            plain.extend([ones.clone(), &one << (limb * limbs - 1), n - (&ones % n)]);
        }
    }
    plain.push((&one << bits) - 1_u8);
    let inverse = (&one << factor).modinv(n).unwrap();
    let in_form: Vec<BigUint> = plain.iter().map(|number| number * &inverse % n).collect();
    plain.iter().map(|number| number % n).chain(in_form).collect()
}

pub(super) fn edges<K: Kernel>(kernel: &K, factor: u32) {
    let pair = Pair::new(kernel);
    let numbers = edge_numbers(&pair.n, factor);
    let residues: Vec<K::Residue> = numbers.iter().map(|number| pair.read(number)).collect();
    let all = samples(0, 1) == 1;
    for (i, (left, x)) in numbers.iter().zip(&residues).enumerate() {
        pair.check(x, left, || format!("{left:x}"));
        let mut value = x.clone();
        kernel.square(&mut value, 1);
        pair.check(&value, &(left * left), || format!("square of {left:x}"));
        for (j, (right, y)) in numbers.iter().zip(&residues).enumerate() {
            // Otherwise an eighth of the pairs, not the same for each number.
            if !all && (i + j) % 8 != 0 {
                continue;
            }
            let mut value = x.clone();
            kernel.multiply(&mut value, y);
            pair.check(&value, &(left * right), || format!("{left:x} · {right:x}"));
            let mut value = x.clone();
            kernel.add(&mut value, y);
            pair.check(&value, &(left + right), || format!("{left:x} + {right:x}"));
            let mut value = x.clone();
            kernel.subtract(&mut value, y);
            pair.check(&value, &(left + &pair.n - right), || format!("{left:x} − {right:x}"));
        }
        for small in [0, 1, 2, 5, 0x7fff, 0xffff_u32] {
            let mut value = x.clone();
            kernel.multiply_small(&mut value, small);
            pair.check(&value, &(left * small), || format!("{left:x} · {small}"));
        }
    }
}

/// One value under a long sequence of operations: what a kernel leaves unreduced must never come to matter.
pub(super) fn walk<K: Kernel>(kernel: &K) {
    let pair = Pair::new(kernel);
    let mut numbers = Numbers(0x7ac1_7000);
    let len = kernel.modulus().len();
    let (mut value, mut expected) = (kernel.one(), BigUint::from(1_u8));
    for step in 0..samples(500, 1_000_000) {
        let other = numbers.number(len);
        let residue = pair.read(&other);
        kernel.multiply(&mut value, &residue);
        expected = expected * &other % &pair.n;
        pair.check(&value, &expected, || format!("step {step}: product"));
        kernel.square(&mut value, 1);
        expected = &expected * &expected % &pair.n;
        pair.check(&value, &expected, || format!("step {step}: square"));
        // Two that follow each other without a product between them.
        let small = u32::from(numbers.next().to_le_bytes()[0]) << 8 | 0xa5;
        match numbers.below(4) {
            0 => {
                kernel.add(&mut value, &residue);
                kernel.add(&mut value, &residue);
                expected = (expected + &other + &other) % &pair.n;
            }
            1 => {
                kernel.subtract(&mut value, &residue);
                kernel.subtract(&mut value, &residue);
                expected = (expected + ((&pair.n << 1) - (&other % &pair.n) * 2_u8)) % &pair.n;
            }
            2 => {
                kernel.multiply_small(&mut value, small);
                kernel.multiply_small(&mut value, 0xffff);
                expected = expected * small * 0xffff_u32 % &pair.n;
            }
            _ => {
                let times = u32::try_from(numbers.below(9)).unwrap();
                kernel.square(&mut value, times);
                for _ in 0..times {
                    expected = &expected * &expected % &pair.n;
                }
            }
        }
        pair.check(&value, &expected, || format!("step {step}: what came last"));
    }
}

pub(super) fn reads<K: Kernel>(kernel: &K) {
    let pair = Pair::new(kernel);
    let len = kernel.modulus().len();
    pair.check(&kernel.one(), &BigUint::from(1_u8), || "one".to_owned());
    let mut numbers = Numbers(1);
    for short in [0, 1, 7, 8, 31, 32, 33, len - 1, len] {
        let mut bytes = vec![0; short];
        numbers.fill(&mut bytes);
        pair.check(&kernel.read(&bytes), &BigUint::from_bytes_be(&bytes), || format!("{short} bytes"));
        bytes.fill(0xff);
        pair.check(&kernel.read(&bytes), &BigUint::from_bytes_be(&bytes), || format!("{short} bytes of ones"));
    }
    let n = pair.n.clone();
    pair.check(&pair.read(&n), &BigUint::ZERO, || "N".to_owned());
    // Zero as the result of a sum and of a difference is all zeros too.
    let mut value = pair.read(&(&n - 5_u8));
    kernel.add(&mut value, &pair.read(&BigUint::from(5_u8)));
    pair.check(&value, &BigUint::ZERO, || "N − 5 + 5".to_owned());
    let same = value.clone();
    kernel.subtract(&mut value, &same);
    pair.check(&value, &BigUint::ZERO, || "0 − 0".to_owned());
}

pub(super) fn selects<K: Kernel>(kernel: &K) {
    let pair = Pair::new(kernel);
    let mut numbers = Numbers(2);
    for entries in [1_u32, 2, 5, 16, 32] {
        let table: Vec<BigUint> = (0..entries).map(|_| numbers.number(kernel.modulus().len())).collect();
        let residues: Vec<K::Residue> = table.iter().map(|number| pair.read(number)).collect();
        let mut out = kernel.one();
        for (index, number) in (0..entries).zip(&table) {
            kernel.select(&mut out, &residues, index);
            pair.check(&out, number, || format!("entry {index} of {entries}"));
        }
    }
}

/// The same values by num-bigint.
struct Expected {
    n: BigUint,
    g: BigUint,
}

impl Expected {
    fn power(&self, exponent: &Scalar) -> BigUint {
        self.g.modpow(&number(exponent), &self.n)
    }

    fn server_secret(&self, a_public: &BigUint, v: &BigUint, u: &Scalar, b: &Scalar) -> BigUint {
        (a_public * v.modpow(&number(u), &self.n)).modpow(&number(b), &self.n)
    }

    fn client_secret(&self, b_public: &BigUint, secret: &ClientSecret<'_>) -> BigUint {
        let masked = number(secret.k) * self.power(secret.x) % &self.n;
        let exponent = number(secret.a) + number(secret.u) * number(secret.x);
        (b_public + &self.n - masked).modpow(&exponent, &self.n)
    }
}

fn number(scalar: &Scalar) -> BigUint {
    BigUint::from_bytes_be(scalar)
}

fn compare<K: Kernel>(make: impl Fn() -> K, generator: u32, draws: impl Iterator<Item = [Scalar; 5]>) {
    let kernel = make();
    let (len, name) = (kernel.modulus().len(), kernel.name());
    let expected = Expected { n: BigUint::from_bytes_be(kernel.modulus()), g: BigUint::from(generator) };
    let (server, client) = (Powers::with_table(kernel, generator), Powers::without_table(make(), generator));
    assert_eq!((server.name(), server.modulus(), server.generator()), (name, client.modulus(), generator));
    for [a, b, u, x, k] in draws {
        let told = format!("{name}, {} bits: a {a:02x?} b {b:02x?} u {u:02x?} x {x:02x?}", 8 * len);
        for (exponent, engine) in [(&b, &server), (&x, &client)] {
            assert_eq!(*engine.power(exponent), padded(&expected.power(exponent), len), "power, {told}");
        }
        let (a_public, v) = (client.power(&a), server.power(&x));
        let (wide_a, wide_v) = (BigUint::from_bytes_be(&a_public), BigUint::from_bytes_be(&v));
        let b_public = server.server_public(&k, &v, &server.power(&b));
        let wide_b = (number(&k) * &wide_v + expected.power(&b)) % &expected.n;
        assert_eq!(*b_public, padded(&wide_b, len), "B, {told}");
        let secret = padded(&expected.server_secret(&wide_a, &wide_v, &u, &b), len);
        let comb = server.comb(&v);
        assert_eq!(*server.server_secret(&a_public, &v, None, &u, &b), secret, "server's S, {told}");
        assert_eq!(*server.server_secret(&a_public, &v, Some(&comb), &u, &b), secret, "the same by the comb, {told}");
        let inputs = ClientSecret { k: &k, x: &x, a: &a, u: &u };
        let theirs = client.client_secret(&b_public, &inputs);
        assert_eq!(*theirs, padded(&expected.client_secret(&wide_b, &inputs), len), "client's S, {told}");
        assert_eq!(*theirs, secret, "both sides' S, {told}");
    }
}

pub(super) fn powers<K: Kernel>(make: impl Fn() -> K, generator: u32) {
    let mut numbers = Numbers(3);
    let draws = std::iter::repeat_with(|| [(); 5].map(|()| numbers.scalar()));
    compare(make, generator, draws.take(samples(2, 1_000)));
}

/// Each exponent in turn nothing, one, the highest bit alone, and all ones.
pub(super) fn extremes<K: Kernel>(make: impl Fn() -> K, generator: u32) {
    let (mut one, mut high) = ([0; 32], [0; 32]);
    (one[31], high[0]) = (1, 0x80);
    let extremes = [[0; 32], one, high, [0xff; 32]];
    let mut numbers = Numbers(4);
    let draws: Vec<[Scalar; 5]> = (0..samples(2, 4) * 4)
        .map(|round| {
            let mut draw = [(); 5].map(|()| numbers.scalar());
            draw[round % 4] = extremes[round / 4 % 4];
            draw
        })
        .chain([[[0xff; 32]; 5], [[0; 32]; 5]])
        .collect();
    compare(make, generator, draws.into_iter());
}
