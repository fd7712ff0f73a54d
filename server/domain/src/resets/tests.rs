use std::time::Duration;

use tacit_shared::messages::ResetRequest;

use super::AskedReset;
use crate::caller::Origin;
use crate::outbox::{MailKind, Work};
use crate::settings::Lifetimes;
use crate::tests::World;

const ADDRESS: &str = "person@example.com";
const LEASE: Duration = Duration::from_mins(5);

impl World {
    async fn claim(&self) -> Work {
        self.domain.outbox.claim(9, LEASE).await.unwrap()
    }

    async fn is_idle(&self) -> bool {
        let Work { mails, resets } = self.claim().await;
        mails.is_empty() && resets.is_empty()
    }

    /// Somebody with an account, and what a worker took who is to look for whom a reset was asked for.
    async fn asked(&self) -> AskedReset {
        self.registered(ADDRESS).await;
        let request = ResetRequest { auth_id: ADDRESS.to_owned() };
        self.domain.resets.request(request.try_into().unwrap(), &Origin::default()).await.unwrap();
        assert!(self.is_idle().await, "not at the moment of the answer");
        self.advance(Duration::from_secs(1));
        self.claim().await.resets.remove(0)
    }
}

#[tokio::test]
async fn a_reset_that_two_workers_took_is_mailed_once() {
    let world = World::start().await;
    let first = world.asked().await;
    assert!(world.is_idle().await, "while one has it, no other gets it");
    world.advance(LEASE);
    let second = world.claim().await.resets.remove(0);
    assert_eq!((first.attempts, second.attempts), (1, 2));
    world.domain.resets.carry_out(&first).await.unwrap();
    world.domain.resets.carry_out(&second).await.unwrap();
    let work = world.claim().await;
    assert!(work.resets.is_empty());
    assert_eq!(work.mails.iter().map(|mail| mail.kind).collect::<Vec<_>>(), [MailKind::PasswordReset]);
}

#[tokio::test]
async fn a_reset_that_nobody_worked_on_for_as_long_as_it_would_be_good_is_not_mailed() {
    let world = World::start().await;
    let asked = world.asked().await;
    world.advance(Lifetimes::default().password_reset);
    world.domain.resets.carry_out(&asked).await.unwrap();
    assert!(world.is_idle().await);
    assert_eq!(world.domain.outbox.open_rows().await.unwrap(), 0);
}
