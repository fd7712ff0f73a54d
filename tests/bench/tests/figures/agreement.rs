//! What is timed computes the same.

use tacit_bench::{
    contender::{Part, check},
    handshake::Handshake,
    kernels, peers, timing,
};
use tacit_shared::srp::Group;

#[test]
fn every_contender_gets_the_same_login_in_every_group() {
    for group in Group::ALL {
        let handshakes = [0, 1].map(|number| Handshake::numbered(group, number));
        for contender in peers::of(group).into_iter().chain(kernels::of(group, &handshakes)) {
            check(&*contender, &handshakes).unwrap();
        }
    }
}

#[test]
fn a_contender_that_computes_something_else_is_told() {
    let mut handshake = Handshake::numbered(Group::G2048, 0);
    handshake.secret[100] ^= 1;
    let handshakes = std::slice::from_ref(&handshake);
    for contender in peers::of(Group::G2048).into_iter().chain(kernels::of(Group::G2048, handshakes)) {
        let refusal = check(&*contender, handshakes).unwrap_err();
        assert!(refusal.contains(&contender.name()), "{refusal}");
    }
}

#[test]
fn the_fastest_round_is_no_slower_than_the_one_in_the_middle() {
    let group = Group::G2048;
    let handshake = Handshake::numbered(group, 0);
    let contenders = peers::of(group);
    let turns: Vec<(String, timing::Turn<'_>)> = contenders
        .iter()
        .map(|contender| -> (String, timing::Turn<'_>) {
            let handshake = &handshake;
            (contender.name(), Box::new(move |_| drop(contender.run(Part::Login, handshake))))
        })
        .collect();
    let figures = timing::interleave(&turns, 3);
    assert_eq!(figures.len(), contenders.len());
    for (name, summary) in figures {
        assert!(0 < summary.minimum && summary.minimum <= summary.median, "{name}: {summary:?}");
    }
}
