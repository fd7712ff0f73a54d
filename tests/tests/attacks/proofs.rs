//! Proofs by somebody who does not know the password: an `A` that pins `S` down, an `M1` for an `S` that is easy to guess.

use serde_json::{Value, json};
use tacit_shared::encoding::to_hex;
use tacit_shared::srp::Group;
use tacit_tests::{App, Setup, both_engines};

use super::numbers::{doubled, padded, predecessor, proofs_for, successor};

const PROOF: &str = "/api/auth/srp/login/proof";
const GROUP: Group = Group::G2048;

/// Guesses are many here, and none is to be stopped by a limit.
fn unlimited() -> Setup {
    Setup::new().with("limits.proof_attempts", "10000").with("limits.srp_queue", "1000")
}

async fn nothing_was_opened_or_spent(app: &App) {
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM spent_handshakes").await, 0);
}

both_engines!(an_a_outside_the_group_is_refused_however_it_is_written_and_spends_nothing, async |app| {
    let person = app.registered("person@example.com").await;
    let handshake = person.begin_login().await;
    let good = person.proof_body(&handshake);
    let (n, client) = (GROUP.modulus(), app.anonymous());
    let honest = good["A"].as_str().unwrap();
    let outside = [
        String::new(),
        "0".to_owned(),
        "0".repeat(512),
        to_hex(n),
        to_hex(&successor(n)),
        to_hex(&doubled(n)),
        "f".repeat(512),
        format!("00{honest}"),
        format!("{honest}00"),
        "f".repeat(1024),
        "f".repeat(1025),
        "f".repeat(29 * 1024),
        format!("+{}", &honest[1..]),
        format!("-{}", &honest[1..]),
        format!(" {}", &honest[1..]),
        format!("{} ", &honest[1..]),
        format!("{}\n", &honest[1..]),
        format!("{}\0", &honest[1..]),
        format!("0x{}", &honest[2..]),
        format!("{}_{}", &honest[..9], &honest[10..]),
        "\u{ff11}".repeat(512),
        "g".repeat(512),
    ];
    for a in outside {
        // With the proof that would be right if the server reduced `A` and came to `S = 0`.
        for m1 in proofs_for(GROUP, &handshake, &[], &[]) {
            let answer = client.post(PROOF, with(&good, &[("A", json!(a)), ("M1", json!(m1))])).await;
            let refused = answer.expect_problem(400, "invalid_request");
            assert_eq!(refused.member("/fields/0/name"), "A", "{a:.20}: {}", refused.text());
        }
    }
    let endless = client.post(PROOF, with(&good, &[("A", json!("f".repeat(64 * 1024)))])).await;
    endless.expect_problem(413, "body_too_large").done();
    nothing_was_opened_or_spent(app).await;
    client.post(PROOF, good).await.expect_status(200).done();
});

both_engines!(an_m1_of_another_length_is_refused_and_spends_nothing, async |app| {
    let person = app.registered("person@example.com").await;
    let good = person.proof_body(&person.begin_login().await);
    let (m1, client) = (good["M1"].as_str().unwrap(), app.anonymous());
    for wrong in [
        String::new(),
        "0".to_owned(),
        m1[..62].to_owned(),
        m1[..63].to_owned(),
        format!("{m1}0"),
        format!("{m1}00"),
        m1.repeat(2),
        m1.repeat(400),
        format!("+{}", &m1[1..]),
        format!(" {}", &m1[1..]),
        format!("0x{}", &m1[2..]),
        "z".repeat(64),
    ] {
        let answer = client.post(PROOF, with(&good, &[("M1", json!(wrong))])).await;
        let refused = answer.expect_problem(400, "invalid_request");
        assert_eq!(refused.member("/fields/0/name"), "M1", "{wrong:.20}");
    }
    nothing_was_opened_or_spent(app).await;
    client.post(PROOF, good).await.expect_status(200).done();
});

both_engines!(a_proof_for_an_s_that_is_easy_to_guess_is_rejected, unlimited(), async |app| {
    let person = app.registered("person@example.com").await;
    let client = app.anonymous();
    let n = GROUP.modulus();
    let honest = person.proof_body(&person.begin_login().await)["A"].as_str().unwrap().to_owned();
    let honest = tacit_shared::encoding::parse_hex_integer(&honest, GROUP.len()).unwrap();
    let mut guesses = Vec::new();
    for a in [honest, vec![1], predecessor(n), vec![2]] {
        // 0 and 1; what a power of −1 can come to; the two public values, for whoever mixes them up with `S`.
        let handshake = person.begin_login().await;
        let b = tacit_shared::encoding::parse_hex_integer(&handshake.server_public, GROUP.len()).unwrap();
        for s in [vec![], vec![1], predecessor(n), a.clone(), b] {
            for form in 0..4 {
                // A handshake is one guess, so each guess has its own; its `M1` is made for it.
                let handshake = person.begin_login().await;
                let m1 = proofs_for(GROUP, &handshake, &a, &s).swap_remove(form);
                let a = to_hex(&padded(GROUP, &a));
                guesses.push(json!({ "handshake": handshake.sealed, "A": a, "M1": m1 }));
            }
        }
    }
    let answers: Vec<_> = guesses
        .into_iter()
        .map(|guess| {
            let client = client.clone();
            tokio::spawn(async move { client.post(PROOF, guess).await })
        })
        .collect();
    for answer in answers {
        answer.await.unwrap().expect_problem(401, "proof_rejected").done();
    }
    assert_eq!(app.database.number("SELECT COUNT(*) FROM sessions").await, 0);
    person.log_in().await;
});

both_engines!(a_refused_proof_tells_nothing_that_a_guess_could_be_tested_with, async |app| {
    let person = app.registered("person@example.com").await.mistyping("not the password");
    let body = person.proof_body(&person.begin_login().await);
    let first = app.anonymous().post(PROOF, body).await.expect_problem(401, "proof_rejected");
    let second = person.prove(&person.begin_login().await).await.expect_problem(401, "proof_rejected");
    // Nothing in it depends on the handshake.
    assert_eq!(first.json(), second.json());
    let mut names: Vec<_> = first.json().as_object().unwrap().keys().cloned().collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "detail", "status", "title", "type"]);
});

fn with(body: &Value, members: &[(&str, Value)]) -> Value {
    let mut body = body.clone();
    for (name, value) in members {
        body[*name] = value.clone();
    }
    body
}
