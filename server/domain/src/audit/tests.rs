use tacit_store::accounts::{self, AccountRecord};
use tacit_store::audit_events;
use uuid::Uuid;

use super::seals::BEFORE_THE_FIRST;
use super::*;
use crate::address::Address;
use crate::caller::Origin;
use crate::tests::World;

fn account(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

fn somewhere() -> Origin {
    Origin { ip: Some([192, 0, 2, 1].into()), user_agent: Some("Browser/1.0".to_owned()), ..Origin::default() }
}

impl World {
    /// Where events came from is kept for accounts that there are.
    async fn is_known(&self, account: AccountId) {
        let core = self.core();
        let mut tx = core.store.begin().await.unwrap();
        if accounts::find(&mut tx, account).await.unwrap().is_none() {
            let address = Address::parse(&format!("person-{account}@example.com")).unwrap();
            let record = AccountRecord { id: account, ..core.invited(&address, core.now()) };
            accounts::insert(&mut tx, &record).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn record(&self, event: Event<'_>) {
        let core = self.core();
        if let Some(account) = event.account {
            self.is_known(account).await;
        }
        let mut tx = core.store.begin().await.unwrap();
        core.record(&mut tx, event, core.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Logins of an account.
    async fn logins(&self, account: AccountId, count: usize) {
        let (core, origin) = (self.core(), somewhere());
        self.is_known(account).await;
        let mut tx = core.store.begin().await.unwrap();
        for _ in 0..count {
            let event = Event::of(account, EventType::Login, &origin);
            core.record(&mut tx, event, core.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn erase_origins(&self, account: AccountId) {
        let mut tx = self.core().store.begin().await.unwrap();
        audit_events::delete_origins_of(&mut tx, account).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// How many events there are, and what is wrong with them.
    async fn verified(&self) -> (u64, Vec<String>) {
        let report = self.domain.audit.verify(None, |_| ()).await.unwrap();
        assert_eq!(report.fault_count == 0, report.anchor.is_some());
        (report.events, report.faults.iter().map(|fault| fault.to_string().split(':').take(2).collect()).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_every_shape_verify() {
    let world = World::start().await;
    assert_eq!(world.verified().await, (0, vec![]));
    let (ada, origin) = (account(3), somewhere());
    let session = SessionId::from_uuid(Uuid::from_u128(9));
    let no_agent = Origin { user_agent: None, ..somewhere() };
    let empty_agent = Origin { ip: None, user_agent: Some(String::new()), ..Origin::default() };
    for origin in [&origin, &no_agent, &empty_agent, &Origin::default()] {
        world.record(Event::of(ada, EventType::Login, origin).in_session(session)).await;
        world.record(Event::by_mail(ada, EventType::ResetRequested, origin).failed()).await;
    }
    world.record(Event::by_operator(ada, EventType::AccountDisabled).with("sessions_ended", 2)).await;
    world
        .record(Event { account: None, actor: AuditActor::Operator, ..Event::of(ada, EventType::Login, &origin) })
        .await;
    assert_eq!(world.verified().await, (10, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_longer_than_a_page_is_looked_at_whole() {
    let world = World::start().await;
    world.logins(account(3), 2500).await;
    let mut told = Vec::new();
    let report = world.domain.audit.verify(None, |events| told.push(events)).await.unwrap();
    assert_eq!((report.events, report.fault_count), (2500, 0));
    assert!(told.starts_with(&[0, 0, 0, 1000, 2000, 2500]) && told.is_sorted(), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_leaves_the_order_in_which_things_happened() {
    let world = World::start().await;
    world.logins(account(3), 2).await;
    world.back(std::time::Duration::from_hours(24));
    world.logins(account(3), 2).await;
    assert_eq!(world.verified().await, (4, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_back_leaves_no_gap() {
    let world = World::start().await;
    let core = world.core();
    world.logins(account(3), 1).await;
    let mut tx = core.store.begin().await.unwrap();
    core.record(&mut tx, Event::by_operator(account(3), EventType::AccountUnlocked), core.now()).await.unwrap();
    drop(tx);
    world.logins(account(3), 1).await;
    assert_eq!(world.verified().await, (2, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_may_go_with_their_account_only() {
    let world = World::start().await;
    // In one chain.
    let (ada, ben) = (account(0x13), account(0x23));
    world.logins(ada, 2).await;
    world.logins(ben, 1).await;
    world.erase_origins(ada).await;
    let missing = |places: &[i64]| -> Vec<String> {
        places.iter().map(|place| format!("origin_missing chain 3, event {place} ")).collect()
    };
    let found = |faults: Vec<String>| -> Vec<String> {
        faults.iter().map(|fault| fault.split('(').next().unwrap().to_owned()).collect()
    };
    assert_eq!(found(world.verified().await.1), missing(&[1, 2]));
    world.record(Event::by_operator(ada, EventType::AccountDeleted).failed()).await;
    world.record(Event::by_operator(ben, EventType::AccountDeleted)).await;
    assert_eq!(
        found(world.verified().await.1),
        missing(&[1, 2]),
        "neither a failed deletion nor another's explains it"
    );
    world.record(Event::by_operator(ada, EventType::AccountDeleted)).await;
    assert_eq!(world.verified().await, (6, vec![]));
    world.logins(ada, 1).await;
    world.erase_origins(ada).await;
    assert_eq!(found(world.verified().await.1), missing(&[7]), "a deletion explains what was before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_start_begins_no_chain_anew() {
    let mut world = World::start().await;
    world.logins(account(3), 2).await;
    world.restart().await;
    assert_eq!(world.verified().await, (2, vec![]));
    let anchor = world.domain.audit.verify(None, |_| ()).await.unwrap().anchor.unwrap();
    world.restart().await;
    let again = world.domain.audit.verify(Some(&anchor), |_| ()).await.unwrap();
    assert_eq!((again.fault_count, again.anchor), (0, Some(anchor)));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_events_or_origins_have_one_hash() {
    let world = World::start().await;
    let core = world.core();
    world.record(Event::of(account(3), EventType::Login, &somewhere())).await;
    let row = audit_events::list(&mut core.store.read().await.unwrap(), None, 1, 0).await.unwrap().remove(0);
    let event = row.event;
    let texts = |event_type: &str, detail: &str| audit_events::AuditEventRecord {
        event_type: event_type.to_owned(),
        detail: detail.to_owned(),
        ..event.clone()
    };
    let id = |number| Some(SessionId::from_uuid(Uuid::from_u128(number)));
    let events = [
        event.clone(),
        texts("log", "in{}"),
        texts("login{", "}"),
        audit_events::AuditEventRecord { session_id: id(0), ..event.clone() },
        audit_events::AuditEventRecord { account_id: None, actor_id: None, ..event.clone() },
        audit_events::AuditEventRecord { account_id: None, ..event.clone() },
        audit_events::AuditEventRecord { actor_id: None, ..event.clone() },
        audit_events::AuditEventRecord { origin_hash: Vec::new(), ..event.clone() },
    ];
    let mut hashes: Vec<_> = events.iter().map(|event| core.event_hash(&BEFORE_THE_FIRST, event)).collect();
    let origin = |ip: Option<&str>, agent: Option<&str>| audit_events::AuditOriginRecord {
        event_id: event.id,
        account_id: account(3),
        nonce: vec![1; 32],
        ip_address: ip.map(str::to_owned),
        user_agent: agent.map(str::to_owned),
    };
    let values = [None, Some(""), Some("+"), Some("a")];
    for ip in values {
        hashes.extend(values.map(|agent| core.origin_hash(&origin(ip, agent))));
    }
    let all = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!((all, hashes.len()), (24, 24));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_that_is_altered_anywhere_is_none() {
    let world = World::start().await;
    world.logins(account(3), 2).await;
    let anchor = world.domain.audit.verify(None, |_| ()).await.unwrap().anchor.unwrap();
    assert!(world.domain.audit.verify(Some(&format!(" {anchor}\n")), |_| ()).await.is_ok());
    for place in 0..anchor.len() {
        let mut altered = anchor.clone().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        let refused = world.domain.audit.verify(Some(&altered), |_| ()).await;
        assert!(matches!(refused, Err(VerifyError::Anchor)), "{altered}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_beyond_a_thousand_are_counted_only() {
    let world = World::start().await;
    world.logins(account(3), 1200).await;
    world.erase_origins(account(3)).await;
    let report = world.domain.audit.verify(None, |_| ()).await.unwrap();
    assert_eq!((report.fault_count, report.faults.len()), (1200, 1000));
}
