//! Logins.

use serde_json::{Value, json};
use tacit_tests::{Answer, App, Setup, both_engines};

use super::support::{address, crowd_of, form, long, narrow, post};
use super::{Row, conforms};

const LOGIN: &str = "/api/auth/srp/login/email";
const PROOF: &str = "/api/auth/srp/login/proof";

contract! {
    begin_login {
        200 any_address [Setup::new()] => |app| post(app, LOGIN, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, LOGIN, address("nobody")).await;
        401 an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, LOGIN, address("nobody@example.com")).await
        };
        403 a_pending_address_when_revealing [Setup::revealing()] => |app| {
            app.signed_up("person@example.com").await;
            post(app, LOGIN, address("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(LOGIN).await;
        413 a_long_body [Setup::new()] => |app| post(app, LOGIN, long()).await;
        415 a_form [Setup::new()] => |app| form(app, LOGIN).await;
        429 a_second_login_where_one_is_allowed [Setup::new().with("limits.client_logins", "1")] => |app| {
            post(app, LOGIN, address("nobody@example.com")).await;
            post(app, LOGIN, address("nobody@example.com")).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("credentials").await;
            post(app, LOGIN, address("nobody@example.com")).await
        };
        503 a_full_queue [narrow()] => |app| crowd(app, LOGIN, vec![address("nobody@example.com"); 64]).await;
    }
    prove_login {
        200 a_good_proof [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await;
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        400 no_proof [Setup::new()] => |app| post(app, PROOF, json!({ "handshake": "A" })).await;
        401 a_wrong_password [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await.mistyping("not the password");
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        403 an_account_not_activated [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await.with_ticket();
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(PROOF).await;
        413 a_long_body [Setup::new()] => |app| post(app, PROOF, long()).await;
        415 a_form [Setup::new()] => |app| form(app, PROOF).await;
        429 too_many_wrong_passwords [Setup::new().with("limits.proof_attempts", "1")] => |app| {
            let person = app.stranger("nobody@example.com");
            let (first, second) = (person.begin_login().await, person.begin_login().await);
            person.prove(&first).await;
            person.prove(&second).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await;
            let handshake = person.begin_login().await;
            app.database.drop_table("spent_handshakes").await;
            person.prove(&handshake).await
        };
        503 a_full_queue [narrow().with("limits.proof_attempts", "1000")] => |app| {
            let person = app.registered("person@example.com").await;
            let mut bodies = Vec::new();
            for _ in 0..32 {
                bodies.push(person.proof_body(&person.begin_login().await));
            }
            crowd(app, PROOF, bodies).await
        };
    }
}

/// Sends all at once; one that was turned away for lack of room.
async fn crowd(app: &App, path: &'static str, bodies: Vec<Value>) -> Answer {
    crowd_of(&app.anonymous(), path, bodies).await
}
