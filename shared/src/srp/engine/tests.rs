//! The portable kernel under the suite, and the one choice.

use super::{
    Engines, InUse, Limbs28, install,
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
