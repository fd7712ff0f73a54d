//! Faults that `scripts/sanitizer.sh` puts in, each alone in a process: every one must be reported.

#![expect(unsafe_code, reason = "what must not be done is done")]

use std::slice::from_raw_parts;

use super::*;
use crate::ifma::Ifma2048;

#[test]
fn an_entry_behind_the_end_of_a_table() {
    let kernel = Ifma2048::new(Group::G2048.modulus()).unwrap();
    let table = vec![kernel.one(); 4];
    // SAFETY: there is none: the fifth entry is not one. Nothing but the sanitizer's run has this test.
    let longer = unsafe { from_raw_parts(table.as_ptr(), 5) };
    kernel.select(&mut kernel.one(), longer, 0);
}

#[test]
fn a_number_that_is_gone() {
    let kernel = crate::aws_lc::AwsLc::new(Group::G2048.modulus());
    let value = Box::new(kernel.one());
    let gone: *const crate::aws_lc::Residue = &raw const *value;
    drop(value);
    // SAFETY: as above: the number has been freed.
    kernel.multiply(&mut kernel.one(), unsafe { &*gone });
}

#[test]
fn memory_of_c_that_nobody_frees() {
    std::mem::forget(std::hint::black_box(crate::aws_lc::AwsLc::new(Group::G2048.modulus())));
}
