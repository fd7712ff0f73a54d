//! What is computed, and with which secrets.

use std::hint::black_box;

use tacit_engine::Choice;
use tacit_engine::ifma::{Ifma2048, Ifma3072, Ifma4096};
use tacit_shared::srp::Group;
use tacit_shared::srp::engine::{Kernel, Scalar};

use crate::trace::same_way;

/// Runs them all; whether nothing depends on a secret, and every fault that was put in was found.
pub fn all() -> bool {
    let mut well = faults();
    well &= operations("2048 bits", Ifma2048::new(Group::G2048.modulus()));
    well &= operations("3072 bits", Ifma3072::new(Group::G3072.modulus()));
    well &= operations("4096 bits", Ifma4096::new(Group::G4096.modulus()));
    well & powers()
}

/// Each operation of a kernel once or more, with numbers and indices of every shape.
fn operations<K: Kernel>(name: &str, kernel: Option<K>) -> bool {
    let Some(kernel) = kernel else {
        println!("{name}: no kernel");
        return false;
    };
    let table: Vec<K::Residue> = shapes(kernel.modulus()).iter().map(|shape| kernel.read(shape)).collect();
    let secrets: Vec<(Vec<u8>, u32)> = shapes(kernel.modulus()).into_iter().zip(0..).collect();
    alike(&format!("{name}: every operation"), &secrets, |(number, index)| {
        let mut value = kernel.read(number);
        let mut other = kernel.one();
        kernel.select(&mut other, &table, *index);
        kernel.square(&mut value, 2);
        kernel.multiply(&mut value, &other);
        kernel.add(&mut value, &other);
        kernel.subtract(&mut other, &value);
        kernel.multiply_small(&mut other, index * 0x1fff);
        black_box(kernel.write(&other));
    })
}

/// `g^b` in the smallest group, through table and all, with two exponents. A whole `S` would take a minute:
/// it is made of the same operations, by the algorithms that valgrind sees with the other kernels.
fn powers() -> bool {
    let Ok(engines) = Choice::Ifma.engines() else { return false };
    let engine = engines.g2048;
    // Makes the table, in the memory that all start from.
    black_box(engine.power(&[7; 32]));
    alike("2048 bits: g^b", &exponents(), |b| {
        black_box(engine.power(b));
    })
}

/// 0, 1, the largest, all ones, random, sparse, leading zeros, all ones below, N itself.
fn shapes(modulus: &[u8]) -> Vec<Vec<u8>> {
    let length = modulus.len();
    let below = |by: u8| {
        let mut number = modulus.to_vec();
        // N is odd and its last byte above 2.
        if let Some(last) = number.last_mut() {
            *last -= by;
        }
        number
    };
    let filled = |byte: &dyn Fn(usize) -> u8| (0..length).map(byte).collect::<Vec<u8>>();
    vec![
        filled(&|_| 0),
        filled(&|place| u8::from(place + 1 == length)),
        below(1),
        filled(&|_| 0xff),
        filled(&scattered),
        filled(&|place| u8::from(place % 61 == 0) << 7),
        filled(&|place| if place < length / 3 { 0 } else { scattered(place) }),
        filled(&|place| if place < length / 2 { 0 } else { 0xff }),
        below(0),
    ]
}

/// Nothing but zeros, and as good as random.
fn exponents() -> [Scalar; 2] {
    [[0; 32], std::array::from_fn(scattered)]
}

fn scattered(place: usize) -> u8 {
    let [byte, ..] = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    byte
}

/// Faults as people make them, in a computation with the kernel: each must be found.
fn faults() -> bool {
    let Some(kernel) = Ifma2048::new(Group::G2048.modulus()) else { return false };
    let by = kernel.read(&[3]);
    let leaves = |name: &str, found: bool| {
        println!("{}: {name}", if found { "found" } else { "NOT FOUND" });
        found
    };
    let multiplied = !alike("a power by square and multiply", &[0b101_u8, 0b111], |exponent| {
        let mut value = kernel.one();
        for bit in (0..3).rev() {
            kernel.square(&mut value, 1);
            if exponent >> bit & 1 == 1 {
                kernel.multiply(&mut value, &by);
            }
        }
        black_box(kernel.write(&value));
    });
    let searched = !alike("a digit compared until it differs", &[[0_u8; 8], [0, 0, 0, 1, 0, 0, 0, 0]], |digits| {
        black_box(digits.iter().take_while(|digit| **digit == 0).count());
    });
    leaves("a power by square and multiply", multiplied) & leaves("a digit compared until it differs", searched)
}

fn alike<S>(name: &str, secrets: &[S], compute: impl Fn(&S)) -> bool {
    match same_way(secrets, compute) {
        Ok(Ok(steps)) => {
            println!("{name}: the same {steps} instructions for {} secrets", secrets.len());
            true
        }
        Ok(Err(departure)) => {
            println!(
                "{name}: secret {} leaves the way of secret 0 after {} instructions, at {:#x}",
                departure.secret, departure.steps, departure.address
            );
            false
        }
        Err(error) => {
            println!("{name}: cannot be traced: {error}");
            // Neither alike nor found to differ.
            std::process::exit(2);
        }
    }
}
