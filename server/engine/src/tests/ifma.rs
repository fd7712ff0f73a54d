//! The kernel for AVX-512 IFMA, where the processor has it.

use super::suite;
use crate::ifma::{Ifma2048, Ifma3072, Ifma4096, is_available};
use tacit_shared::srp::Group;

/// What the suite asks of a kernel. `$factor` is the logarithm of its Montgomery factor: 52 bits a digit that is reduced.
macro_rules! kernel_tests_where_available {
    ($group:ident, $generator:expr, $factor:expr, $make:expr, {$($(#[$doc:meta])* $test:ident => $check:expr;)*}) => {
        mod $group {
            use super::*;

            $($(#[$doc])* #[test]
            fn $test() {
                if is_available() {
                    $check;
                } else {
                    eprintln!("skipped: this processor has no AVX-512 IFMA");
                }
            })*
        }
    };
    ($group:ident, $generator:expr, $factor:expr, $make:expr) => {
        kernel_tests_where_available!($group, $generator, $factor, $make, {
            edges_are_multiplied_with_each_other => suite::edges(&$make, $factor);
            a_long_walk_meets_the_same_numbers => suite::walk(&$make);
            what_is_read_is_written_reduced => suite::reads(&$make);
            each_entry_of_a_table_can_be_selected => suite::selects(&$make);
            powers_are_those_of_the_integers => suite::powers(|| $make, $generator);
            extreme_exponents_are_no_exception => suite::extremes(|| $make, $generator);
        });
    };
}

kernel_tests_where_available!(bits_2048, 2, 40 * 52, Ifma2048::new(Group::G2048.modulus()).unwrap());
kernel_tests_where_available!(bits_3072, 5, 60 * 52, Ifma3072::new(Group::G3072.modulus()).unwrap());
kernel_tests_where_available!(bits_4096, 5, 80 * 52, Ifma4096::new(Group::G4096.modulus()).unwrap());
