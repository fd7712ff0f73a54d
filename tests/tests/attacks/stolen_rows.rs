//! Somebody who can write to the database copies credentials about: none opens where it was not made for.

use tacit_tests::{Answer, App, Engine, Person, Process, Setup, both_engines};

const VICTIM: &str = "victim@example.com";
const MALLORY: &str = "mallory@example.com";

/// Gives the victim's row these columns of Mallory's.
async fn copy_over(app: &App, columns: &[&str]) {
    let account = |email| format!("(SELECT id FROM accounts WHERE email_key = '{email}')");
    for column in columns {
        let (from, to) = (account(MALLORY), account(VICTIM));
        let taken = format!("(SELECT {column} FROM credentials WHERE account_id = {from})");
        app.database.execute(&format!("UPDATE credentials SET {column} = {taken} WHERE account_id = {to}")).await;
    }
}

/// A copy of the table as it was, to put back between attempts.
async fn keep(app: &App) {
    app.database.execute("CREATE TABLE kept AS SELECT * FROM credentials").await;
}

async fn put_back(app: &App) {
    app.database.execute("DELETE FROM credentials").await;
    app.database.execute("INSERT INTO credentials SELECT * FROM kept").await;
}

fn is_a_clean_refusal(answer: Answer) {
    let problem = answer.expect_problem(500, "internal");
    for word in ["verifier", "credential", "seal", "master"] {
        assert!(!problem.text().contains(word), "{}", problem.text());
    }
}

/// Mallory at the victim's address, with Mallory's password.
fn as_the_victim(mallory: &Person) -> Person {
    let mut person = mallory.clone();
    VICTIM.clone_into(&mut person.email);
    person
}

both_engines!(a_credential_copied_over_another_accounts_logs_nobody_in, async |app| {
    let (victim, mallory) = (app.registered(VICTIM).await, app.registered(MALLORY).await);
    app.settle().await;
    app.stop().await;
    // As an operator runs it, for its log.
    let server = Process::serve(&app.variables()).await;
    let client = app.client_at(&server.base);
    let (victim, mallory) = (victim.through(&client), mallory.through(&client));
    let intruder = as_the_victim(&mallory);
    keep(app).await;

    let attempts: [&[&str]; 4] = [
        &["verifier_sealed"],
        &["identity", "salt", "preset", "verifier_sealed"],
        &["id", "version", "identity", "salt", "preset", "key_id", "verifier_sealed"],
        // Nothing of Mallory's, but an identity of the victim's that the seal was not made for.
        &["salt"],
    ];
    for columns in attempts {
        let before = intruder.begin_login().await;
        copy_over(app, columns).await;
        is_a_clean_refusal(intruder.try_begin_login().await);
        // A challenge from before the copying comes to the altered row at the proof.
        is_a_clean_refusal(intruder.prove(&before).await);
        // The victim's row is the next one to this address, which nobody has.
        app.stranger("victia@example.com").through(&client).begin_login().await;
        mallory.log_in().await;
        put_back(app).await;
        victim.log_in().await;
    }
    // The row itself, moved from one account to the other.
    let owner = |email| format!("account_id = (SELECT id FROM accounts WHERE email_key = '{email}')");
    app.database.execute(&format!("DELETE FROM credentials WHERE {}", owner(VICTIM))).await;
    app.database.execute(&format!("UPDATE credentials SET {} WHERE {}", owner(VICTIM), owner(MALLORY))).await;
    let before = intruder.begin_login().await;
    intruder.prove(&before).await.expect_problem(401, "proof_rejected").done();
    app.database.execute(&format!("UPDATE credentials SET email_key = '{VICTIM}' WHERE {}", owner(VICTIM))).await;
    is_a_clean_refusal(intruder.try_begin_login().await);
    put_back(app).await;
    victim.log_in().await;

    let stolen = "SELECT COUNT(*) FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE a.email_key = ";
    // One of the victim's own after each attempt.
    assert_eq!(app.database.number(&format!("{stolen}'{VICTIM}'")).await, 5);

    let log = server.stop().await;
    let told = log.iter().filter(|line| line.contains("a stored verifier does not open with this master key")).count();
    assert_eq!(told, 9 + 5, "each refusal is in the log: {log:#?}");
    for secret in [victim.credential.secrets(), mallory.credential.secrets()].concat() {
        assert!(!log.iter().any(|line| line.contains(&secret)), "the log tells a secret");
    }
    app.start_again().await;
});

both_engines!(a_sign_up_copied_over_anothers_activates_nothing, async |app| {
    let (victim, mallory) = (app.signed_up(VICTIM).await, app.signed_up(MALLORY).await);
    let link = app.mail_to(VICTIM).await.link_secret();
    let taken = format!("(SELECT verifier_sealed FROM pending_credentials WHERE email_key = '{MALLORY}')");
    let to = format!("WHERE email_key = '{VICTIM}'");
    app.database.execute(&format!("UPDATE pending_credentials SET verifier_sealed = {taken} {to}")).await;
    let body = serde_json::json!({ "token": link });
    is_a_clean_refusal(app.anonymous().post("/api/auth/srp/sign-up/activate", body).await);
    is_a_clean_refusal(victim.with_ticket().try_begin_login().await);
    // Without the ticket nothing of the row is opened.
    let intruder = as_the_victim(&mallory);
    let handshake = intruder.begin_login().await;
    intruder.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    assert_eq!(app.database.number("SELECT COUNT(*) FROM accounts").await, 0);
});

/// Only PostgreSQL keeps the keys of handshakes in a table.
#[tokio::test]
async fn a_key_of_handshakes_that_was_altered_opens_nothing_and_the_next_hour_has_a_new_one() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let person = app.registered("person@example.com").await;
        let handshake = person.begin_login().await;
        app.database.execute("UPDATE epoch_keys SET sealed = decode(repeat('00', 72), 'hex')").await;
        // This node has the key at hand, another one does not open what is in the table.
        let node = app.node().await;
        let there = person.through(&app.client_of(&node));
        is_a_clean_refusal(there.prove(&handshake).await);
        person.prove(&handshake).await.expect_status(200).done();
        app.clock.advance(std::time::Duration::from_hours(1));
        there.log_in().await;
        node.stop().await;
    })
    .await;
}
