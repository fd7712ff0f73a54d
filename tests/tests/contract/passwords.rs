//! Changes of a password, and what asks for it again.

use serde_json::{Value, json};
use tacit_shared::sealed::Purpose;
use tacit_tests::{Answer, App, NewCredential, Person, Setup, User, both_engines};

use super::support::{crowd_of, cut_off, flood, form_of, hasty, long, narrow, post, stepped_up, user};
use super::{Row, conforms};

const CHANGE: &str = "/api/auth/srp/password/change/initiate";
const CHANGE_CONFIRM: &str = "/api/auth/srp/password/change/confirm";
const STEP_UP: &str = "/api/auth/srp/step-up/initiate";
const STEP_UP_CONFIRM: &str = "/api/auth/srp/step-up/confirm";
const SET: &str = "/api/auth/srp/password/set";

contract! {
    begin_password_change {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post(CHANGE, json!({})).await;
        200 somebody_who_says_nothing [Setup::new()] => |app| user(app).await.client.post_nothing(CHANGE).await;
        400 an_unknown_purpose [Setup::new()] => |app| user(app).await.client.post(CHANGE, json!({ "purpose": "x" })).await;
        401 nobody_in_particular [Setup::new()] => |app| post(app, CHANGE, json!({})).await;
        409 no_password [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.execute("DELETE FROM credentials").await;
            user.client.post(CHANGE, json!({})).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, CHANGE).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(CHANGE, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, CHANGE).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post(CHANGE, json!({})).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.drop_table("credentials").await;
            user.client.post(CHANGE, json!({})).await
        };
        503 a_full_queue [narrow()] => |app| {
            let user = user(app).await;
            crowd_of(&user.client, CHANGE, vec![json!({}); 64]).await
        };
    }
    confirm_password_change {
        204 a_good_proof [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            user.change_password(&person, &NewCredential::of("a new password"), &json!({})).await
        };
        400 no_proof [Setup::new()] => |app| user(app).await.client.post(CHANGE_CONFIRM, json!({})).await;
        401 a_wrong_password [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            let mistyping = person.mistyping("not the password");
            user.change_password(&mistyping, &NewCredential::of("a new password"), &json!({})).await
        };
        403 too_many_wrong_passwords_for_good [Setup::new().with("limits.proof_lock", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            let (mistyping, new) = (person.mistyping("not the password"), NewCredential::of("a new password"));
            user.change_password(&mistyping, &new, &json!({})).await;
            user.change_password(&person, &new, &json!({})).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, CHANGE_CONFIRM).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(CHANGE_CONFIRM, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, CHANGE_CONFIRM).await;
        429 too_many_wrong_passwords [Setup::new().with("limits.proof_attempts", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            let (mistyping, new) = (person.mistyping("not the password"), NewCredential::of("a new password"));
            user.change_password(&mistyping, &new, &json!({})).await;
            user.change_password(&person, &new, &json!({})).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            app.database.drop_table("audit_heads").await;
            user.change_password(&person, &NewCredential::of("a new password"), &json!({})).await
        };
        503 a_full_queue [narrow().with("limits.proof_attempts", "1000")] => |app| {
            let (person, user) = person_and_user(app).await;
            let bodies = authorisations(&person, &user, Purpose::Change).await;
            crowd_of(&user.client, CHANGE_CONFIRM, bodies).await
        };
    }
    set_password {
        204 an_account_without_one [Setup::new()] => |app| without_password(app).await.client.post(SET, credential()).await;
        400 no_credential [Setup::new()] => |app| user(app).await.client.post(SET, json!({})).await;
        401 nobody_in_particular [Setup::new()] => |app| post(app, SET, credential()).await;
        403 no_step_up [Setup::new()] => |app| user(app).await.client.post(SET, credential()).await;
        409 a_password_that_is_there [Setup::new()] => |app| stepped_up(app).await.client.post(SET, credential()).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, SET).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(SET, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, SET).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post(SET, json!({})).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let user = without_password(app).await;
            app.database.drop_table("audit_heads").await;
            user.client.post(SET, credential()).await
        };
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = without_password(app).await;
            cut_off(app, user.client.post(SET, credential())).await
        };
    }
    begin_step_up {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(STEP_UP).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(STEP_UP).await;
        409 no_password [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.execute("DELETE FROM credentials").await;
            user.client.post_nothing(STEP_UP).await
        };
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(STEP_UP).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.drop_table("credentials").await;
            user.client.post_nothing(STEP_UP).await
        };
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(STEP_UP)).await
        };
    }
    confirm_step_up {
        200 a_good_proof [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person).await
        };
        400 no_proof [Setup::new()] => |app| user(app).await.client.post(STEP_UP_CONFIRM, json!({})).await;
        401 a_wrong_password [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person.mistyping("not the password")).await
        };
        403 too_many_wrong_passwords_for_good [Setup::new().with("limits.proof_lock", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person.mistyping("not the password")).await;
            user.step_up(&person).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, STEP_UP_CONFIRM).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(STEP_UP_CONFIRM, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, STEP_UP_CONFIRM).await;
        429 too_many_wrong_passwords [Setup::new().with("limits.proof_attempts", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person.mistyping("not the password")).await;
            user.step_up(&person).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            app.database.drop_table("audit_heads").await;
            user.step_up(&person).await
        };
        503 a_full_queue [narrow().with("limits.proof_attempts", "1000")] => |app| {
            let (person, user) = person_and_user(app).await;
            let bodies = authorisations(&person, &user, Purpose::StepUp).await;
            crowd_of(&user.client, STEP_UP_CONFIRM, bodies).await
        };
    }
}

/// A body that never ends, sent by somebody logged in.
async fn unfinished(app: &App, path: &str) -> Answer {
    user(app).await.client.post_unfinished(path).await
}

async fn person_and_user(app: &App) -> (Person, User) {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    (person, user)
}

/// Many good proofs for one purpose, none of them shown yet.
async fn authorisations(person: &Person, user: &User, purpose: Purpose) -> Vec<Value> {
    let mut bodies = Vec::new();
    for _ in 0..32 {
        let handshake = user.begin(purpose).await;
        bodies.push(user.authorisation(person, &handshake, purpose, b"").0);
    }
    bodies
}

/// Somebody logged in whose session the server can no longer look up.
fn credential() -> Value {
    json!({ "credential": NewCredential::of("a first password").json() })
}

/// Somebody who has stepped up and whose account has no password, as one that a provider made.
async fn without_password(app: &App) -> User {
    let user = stepped_up(app).await;
    app.database.execute("DELETE FROM credentials").await;
    user
}
