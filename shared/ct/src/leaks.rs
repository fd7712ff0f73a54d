//! Faults as people make them: each must be reported, or the check finds nothing.

use std::hint::black_box;

use crate::marked::secret;
use crate::report::Report;

/// Runs them all.
pub fn seeded(report: &mut Report) {
    let proof = secret(&[7; 32]);
    report.expect_some("a comparison that stops at the first difference", || first_difference(&proof, &[8; 32]));
    report.expect_some("a comparison by `==`", || proof.as_slice() == black_box([8; 32].as_slice()));
    let integer = secret(&[&[0, 0], [1; 62].as_slice()].concat());
    report.expect_some("leading zeros trimmed by a loop", || trimmed(&integer));
    let exponent = secret(&[0xa5; 4]);
    report.expect_some("a power by square and multiply", || power(3, &exponent));
    let digit = secret(&[11]);
    report.expect_some("a digit from a table", || looked_up(&digit));
}

#[inline(never)]
fn first_difference(left: &[u8], right: &[u8]) -> bool {
    for (left, right) in left.iter().zip(right) {
        if left != right {
            return false;
        }
    }
    true
}

#[inline(never)]
fn trimmed(integer: &[u8]) -> usize {
    integer.iter().take_while(|byte| **byte == 0).count()
}

#[inline(never)]
fn power(base: u64, exponent: &[u8]) -> u64 {
    let mut result = 1_u64;
    for byte in exponent {
        for bit in (0..8).rev() {
            result = result.wrapping_mul(result);
            if byte >> bit & 1 == 1 {
                result = black_box(result.wrapping_mul(base));
            }
        }
    }
    result
}

#[inline(never)]
fn looked_up(digit: &[u8]) -> u8 {
    black_box(b"0123456789abcdef")[usize::from(digit[0] & 15)]
}
