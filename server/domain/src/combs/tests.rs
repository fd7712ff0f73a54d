use tacit_shared::srp::{Group, Verifier};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn comb() -> Comb {
    let mut v = vec![0; Group::G2048.len()];
    v[7] = 9;
    Verifier::from_bytes(Group::G2048, v).ok().unwrap().to_comb()
}

fn credential(account: u128, version: i64) -> Credential {
    Credential { account: Uuid::from_u128(account), id: Uuid::from_u128(account + 1000), version }
}

#[test]
fn a_comb_is_found_for_the_credential_it_was_made_of_and_no_other() {
    let combs = Combs::new(8);
    combs.keep(credential(1, 4), comb(), NOW);
    assert!(combs.find(credential(1, 4)).is_some());
    assert!(combs.find(credential(2, 4)).is_none());
    let other_id = Credential { id: Uuid::from_u128(5), ..credential(1, 4) };
    assert!(combs.find(other_id).is_none());
}

#[test]
fn a_newer_credential_throws_the_old_one_s_comb_away() {
    let combs = Combs::new(8);
    combs.keep(credential(1, 4), comb(), NOW);
    let old = Arc::downgrade(&combs.find(credential(1, 4)).unwrap());
    assert!(combs.find(credential(1, 5)).is_none());
    assert!(old.upgrade().is_none(), "it is in memory still");
    assert_eq!(combs.len(), 0);
}

#[test]
fn what_is_forgotten_is_gone_from_memory() {
    let combs = Combs::new(8);
    combs.keep(credential(1, 4), comb(), NOW);
    let kept = Arc::downgrade(&combs.find(credential(1, 4)).unwrap());
    assert!(kept.upgrade().is_some());
    combs.forget(credential(1, 4).account);
    assert!(kept.upgrade().is_none());
}

#[test]
fn the_one_used_longest_ago_makes_room() {
    let combs = Combs::new(2);
    combs.keep(credential(1, 0), comb(), NOW);
    combs.keep(credential(2, 0), comb(), NOW);
    combs.note_use(credential(1, 0), NOW);
    combs.keep(credential(3, 0), comb(), NOW);
    assert!(combs.find(credential(2, 0)).is_none());
    assert!(combs.find(credential(1, 0)).is_some() && combs.find(credential(3, 0)).is_some());
    combs.keep(credential(3, 0), comb(), NOW);
    assert_eq!(combs.len(), 2, "the same credential takes its own place");
}

#[test]
fn without_room_nothing_is_kept() {
    let combs = Combs::new(0);
    assert!(!combs.is_on());
    combs.keep(credential(1, 0), comb(), NOW);
    assert_eq!(combs.len(), 0);
}

#[test]
fn an_hour_without_use_and_a_comb_is_forgotten() {
    let combs = Combs::new(8);
    combs.keep(credential(1, 0), comb(), NOW);
    combs.keep(credential(2, 0), comb(), NOW);
    let later = NOW + KEPT_UNUSED;
    combs.note_use(credential(1, 0), later);
    // To look for it is no use of it.
    assert!(combs.find(credential(2, 0)).is_some());
    combs.forget_unused(later + Duration::from_millis(1));
    assert_eq!(combs.len(), 1);
    assert!(combs.find(credential(1, 0)).is_some());
}
