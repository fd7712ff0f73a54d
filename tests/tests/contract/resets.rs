//! A forgotten password.

use serde_json::{Value, json};
use tacit_tests::{App, NewCredential, Setup, both_engines};

use super::support::{address, cut_off, form, long, post};
use super::{Row, conforms};

const RESET: &str = "/api/auth/srp/password/reset";
const VALIDATE: &str = "/api/auth/srp/password/reset/validate";
const COMPLETE: &str = "/api/auth/srp/password/reset/complete";

contract! {
    request_password_reset {
        200 any_address [Setup::new()] => |app| post(app, RESET, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, RESET, address("nobody")).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(RESET).await;
        413 a_long_body [Setup::new()] => |app| post(app, RESET, long()).await;
        415 a_form [Setup::new()] => |app| form(app, RESET).await;
        429 a_second_request_within_a_minute [Setup::new()] => |app| {
            post(app, RESET, address("nobody@example.com")).await;
            post(app, RESET, address("nobody@example.com")).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("outbox").await;
            app.leaves_jobs();
            post(app, RESET, address("nobody@example.com")).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, RESET, address("nobody@example.com"))).await
        };
    }
    validate_password_reset {
        200 a_mailed_link [Setup::new()] => |app| post(app, VALIDATE, reset_secret(app).await).await;
        400 neither_link_nor_code [Setup::new()] => |app| post(app, VALIDATE, json!({})).await;
        401 a_wrong_code [Setup::new()] => |app| post(app, VALIDATE, wrong_code()).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(VALIDATE).await;
        413 a_long_body [Setup::new()] => |app| post(app, VALIDATE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, VALIDATE).await;
        429 a_second_wrong_code_where_one_is_allowed [Setup::new().with("limits.code_attempts", "1")] => |app| {
            post(app, VALIDATE, wrong_code()).await;
            post(app, VALIDATE, wrong_code()).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("password_resets").await;
            post(app, VALIDATE, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| cut_off(app, post(app, VALIDATE, wrong_code())).await;
    }
    complete_password_reset {
        200 a_mailed_link [Setup::new()] => |app| post(app, COMPLETE, with_credential(reset_secret(app).await)).await;
        400 a_wrong_code [Setup::new()] => |app| post(app, COMPLETE, with_credential(wrong_code())).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(COMPLETE).await;
        413 a_long_body [Setup::new()] => |app| post(app, COMPLETE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, COMPLETE).await;
        429 a_second_wrong_code_where_one_is_allowed [Setup::new().with("limits.code_attempts", "1")] => |app| {
            post(app, COMPLETE, with_credential(wrong_code())).await;
            post(app, COMPLETE, with_credential(wrong_code())).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("password_resets").await;
            post(app, COMPLETE, with_credential(json!({ "token": "A".repeat(43) }))).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, COMPLETE, with_credential(wrong_code()))).await
        };
    }
}

/// The secret of a reset that was mailed.
async fn reset_secret(app: &App) -> Value {
    app.registered("person@example.com").await;
    post(app, RESET, address("person@example.com")).await.expect_status(200).done();
    json!({ "token": app.mail_to("person@example.com").await.link_secret() })
}

fn wrong_code() -> Value {
    json!({ "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" })
}

fn with_credential(mut secret: Value) -> Value {
    secret["credential"] = NewCredential::of("a password").json();
    secret
}
