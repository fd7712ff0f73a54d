//! Every kernel under the suite that `tacit-shared` has for its own, and each against the others.

use tacit_shared::srp::Group;
use tacit_shared::srp::engine::{ClientSecret, Engine, Kernel, Powers, Scalar};

#[path = "../../../shared/src/srp/engine/suite.rs"]
mod suite;

use suite::kernel_tests;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod aws_lc {
    use super::*;
    use crate::aws_lc::AwsLc;

    kernel_tests!(aws_lc_2048, 2, 2048, AwsLc::new(Group::G2048.modulus()));
    kernel_tests!(aws_lc_3072, 5, 3072, AwsLc::new(Group::G3072.modulus()));
    kernel_tests!(aws_lc_4096, 5, 4096, AwsLc::new(Group::G4096.modulus()));
}

#[cfg(target_arch = "x86_64")]
mod ifma;

#[cfg(all(address_sanitizer_check, target_arch = "x86_64"))]
mod faults;
