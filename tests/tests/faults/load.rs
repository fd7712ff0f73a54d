//! People who log in all the time, and what they were answered.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tacit_tests::{Answer, Client, Person, User};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two attempts of one client.
const PAUSE: Duration = Duration::from_millis(20);
/// No request may take longer, whatever became of the database; no client waits for ever.
pub(super) const LONGEST: Duration = Duration::from_secs(18);

/// What came of it.
#[derive(Default)]
pub(super) struct Seen {
    /// Who was let in.
    pub(super) users: Vec<User>,
    /// Whose sign-up was answered 201.
    pub(super) signed_up: Vec<Person>,
    /// What was refused.
    pub(super) refused: Vec<Answer>,
    /// Requests nobody answered.
    pub(super) unanswered: usize,
    /// The longest a login or a sign-up took.
    pub(super) slowest: Duration,
}

impl Seen {
    /// Fails unless each refusal is one that a client waits out and then tries again.
    pub(super) fn every_refusal_says_come_back(&self) {
        for answer in &self.refused {
            answer.clone().expect_problem(503, "unavailable").done();
        }
    }
}

/// Clients at work.
pub(super) struct Load {
    seen: Arc<Mutex<Seen>>,
    stop: watch::Sender<bool>,
    clients: JoinSet<()>,
}

impl Load {
    /// Each of these logs in again and again, and one more client signs people up, through this caller.
    pub(super) fn of(people: &[Person], client: &Client) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (stop, stopped) = watch::channel(false);
        let mut clients = JoinSet::new();
        for person in people {
            clients.spawn(log_in(person.through(client), Arc::clone(&seen), stopped.clone()));
        }
        clients.spawn(sign_up(client.clone(), Arc::clone(&seen), stopped));
        Self { seen, stop, clients }
    }

    /// A figure of this moment.
    pub(super) fn look<T>(&self, figure: impl Fn(&Seen) -> T) -> T {
        figure(&self.seen.lock().unwrap())
    }

    /// Waits until a figure has grown by so much.
    pub(super) async fn more(&self, figure: impl Fn(&Seen) -> usize, by: usize, within: Duration) {
        let (begun, before) = (Instant::now(), self.look(&figure));
        while self.look(&figure) < before + by {
            let users = self.look(|seen| seen.users.len());
            let newest = self.look(|seen| seen.refused.last().map(Answer::text));
            assert!(
                begun.elapsed() < within,
                "{} more after {within:?}, not {by}; logins {users}, the newest refusal {newest:?}",
                self.look(&figure) - before
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Lets everybody finish.
    pub(super) async fn end(mut self) -> Seen {
        self.stop.send_replace(true);
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
        Arc::into_inner(self.seen).unwrap().into_inner().unwrap()
    }
}

async fn log_in(person: Person, seen: Arc<Mutex<Seen>>, stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let begun = Instant::now();
        let outcome = tokio::time::timeout(LONGEST * 2, person.try_log_in()).await.expect("a login ends");
        {
            let mut seen = seen.lock().unwrap();
            seen.slowest = seen.slowest.max(begun.elapsed());
            match outcome {
                Ok(user) => seen.users.push(user),
                Err(Some(answer)) => seen.refused.push(*answer),
                Err(None) => seen.unanswered += 1,
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn sign_up(client: Client, seen: Arc<Mutex<Seen>>, stopped: watch::Receiver<bool>) {
    for count in 0.. {
        if *stopped.borrow() {
            return;
        }
        let person = Person::new(client.clone(), &format!("stranger{count}@example.com"));
        let begun = Instant::now();
        let answer = tokio::time::timeout(LONGEST * 2, person.try_sign_up()).await.expect("a sign-up ends");
        {
            let mut seen = seen.lock().unwrap();
            seen.slowest = seen.slowest.max(begun.elapsed());
            match answer {
                Some(answer) if answer.status == 201 => seen.signed_up.push(person),
                Some(answer) => seen.refused.push(answer),
                None => seen.unanswered += 1,
            }
        }
        tokio::time::sleep(PAUSE * 3).await;
    }
}
