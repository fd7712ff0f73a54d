//! What a login is made of, whatever it is computed with: an algorithm that got slower shows here without a clock.

use tacit_bench::{
    counts::{self, LoginCounts},
    handshake::Handshake,
};
use tacit_shared::srp::Group;

/// Enough scramblers for their average to be the one of all.
fn of(group: Group) -> LoginCounts {
    let handshakes: Vec<_> = (0..8).map(|number| Handshake::numbered(group, number)).collect();
    counts::of(group, &handshakes)
}

#[test]
fn a_login_takes_705_products_and_485_with_a_comb_of_the_verifier() {
    for group in Group::ALL {
        let counts = of(group);
        let public = counts.generator_power.reductions() + counts.public_from_pair.reductions();
        let plain = public + counts.verifier_power.reductions() + counts.last_power.reductions();
        let combed = public + counts.verifier_power_by_comb.reductions() + counts.last_power.reductions();
        assert!(plain <= 707, "{plain}: {counts:?}");
        assert!(combed <= 487, "{combed}: {counts:?}");
    }
}

#[test]
fn a_secret_power_takes_four_squares_a_window_and_no_product_that_is_not_used() {
    for group in Group::ALL {
        let power = of(group).last_power;
        // 63 windows below the highest; of the table's powers the second to the fifteenth are computed.
        assert_eq!((power.squares, power.products), (63 * 4 + 7, 63 + 7), "{power:?}");
    }
}

#[test]
fn step_one_with_a_pair_made_ahead_takes_a_single_product() {
    for group in Group::ALL {
        let step = of(group).public_from_pair;
        assert_eq!((step.reductions(), step.entries_read), (1, 0));
    }
}

#[test]
fn a_comb_pays_from_the_second_login_on() {
    for group in Group::ALL {
        let counts = of(group);
        let saved = counts.verifier_power.reductions() - counts.verifier_power_by_comb.reductions();
        assert!(counts.comb.reductions() < 2 * saved, "{counts:?}");
    }
}
