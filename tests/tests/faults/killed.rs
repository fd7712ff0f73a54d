//! The server killed without a word, again and again, while people sign up and mails go out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use tacit_shared::entropy::Entropy as _;
use tacit_tests::{App, Database, Engine, OsEntropy, Process, both_engines};

use super::people::{Ledger, People, activate};

const KILLS: u32 = 100;
/// After so many kills the leases of mails under way run out, as they do by themselves after five minutes.
const KILLS_A_LEASE: u32 = 10;

const LEASES_RUN_OUT: &str = "UPDATE outbox SET lease_until = NULL WHERE done_at IS NULL AND failed_at IS NULL";
const OPEN: &str = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL";
const ADDRESSES: &str = "SELECT email FROM pending_credentials UNION SELECT email FROM accounts";

both_engines!(a_hundred_kills_lose_nothing_that_was_acknowledged, async |app| {
    app.stop().await;
    let base = Arc::new(RwLock::new(String::new()));
    let people = People::sign_up(&app.client_following(&base), 3, app.post());
    let (mut recorded, mut log) = (HashMap::new(), Vec::new());
    for kill in 1..=KILLS {
        let mut process = Process::start(&app.variables());
        process.base.clone_into(&mut base.write().unwrap());
        if kill % 5 == 0 {
            // Perhaps before it is up.
            pause(80).await;
        } else {
            process.ready().await;
            if kill % 3 == 0 {
                somebody_activates(&people.ledger).await;
            }
            pause(220).await;
        }
        log.extend(process.kill().await);
        look_at_the_outbox(app, &people.ledger, &mut recorded).await;
        if kill % KILLS_A_LEASE == 0 {
            app.database.execute(LEASES_RUN_OUT).await;
        }
    }

    let process = Process::serve(&app.variables()).await;
    process.base.clone_into(&mut base.write().unwrap());
    let ledger = people.end().await;
    app.until(OPEN, 0).await;
    look_at_the_outbox(app, &ledger, &mut recorded).await;
    everything_acknowledged_is_there(app, &process, &ledger, &recorded).await;
    log.extend(process.stop().await);
    let panics: Vec<_> = log.iter().filter(|line| line.contains("panicked")).collect();
    assert!(panics.is_empty(), "{panics:#?}");
    app.start_again().await;
});

/// Any time up to so many milliseconds.
async fn pause(most: u64) {
    let mut random = [0; 2];
    OsEntropy.fill(&mut random);
    tokio::time::sleep(Duration::from_micros(u64::from(u16::from_be_bytes(random)) * most * 1000 / 65_536)).await;
}

/// Waits until it has happened once more, however slow the machine, but not for long.
async fn somebody_activates(ledger: &Mutex<Ledger>) {
    let count = || ledger.lock().unwrap().activated.len();
    let (before, begun) = (count(), Instant::now());
    while count() == before && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Notes which mails are recorded as sent, and how often each had come by then. What was noted before must not have
/// come again.
async fn look_at_the_outbox(app: &App, ledger: &Mutex<Ledger>, recorded: &mut HashMap<String, usize>) {
    let done = match &app.database {
        // A copy: whoever opens the file itself tidies up after the kill in the server's place.
        Database::Sqlite(file) => {
            let copy = app.folder().join("copy.db");
            for suffix in ["", "-wal"] {
                let from = format!("{}{suffix}", file.display());
                let to = format!("{}{suffix}", copy.display());
                if std::fs::copy(from, &to).is_err() {
                    drop(std::fs::remove_file(to));
                }
            }
            drop(std::fs::remove_file(format!("{}-shm", copy.display())));
            Database::Sqlite(copy).texts(&done_ids(app)).await
        }
        Database::Postgres(..) => app.database.texts(&done_ids(app)).await,
    };
    let mut ledger = ledger.lock().unwrap();
    ledger.look();
    for id in done {
        let came = ledger.mails.get(&id).copied().unwrap_or(0);
        assert!(came > 0, "mail {id} is recorded as sent, and nobody got it");
        let before = *recorded.entry(id.clone()).or_insert(came);
        assert_eq!(before, came, "mail {id} was sent again after it had been recorded as sent");
    }
}

fn done_ids(app: &App) -> String {
    let id = match app.engine {
        Engine::Sqlite => "lower(hex(id))",
        Engine::Postgres => "replace(id::text, '-', '')",
    };
    format!("SELECT {id} FROM outbox WHERE done_at IS NOT NULL")
}

async fn everything_acknowledged_is_there(
    app: &App,
    process: &Process,
    ledger: &Mutex<Ledger>,
    recorded: &HashMap<String, usize>,
) {
    let there = app.client_at(&process.base);
    let addresses = app.database.texts(ADDRESSES).await;
    let (signed_up, activated, links) = {
        let ledger = ledger.lock().unwrap();
        assert!(ledger.odd.is_empty(), "{:#?}", ledger.odd);
        (ledger.signed_up.clone(), ledger.activated.clone(), ledger.links.clone())
    };
    assert!(activated.len() > 20, "only {} activations in all this time", activated.len());
    for person in &signed_up {
        let email = &person.email;
        assert!(addresses.contains(email), "the sign-up of {email} was acknowledged and is gone");
        let link = links.get(email).unwrap_or_else(|| panic!("the mail to {email} is lost"));
        if !activated.contains(email) {
            // It may have worked, and the answer was lost.
            let answer = activate(&there, link).await.unwrap();
            assert!(matches!(answer.status, 200 | 401), "{email}: {}", answer.text());
        }
        person.through(&there).log_in().await;
    }
    // Said only now: all of it has been looked at.
    report(app, &ledger.lock().unwrap(), recorded);
}

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(app: &App, ledger: &Ledger, recorded: &HashMap<String, usize>) {
    let twice = ledger.mails.values().filter(|count| **count > 1).count();
    println!(
        "{:?}: {KILLS} kills; {} sign-ups and {} activations acknowledged, all there; {} mails recorded as sent, {twice} \
         came again, none after it was recorded",
        app.engine,
        ledger.signed_up.len(),
        ledger.activated.len(),
        recorded.len(),
    );
}
