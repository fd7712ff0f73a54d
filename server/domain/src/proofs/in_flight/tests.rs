use std::time::Duration;

use tacit_store::logins::Under;
use tacit_store::proof_failures;

use super::*;
use crate::caller::Origin;
use crate::core::Core;
use crate::login::{LoginError, OpenedSession};
use crate::proofs::ProofError;
use crate::tests::{P, World, answer};

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

/// The attempt with this number, for the address with that one.
fn failure(number: u8, address: u8) -> Failure {
    let handshake = SpentHandshake { nonce: [number; 16], keep_until: NOW + Duration::from_mins(2) };
    let kept_for_each = Duration::from_secs(1);
    let spend = Spend { handshake, window: None, failures_key: [address; 32], now: NOW, kept_for_each };
    Failure { spend, together: None }
}

fn enter(core: &Core, failure: Failure, asked: Moment) -> Entered<()> {
    core.in_flight.enter(failure, asked, |_| Ok(())).unwrap()
}

fn flight(core: &Core, failure: Failure) -> (Flight, Counts) {
    match enter(core, failure, core.in_flight.moment()) {
        Entered::Flight(flight, ahead) => (flight, ahead),
        _ => panic!("it is the first for its handshake"),
    }
}

async fn failures(core: &Core, address: u8) -> i64 {
    proof_failures::find(&mut core.store.read().await.unwrap(), &[address; 32]).await.unwrap().failures
}

async fn is_spent(core: &Core, nonce: [u8; 16]) -> bool {
    let mut tx = core.store.read().await.unwrap();
    let under = Under { failures_key: &[], together: None, window: None };
    logins::look(&mut tx, uuid::Uuid::nil(), under, &nonce).await.unwrap().is_spent
}

/// Waits until nothing is under way.
async fn landed(core: &Core) {
    while !core.in_flight.lock().nonces.is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(core.in_flight.lock().counts.is_empty());
}

#[tokio::test]
async fn a_handshake_is_looked_at_once() {
    let world = World::start().await;
    let core = world.core();
    let asked = core.in_flight.moment();
    let (mut first, _) = flight(core, failure(1, 9));
    assert!(matches!(enter(core, failure(1, 8), asked), Entered::Spent));
    first.begin_look();
    first.fail().await.unwrap();
    assert!(matches!(enter(core, failure(1, 8), asked), Entered::Stale), "the database knows better now");
    assert!(is_spent(core, [1; 16]).await);
}

#[tokio::test]
async fn who_is_under_way_counts_for_those_who_come_after() {
    let world = World::start().await;
    let core = world.core();
    let (first, ahead) = flight(core, failure(1, 9));
    assert_eq!(ahead, Counts::default());
    let (second, ahead) = flight(core, failure(2, 9));
    assert_eq!(ahead.failures, ProofFailures { failures: 1, last_at: Some(NOW) });
    assert_eq!(flight(core, failure(3, 8)).1.failures.failures, 0, "another address");
    drop((first, second));
    assert_eq!(flight(core, failure(4, 9)).1.failures.failures, 0, "they were not looked at");
    landed(core).await;
    assert_eq!(failures(core, 9).await, 0);
}

#[tokio::test]
async fn between_the_database_and_memory_no_failure_is_overlooked() {
    let world = World::start().await;
    let core = world.core();
    let asked = core.in_flight.moment();
    let (mut first, _) = flight(core, failure(1, 9));
    first.begin_look();
    first.fail().await.unwrap();
    assert!(matches!(enter(core, failure(2, 9), asked), Entered::Stale));
    assert!(matches!(enter(core, failure(3, 8), asked), Entered::Flight(..)), "another address");
    assert_eq!(failures(core, 9).await, 1);
    for number in 0..=u8::MAX {
        for _ in 0..=(WRITTEN_MOST / usize::from(u8::MAX)) {
            flight(core, failure(number, 7)).0.land();
        }
    }
    assert!(matches!(enter(core, failure(4, 8), asked), Entered::Stale), "who asked too long ago asks again");
}

/// A login with the right password, and three failures for its address: two cost nothing, three a pause.
async fn login_and_failures(
    world: &World,
) -> (impl Future<Output = Result<OpenedSession, LoginError>> + Send + 'static, [Failure; 3]) {
    world.registered("person@example.com").await;
    let (core, logins) = (world.core(), world.domain.logins.clone());
    let challenge = world.begin("person@example.com").await;
    let key = core.open_handshake(&challenge.handshake, core.now()).await.unwrap().unwrap().attempt;
    let failures = [1, 2, 3].map(|number| {
        let Failure { spend, together } = failure(number, 0);
        Failure { spend: Spend { failures_key: key, now: core.now(), ..spend }, together }
    });
    let proof = answer(&challenge, P).try_into().unwrap();
    (async move { logins.prove(proof, Origin::default()).await }, failures)
}

/// So long that a login which does not wait is over.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn nobody_is_refused_because_a_failure_counts_twice() {
    let world = World::start().await;
    let core = world.core();
    let (login, [first, second, _]) = login_and_failures(&world).await;
    for one in [first, second] {
        std::mem::forget(flight(core, one));
        core.in_flight.lock().mark_writing(&one, 1);
        one.write(&core.store).await.unwrap();
    }
    // Both are committed, and nobody here has heard of it yet.
    let login = tokio::spawn(login);
    for one in [first, second] {
        a_while().await;
        assert!(!login.is_finished());
        let mut table = core.in_flight.lock();
        core.in_flight.end_writing(&mut table, &one);
        table.settle(&one, one.keys());
    }
    login.await.unwrap().unwrap();
    landed(core).await;
}

#[tokio::test]
async fn whoever_is_one_too_many_while_the_last_is_being_written_is_told_when_it_is() {
    let world = World::start().await;
    let core = world.core();
    let (login, failures) = login_and_failures(&world).await;
    let [mut first, mut second, mut third] = failures.map(|one| flight(core, one).0);
    for one in [&mut first, &mut second, &mut third] {
        one.begin_look();
    }
    first.fail().await.unwrap();
    second.fail().await.unwrap();
    let busy = core.store.begin().await.unwrap();
    let third = tokio::spawn(async move { third.fail().await });
    a_while().await;
    let login = tokio::spawn(login);
    a_while().await;
    assert!(!login.is_finished() && !third.is_finished());
    drop(busy);
    third.await.unwrap().unwrap();
    assert!(matches!(login.await.unwrap(), Err(LoginError::Proof(ProofError::Throttled(_)))));
}

#[tokio::test]
async fn what_could_not_be_written_refuses_and_keeps_nobody_waiting() {
    let world = World::start().await;
    let core = world.core();
    let (login, [first, second, third]) = login_and_failures(&world).await;
    let never =
        Failure { spend: Spend { kept_for_each: Duration::from_millis(u64::MAX >> 1), ..third.spend }, ..third };
    let [mut first, mut second, mut never] = [first, second, never].map(|one| flight(core, one).0);
    for one in [&mut first, &mut second, &mut never] {
        one.begin_look();
    }
    first.fail().await.unwrap();
    second.fail().await.unwrap();
    never.fail().await.unwrap_err();
    // It is tried again meanwhile.
    let busy = core.store.begin().await.unwrap();
    tokio::time::sleep(AGAIN).await;
    a_while().await;
    let login = tokio::spawn(login);
    a_while().await;
    assert!(!login.is_finished());
    drop(busy);
    assert!(matches!(login.await.unwrap(), Err(LoginError::Proof(ProofError::Throttled(_)))));
}

#[tokio::test]
async fn what_succeeds_counts_nowhere() {
    let world = World::start().await;
    let core = world.core();
    let asked = core.in_flight.moment();
    let (mut first, _) = flight(core, failure(1, 9));
    first.begin_look();
    first.land();
    first.fail().await.unwrap();
    drop(first);
    assert!(matches!(enter(core, failure(2, 9), asked), Entered::Flight(..)));
    landed(core).await;
    assert_eq!(failures(core, 9).await, 0);
}

#[tokio::test]
async fn whoever_breaks_off_has_failed() {
    let world = World::start().await;
    let core = world.core();
    world.registered("person@example.com").await;
    let (mut spent, mut counted) = (0, 0);
    for round in 0..60_u32 {
        let address = format!("{round}@example.com");
        let challenge = world.begin(&address).await;
        let state = core.open_handshake(&challenge.handshake, core.now()).await.unwrap().unwrap();
        let logins = world.domain.logins.clone();
        let proof = answer(&challenge, P).try_into().unwrap();
        let looking = tokio::spawn(async move { drop(logins.prove(proof, Origin::default()).await) });
        tokio::time::sleep(Duration::from_micros(u64::from(round) * 200)).await;
        looking.abort();
        drop(looking.await);
        landed(core).await;
        spent += i64::from(is_spent(core, state.nonce).await);
        counted += proof_failures::find(&mut core.store.read().await.unwrap(), &state.attempt).await.unwrap().failures;
    }
    assert_eq!(spent, counted);
    assert!(spent > 0, "the last ones had time enough to be looked at");
}

#[tokio::test]
async fn whoever_breaks_off_when_it_is_written_that_they_succeeded_has_not_failed() {
    let world = World::start().await;
    let core = world.core();
    let (mut first, _) = flight(core, failure(1, 9));
    first.begin_look();
    let mut tx = core.store.begin().await.unwrap();
    let SpentHandshake { nonce, keep_until } = failure(1, 9).spend.handshake;
    assert!(spent_handshakes::spend(&mut tx, &nonce, keep_until).await.unwrap());
    tx.commit().await.unwrap();
    drop(first);
    landed(core).await;
    assert_eq!(failures(core, 9).await, 0);
}

#[tokio::test]
async fn what_cannot_be_written_stays_counted_until_it_can() {
    let world = World::start().await;
    let core = world.core();
    // A time that no row has room for.
    let never =
        Failure { spend: Spend { now: Timestamp::from_millis(i64::MAX), ..failure(1, 9).spend }, together: None };
    let (mut first, _) = flight(core, never);
    first.begin_look();
    assert!(first.fail().await.is_err());
    assert_eq!(flight(core, failure(2, 9)).1.failures.failures, 1);
    assert!(matches!(enter(core, failure(1, 9), core.in_flight.moment()), Entered::Spent));

    // A right proof for the address, and it counts no more; the handshake is spent all the same.
    flight(core, failure(3, 9)).0.land();
    landed(core).await;
    assert_eq!(failures(core, 9).await, 0);
    assert!(is_spent(core, [1; 16]).await);
}

#[tokio::test]
async fn where_too_much_cannot_be_written_nothing_is_looked_at() {
    let world = World::start().await;
    let core = world.core();
    for number in 0..OWED_MOST {
        let nonce = u128::try_from(number).unwrap().to_be_bytes();
        let handshake = SpentHandshake { nonce, ..failure(0, 9).spend.handshake };
        let spend = Spend { handshake, now: Timestamp::from_millis(i64::MAX), ..failure(0, 9).spend };
        let (mut one, _) = flight(core, Failure { spend, together: None });
        one.begin_look();
        assert!(one.fail().await.is_err());
    }
    assert!(core.in_flight.enter(failure(1, 8), core.in_flight.moment(), |_| Ok::<_, ()>(())).is_err());
}
