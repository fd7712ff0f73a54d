//! Sign-ups and their activation.

use serde_json::{Value, json};
use tacit_tests::{App, NewCredential, Setup, both_engines};

use super::support::{address, cut_off, flood, form, hasty, long, post};
use super::{Row, conforms};

const CHECK: &str = "/api/auth/srp/sign-up/check";
const SIGN_UP: &str = "/api/auth/srp/sign-up";
const VERIFICATION: &str = "/api/auth/srp/sign-up/verification";
const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";

contract! {
    check_sign_up {
        200 any_address [Setup::new()] => |app| post(app, CHECK, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, CHECK, address("nobody")).await;
        409 a_taken_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, CHECK, address("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(CHECK).await;
        413 a_long_body [Setup::new()] => |app| post(app, CHECK, long()).await;
        415 a_form [Setup::new()] => |app| form(app, CHECK).await;
        429 a_flood [hasty()] => |app| flood(async || post(app, CHECK, address("nobody@example.com")).await).await;
        500 a_dropped_table_when_revealing [Setup::revealing()] => |app| {
            app.database.drop_table("accounts").await;
            post(app, CHECK, address("nobody@example.com")).await
        };
        503 a_database_out_of_reach_when_revealing [Setup::revealing()] on Postgres => |app| {
            cut_off(app, post(app, CHECK, address("nobody@example.com"))).await
        };
    }
    sign_up {
        201 a_new_address [Setup::new()] => |app| post(app, SIGN_UP, sign_up_body("person@example.com")).await;
        400 no_credential [Setup::new()] => |app| post(app, SIGN_UP, address("person@example.com")).await;
        403 a_closed_server [Setup::new().with("registration_enabled", "false")] => |app| {
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        409 a_taken_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(SIGN_UP).await;
        413 a_long_body [Setup::new()] => |app| post(app, SIGN_UP, long()).await;
        415 a_form [Setup::new()] => |app| form(app, SIGN_UP).await;
        429 a_second_sign_up_where_one_is_allowed [Setup::new().with("limits.client_sign_ups", "1")] => |app| {
            post(app, SIGN_UP, sign_up_body("first@example.com")).await;
            post(app, SIGN_UP, sign_up_body("second@example.com")).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("pending_credentials").await;
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, SIGN_UP, sign_up_body("person@example.com"))).await
        };
    }
    resend_activation {
        200 any_address [Setup::new()] => |app| post(app, VERIFICATION, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, VERIFICATION, address("")).await;
        404 an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, VERIFICATION, address("nobody@example.com")).await
        };
        409 an_activated_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, VERIFICATION, address("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(VERIFICATION).await;
        413 a_long_body [Setup::new()] => |app| post(app, VERIFICATION, long()).await;
        415 a_form [Setup::new()] => |app| form(app, VERIFICATION).await;
        429 a_mail_sent_a_moment_ago [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            post(app, VERIFICATION, json!({ "auth_id": person.email, "ticket": person.ticket })).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            app.database.drop_table("pending_credentials").await;
            post(app, VERIFICATION, json!({ "auth_id": person.email, "ticket": person.ticket })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            app.settle().await;
            let body = json!({ "auth_id": person.email, "ticket": person.ticket });
            cut_off(app, post(app, VERIFICATION, body)).await
        };
    }
    activate {
        200 the_link_of_the_mail [Setup::new()] => |app| {
            app.signed_up("person@example.com").await;
            post(app, ACTIVATE, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        400 neither_link_nor_code [Setup::new()] => |app| post(app, ACTIVATE, json!({})).await;
        401 a_link_that_was_used [Setup::new()] => |app| {
            app.registered("person@example.com").await;
            post(app, ACTIVATE, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        404 a_code_for_an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, ACTIVATE, json!({ "auth_id": "nobody@example.com", "code": "ZZZZZ-ZZZZZ" })).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(ACTIVATE).await;
        413 a_long_body [Setup::new()] => |app| post(app, ACTIVATE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, ACTIVATE).await;
        429 too_many_wrong_codes [Setup::new().with("limits.code_attempts", "1")] => |app| {
            let body = json!({ "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" });
            post(app, ACTIVATE, body.clone()).await;
            post(app, ACTIVATE, body).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("pending_credentials").await;
            post(app, ACTIVATE, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            // A true one: what nobody sent is turned away without the writer.
            app.signed_up("person@example.com").await;
            let link = app.mail_to("person@example.com").await.link_secret();
            app.settle().await;
            cut_off(app, post(app, ACTIVATE, json!({ "token": link }))).await
        };
    }
}

fn sign_up_body(auth_id: &str) -> Value {
    json!({ "auth_id": auth_id, "credential": NewCredential::of("a password").json() })
}
