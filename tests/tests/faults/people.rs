//! People who sign up and activate all the time, and a ledger of what they were promised.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tacit_tests::{Answer, Client, Person, Post};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long somebody waits for a mail before somebody else signs up.
const IMPATIENT: Duration = Duration::from_secs(2);
/// Between two sign-ups of one client.
const PAUSE: Duration = Duration::from_millis(40);

/// What was acknowledged, and what came by mail.
pub(super) struct Ledger {
    post: Post,
    /// Whose sign-up was answered 201.
    pub(super) signed_up: Vec<Person>,
    /// Whose activation was answered 200.
    pub(super) activated: HashSet<String>,
    /// Links that came, by address.
    pub(super) links: HashMap<String, String>,
    /// How often each mail came.
    pub(super) mails: HashMap<String, usize>,
    /// Answers that are neither success nor "come back later".
    pub(super) odd: Vec<String>,
}

impl Ledger {
    /// Takes note of the mails that came.
    pub(super) fn look(&mut self) {
        for mail in self.post.fresh() {
            *self.mails.entry(mail.id()).or_default() += 1;
            self.links.insert(mail.recipients[0].clone(), mail.link_secret());
        }
    }

    /// Who had an account at this moment.
    pub(super) fn with_account(&self) -> Vec<Person> {
        self.signed_up.iter().filter(|person| self.activated.contains(&person.email)).cloned().collect()
    }

    fn note(&mut self, answer: Option<&Answer>) {
        if let Some(answer) = answer
            && !matches!(answer.status, 200 | 201 | 503)
        {
            self.odd.push(format!("{}: {} {}", answer.request, answer.status, answer.text()));
        }
    }
}

/// Clients that sign up one person after another.
pub(super) struct People {
    pub(super) ledger: Arc<Mutex<Ledger>>,
    stop: watch::Sender<bool>,
    clients: JoinSet<()>,
}

impl People {
    /// So many clients at once, all through this caller.
    pub(super) fn sign_up(client: &Client, count: u32, post: Post) -> Self {
        let ledger = Arc::new(Mutex::new(Ledger {
            post,
            signed_up: Vec::new(),
            activated: HashSet::new(),
            links: HashMap::new(),
            mails: HashMap::new(),
            odd: Vec::new(),
        }));
        let (stop, stopped) = watch::channel(false);
        let mut clients = JoinSet::new();
        for number in 0..count {
            clients.spawn(one_after_another(client.clone(), number, Arc::clone(&ledger), stopped.clone()));
        }
        Self { ledger, stop, clients }
    }

    /// Lets everybody finish.
    pub(super) async fn end(mut self) -> Arc<Mutex<Ledger>> {
        self.stop.send_replace(true);
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
        self.ledger
    }
}

async fn one_after_another(client: Client, number: u32, ledger: Arc<Mutex<Ledger>>, stopped: watch::Receiver<bool>) {
    for count in 0.. {
        if *stopped.borrow() {
            return;
        }
        let person = Person::new(client.clone(), &format!("person{number}-{count}@example.com"));
        let answer = person.try_sign_up().await;
        let accepted = answer.as_ref().is_some_and(|answer| answer.status == 201);
        {
            let mut ledger = ledger.lock().unwrap();
            ledger.note(answer.as_ref());
            if accepted {
                ledger.signed_up.push(person.clone());
            }
        }
        if accepted && let Some(link) = link_to(&person, &ledger).await {
            let answer = activate(&client, &link).await;
            let mut ledger = ledger.lock().unwrap();
            ledger.note(answer.as_ref());
            if answer.is_some_and(|answer| answer.status == 200) {
                ledger.activated.insert(person.email.clone());
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Opens a link from a mail.
pub(super) async fn activate(client: &Client, link: &str) -> Option<Answer> {
    client.try_post("/api/auth/srp/sign-up/activate", json!({ "token": link })).await
}

async fn link_to(person: &Person, ledger: &Mutex<Ledger>) -> Option<String> {
    let begun = Instant::now();
    while begun.elapsed() < IMPATIENT {
        {
            let mut ledger = ledger.lock().unwrap();
            ledger.look();
            if let Some(link) = ledger.links.get(&person.email) {
                return Some(link.clone());
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}
