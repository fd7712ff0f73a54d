//! Sign-ups with a credential that nobody should have: refused by name, and nothing is kept.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tacit_shared::encoding::to_hex;
use tacit_shared::preset;
use tacit_tests::{Answer, App, Client, NewCredential, both_engines};

use super::numbers::{doubled, predecessor, successor};

const SIGN_UP: &str = "/api/auth/srp/sign-up";

async fn sign_up(client: &Client, credential: &Value) -> Answer {
    client.post(SIGN_UP, json!({ "auth_id": "person@example.com", "credential": credential })).await
}

async fn refused(client: &Client, credential: &Value, member: &str, value: Value, codes: &[&str]) {
    let mut wrong = credential.clone();
    wrong[member] = value;
    let problem = sign_up(client, &wrong).await.expect_problem(400, "invalid_request");
    let what = format!("{member} = {:.60}", wrong[member].to_string());
    assert_eq!(problem.member("/fields/0/name"), format!("credential.{member}"), "{what}: {}", problem.text());
    assert!(codes.contains(&problem.string("/fields/0/code").as_str()), "{what}: {}", problem.text());
}

async fn nothing_was_kept(app: &App) {
    assert_eq!(app.database.number("SELECT COUNT(*) FROM pending_credentials").await, 0);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM outbox").await, 0);
}

both_engines!(a_verifier_that_anybody_could_prove_is_refused_in_every_group, async |app| {
    let (client, mut credential) = (app.anonymous(), NewCredential::of("a password").json());
    for preset in preset::ALL {
        let n = preset.group.modulus();
        let digits = 2 * preset.group.len();
        credential["preset"] = json!(preset.number);
        let outside = [vec![0], vec![1], predecessor(n), n.to_vec(), successor(n)];
        for value in outside {
            let hex = to_hex(&value);
            let whole = format!("{hex:0>digits$}");
            refused(
                &client,
                &credential,
                "verifier",
                json!(hex.trim_start_matches('0')),
                &["out_of_range", "too_short", "malformed"],
            )
            .await;
            refused(&client, &credential, "verifier", json!(whole), &["out_of_range"]).await;
        }
        for longer in [to_hex(&doubled(n)), format!("{}2", "0".repeat(digits)), "f".repeat(digits + 2)] {
            refused(&client, &credential, "verifier", json!(longer), &["too_long"]).await;
        }
        refused(&client, &credential, "verifier", json!("f".repeat(digits)), &["out_of_range"]).await;
    }
    for malformed in ["", "-5", "+5", " 5", "5 ", "0x5", "5_5", "5\0", "five", "٥"] {
        refused(&client, &credential, "verifier", json!(malformed), &["malformed", "too_short"]).await;
    }
    nothing_was_kept(app).await;
});

both_engines!(a_preset_that_is_not_in_the_table_is_refused, async |app| {
    let (client, credential) = (app.anonymous(), NewCredential::of("a password").json());
    for unknown in [json!(0), json!(4), json!(65_535)] {
        refused(&client, &credential, "preset", unknown, &["unknown_preset"]).await;
    }
    // Among them those that a careless conversion takes for 1.
    for wrapped in [json!(65_536), json!(65_537), json!(4_294_967_297_u64), json!(-65_535), json!(-1)] {
        refused(&client, &credential, "preset", wrapped, &["out_of_range"]).await;
    }
    for kind in [json!("1"), json!(1.5), json!(1.0), json!(1e3), json!(true), json!([1]), json!({ "id": 1 })] {
        refused(&client, &credential, "preset", kind, &["malformed", "out_of_range"]).await;
    }
    refused(&client, &credential, "preset", Value::Null, &["required"]).await;
    nothing_was_kept(app).await;
});

both_engines!(an_identity_or_salt_of_another_form_is_refused, async |app| {
    let (client, credential) = (app.anonymous(), NewCredential::of("a password").json());
    // Libraries that hash trimmed integers would compute something else with these.
    let trimmed =
        (0..100_000_u32).map(|number| format!("{number:032x}")).find(|text| Sha256::digest(text)[0] == 0).unwrap();
    refused(&client, &credential, "identity", json!(trimmed), &["out_of_range"]).await;
    refused(&client, &credential, "salt", json!(format!("00{}", "ab".repeat(31))), &["out_of_range"]).await;
    let identity = credential["identity"].as_str().unwrap();
    for wrong in [
        String::new(),
        identity[1..].to_owned(),
        format!("{identity}0"),
        format!("{}G", &identity[1..]),
        format!("{}A", &identity[1..]),
        format!(" {}", &identity[1..]),
        format!("{}\0", &identity[1..]),
        "person@example.com".to_owned(),
    ] {
        refused(&client, &credential, "identity", json!(wrong), &["malformed", "too_short", "too_long"]).await;
    }
    let salt = credential["salt"].as_str().unwrap();
    for wrong in [
        String::new(),
        salt[1..].to_owned(),
        salt[2..].to_owned(),
        format!("{salt}0"),
        format!("{salt}00"),
        format!("{}g", &salt[1..]),
        format!("+{}", &salt[1..]),
        format!(" {}", &salt[1..]),
    ] {
        refused(&client, &credential, "salt", json!(wrong), &["malformed", "too_short", "too_long"]).await;
    }
    nothing_was_kept(app).await;
    sign_up(&client, &credential).await.expect_status(201).done();
    app.settle().await;
});
