//! The kernel for AVX-512 IFMA, where the processor has it: 52 bits a digit that is reduced.

use super::*;
use crate::ifma::{Ifma2048, Ifma3072, Ifma4096, is_available};

kernel_tests!(bits_2048, 2, 40 * 52, Ifma2048::new(Group::G2048.modulus()).unwrap(), if is_available());
kernel_tests!(bits_3072, 5, 60 * 52, Ifma3072::new(Group::G3072.modulus()).unwrap(), if is_available());
kernel_tests!(bits_4096, 5, 80 * 52, Ifma4096::new(Group::G4096.modulus()).unwrap(), if is_available());
