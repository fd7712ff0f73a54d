use std::fs;

use tacit_shared::messages::{LoginProof, PasswordChangeStart, SealedProof};
use tacit_shared::srp::{Group, Verifier};

use super::*;
use crate::caller::{Caller, Origin};
use crate::tests::{P, World, answer};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn comb() -> Comb {
    let mut v = vec![0; Group::G2048.len()];
    v[7] = 9;
    Verifier::from_bytes(Group::G2048, v).ok().unwrap().to_comb()
}

fn credential(account: u128, version: i64) -> Credential {
    Credential { account: Uuid::from_u128(account), id: Uuid::from_u128(account + 1000), version, salt: [1; 32] }
}

impl Combs {
    fn made(&self, credential: Credential, now: Timestamp) {
        self.keep(credential, comb(), self.forgotten(), now);
    }

    fn has(&self, credential: Credential) -> bool {
        self.find(credential, NOW).is_some()
    }
}

#[test]
fn a_comb_is_found_for_the_credential_it_was_made_of_and_no_other() {
    let combs = Combs::new(8);
    combs.made(credential(1, 4), NOW);
    assert!(combs.has(credential(1, 4)));
    assert!(!combs.has(credential(2, 4)));
    let other_id = Credential { id: Uuid::from_u128(5), ..credential(1, 4) };
    assert!(!combs.has(other_id));
}

#[test]
fn a_version_that_is_reached_twice_has_another_salt_and_finds_nothing() {
    let combs = Combs::new(8);
    combs.made(credential(1, 4), NOW);
    assert!(!combs.has(Credential { salt: [2; 32], ..credential(1, 4) }));
    assert_eq!(combs.len(), 0);
}

#[test]
fn a_newer_credential_throws_the_old_one_s_comb_away() {
    let combs = Combs::new(8);
    combs.made(credential(1, 4), NOW);
    let old = Arc::downgrade(&combs.find(credential(1, 4), NOW).unwrap());
    assert!(!combs.has(credential(1, 5)));
    assert!(old.upgrade().is_none(), "it is in memory still");
    assert_eq!(combs.len(), 0);
}

#[test]
fn what_is_forgotten_is_gone_from_memory() {
    let combs = Combs::new(8);
    combs.made(credential(1, 4), NOW);
    let kept = Arc::downgrade(&combs.find(credential(1, 4), NOW).unwrap());
    assert!(kept.upgrade().is_some());
    combs.forget(credential(1, 4).account);
    assert!(kept.upgrade().is_none());
}

#[test]
fn the_one_used_longest_ago_makes_room() {
    let combs = Combs::new(2);
    combs.made(credential(1, 0), NOW);
    combs.made(credential(2, 0), NOW);
    combs.note_use(credential(1, 0), NOW);
    combs.made(credential(3, 0), NOW);
    assert!(!combs.has(credential(2, 0)));
    assert!(combs.has(credential(1, 0)) && combs.has(credential(3, 0)));
    combs.made(credential(3, 0), NOW);
    assert_eq!(combs.len(), 2, "the same credential takes its own place");
}

#[test]
fn without_room_nothing_is_kept() {
    let combs = Combs::new(0);
    assert!(!combs.is_on());
    combs.made(credential(1, 0), NOW);
    assert_eq!(combs.len(), 0);
}

#[test]
fn a_comb_that_is_made_while_its_credential_is_forgotten_is_not_kept() {
    let combs = Combs::new(8);
    let asked = combs.forgotten();
    combs.forget(credential(1, 4).account);
    combs.keep(credential(1, 4), comb(), asked, NOW);
    assert_eq!(combs.len(), 0);
    combs.made(credential(1, 5), NOW);
    assert!(combs.has(credential(1, 5)));
}

#[test]
fn a_comb_made_late_does_not_take_the_place_of_a_newer_one() {
    let combs = Combs::new(8);
    combs.made(credential(1, 5), NOW);
    combs.made(credential(1, 4), NOW);
    assert!(combs.has(credential(1, 5)));
}

#[test]
fn the_use_of_an_old_credential_is_none_of_the_new_one_s_comb() {
    let combs = Combs::new(8);
    combs.made(credential(1, 5), NOW);
    combs.note_use(credential(1, 4), NOW + KEPT_UNUSED);
    combs.forget_unused(NOW + KEPT_UNUSED + Duration::from_millis(1));
    assert_eq!(combs.len(), 0);
}

#[test]
fn an_hour_without_use_and_a_comb_is_forgotten() {
    let combs = Combs::new(8);
    combs.made(credential(1, 0), NOW);
    combs.made(credential(2, 0), NOW);
    let later = NOW + KEPT_UNUSED;
    combs.note_use(credential(1, 0), later);
    // To look for it is no use of it.
    assert!(combs.find(credential(2, 0), later).is_some());
    combs.forget_unused(later + Duration::from_millis(1));
    assert_eq!(combs.len(), 1);
    assert!(combs.find(credential(1, 0), later).is_some());
}

#[test]
fn what_nobody_used_for_an_hour_is_not_found_before_it_is_tidied_away() {
    let combs = Combs::new(8);
    combs.made(credential(1, 0), NOW);
    assert!(combs.find(credential(1, 0), NOW + KEPT_UNUSED + Duration::from_millis(1)).is_none());
    assert_eq!(combs.len(), 0);
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let combs = Combs::new(8);
    combs.made(credential(1, 0), NOW + KEPT_UNUSED);
    combs.made(credential(2, 0), NOW + 2 * KEPT_UNUSED);
    combs.made(credential(3, 0), NOW - KEPT_UNUSED);
    combs.made(credential(4, 0), NOW - 2 * KEPT_UNUSED);
    combs.forget_unused(NOW);
    assert_eq!(combs.len(), 2, "neither what is too old nor what is too far ahead");
    assert!(combs.has(credential(1, 0)) && combs.has(credential(3, 0)));
    // Turns and accounts still go together.
    let two = Combs { most: 2, ..combs };
    two.made(credential(5, 0), NOW);
    assert!(!two.has(credential(1, 0)) && two.has(credential(3, 0)) && two.has(credential(5, 0)));
}

impl World {
    async fn logged_in(&self, address: &str) -> Caller {
        let opened = self.prove(&self.begin(address).await, P).await.unwrap();
        self.domain.sessions.authenticate(&opened.tokens.access_token, Origin::default()).await.unwrap()
    }

    /// Waits for the workers, who make combs when there is time.
    async fn keeps(&self, combs: usize) {
        for _ in 0..1000 {
            if self.core().combs.len() == combs {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("not {combs}, but {}", self.core().combs.len());
    }
}

#[tokio::test]
async fn a_proof_that_is_to_replace_its_credential_makes_no_comb_of_it() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    world.registered("other@example.com").await;
    let caller = world.logged_in("person@example.com").await;
    world.keeps(1).await;
    world.core().combs.forget(caller.account.id.as_uuid());

    let passwords = &world.domain.passwords;
    let challenge = passwords.begin(&caller, &PasswordChangeStart { purpose: None }).await.unwrap();
    let LoginProof { handshake, a, m1, .. } = answer(&challenge, P);
    // The proof is right; only what was sealed does not open, so that the credential is there still.
    let sealed = SealedProof { handshake, a, m1, sealed: "AAAA".to_owned() };
    let refused = passwords.confirm(&caller, sealed.try_into().unwrap()).await.err().unwrap();
    assert_eq!(crate::fault::Fault::code(&refused).as_str(), "sealed_invalid");

    // By the time that somebody else's is made, theirs would be there too.
    world.logged_in("other@example.com").await;
    world.keeps(1).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    world.keeps(1).await;
}

#[tokio::test]
async fn what_is_unused_is_forgotten_whatever_fails_afterwards() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    world.logged_in("person@example.com").await;
    world.keeps(1).await;
    world.advance(KEPT_UNUSED + Duration::from_millis(1));
    fs::rename(world.folder.join("tacit.db"), world.folder.join("elsewhere.db")).unwrap();
    assert!(world.domain.housekeeping.run().await.is_err());
    assert_eq!(world.core().combs.len(), 0);
}
