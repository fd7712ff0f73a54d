//! Many proofs on one handshake at the same moment: one of them is looked at.

use serde_json::Value;
use tacit_tests::{Answer, App, Setup, both_engines};

const PROOF: &str = "/api/auth/srp/login/proof";

/// Room for all of them, so that none is turned away before it is looked at.
fn roomy() -> Setup {
    Setup::new().with("limits.srp_queue", "200").with("limits.proof_attempts", "1000")
}

async fn all_at_once(app: &App, bodies: Vec<Value>) -> Vec<Answer> {
    let client = app.anonymous();
    let requests: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = client.clone();
            tokio::spawn(async move { client.post(PROOF, body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.unwrap());
    }
    answers
}

fn spent(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 401 && answer.string("/code") == "handshake_spent").count()
}

both_engines!(fifty_right_proofs_on_one_handshake_open_one_session, roomy(), async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let bodies = (0..50).map(|_| person.proof_body(&handshake)).collect();
    let answers = all_at_once(app, bodies).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(spent(&answers), 49);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 1);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM spent_handshakes").await, 1);
});

both_engines!(fifty_wrong_proofs_and_ten_right_ones_are_one_guess, roomy(), async |app| {
    let person = app.registered("person@example.com").await;
    let mistyped = person.mistyping("not the password");
    let handshake = person.begin_login().await;
    let wrong = mistyped.proof_body(&handshake);
    let mut bodies = Vec::new();
    for number in 0..60 {
        bodies.push(if number % 6 == 5 { person.proof_body(&handshake) } else { wrong.clone() });
    }
    let answers = all_at_once(app, bodies).await;
    let opened = answers.iter().filter(|answer| answer.status == 200).count();
    let rejected = answers.iter().filter(|answer| answer.status == 401).count() - spent(&answers);
    assert_eq!((opened + rejected, spent(&answers)), (1, 59));
    let sessions = app.database.number("SELECT COUNT(*) FROM sessions").await;
    assert_eq!(usize::try_from(sessions).unwrap(), opened);
});
