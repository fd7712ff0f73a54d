//! The portable kernel under the suite, and the one choice.

use super::{
    Engines, InUse, install, moduli,
    montgomery::Montgomery,
    of, portable,
    suite::{self, kernel_tests},
};
use crate::srp::Group;

kernel_tests!(crypto_bigint_2048, 2, 2048, Montgomery::<moduli::M2048, _>::new());
kernel_tests!(crypto_bigint_3072, 5, 3072, Montgomery::<moduli::M3072, _>::new());
kernel_tests!(crypto_bigint_4096, 5, 4096, Montgomery::<moduli::M4096, _>::new());

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
