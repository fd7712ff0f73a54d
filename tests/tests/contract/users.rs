//! The account, and its address.

use reqwest::Method;
use serde_json::json;
use tacit_tests::{App, Setup, both_engines};

use super::support::{cut_off, flood, form, hasty, long, post, stepped_up, user, without_sessions};
use super::{Row, conforms};

const USERS: &str = "/api/auth/users/";
const EXPORT: &str = "/api/auth/users/export";
const CONFIRM_EMAIL: &str = "/api/auth/users/email/confirm";
const UNDO_EMAIL: &str = "/api/auth/users/email/undo";

contract! {
    update_account {
        205 another_address [Setup::new()] => |app| {
            stepped_up(app).await.client.put(USERS, json!({ "email": "new@example.com" })).await
        };
        400 what_is_no_language [Setup::new()] => |app| {
            user(app).await.client.put(USERS, json!({ "language": "no tag" })).await
        };
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().put(USERS, json!({})).await;
        403 another_address_without_a_step_up [Setup::new()] => |app| {
            user(app).await.client.put(USERS, json!({ "email": "new@example.com" })).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| {
            user(app).await.client.send_unfinished(&Method::PUT, USERS).await
        };
        413 a_long_body [Setup::new()] => |app| user(app).await.client.put(USERS, long()).await;
        415 a_form [Setup::new()] => |app| {
            let client = user(app).await.client.with("content-type", "application/x-www-form-urlencoded");
            client.send(Method::PUT, USERS, Some(b"language=de".to_vec())).await
        };
        429 a_second_address_where_one_is_allowed [Setup::new().with("limits.client_mails", "1")] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "first@example.com" })).await;
            user.client.put(USERS, json!({ "email": "second@example.com" })).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            without_sessions(app).await.put(USERS, json!({ "language": "de" })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.put(USERS, json!({ "language": "de" }))).await
        };
    }
    delete_account {
        204 somebody_who_stepped_up [Setup::new()] => |app| stepped_up(app).await.client.delete(USERS).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().delete(USERS).await;
        403 without_a_step_up [Setup::new()] => |app| user(app).await.client.delete(USERS).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.delete(USERS).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.delete(USERS).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            app.settle().await;
            cut_off(app, user.client.delete(USERS)).await
        };
    }
    export_account {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.get(EXPORT).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().get(EXPORT).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.get(EXPORT).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.get(EXPORT).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.get(EXPORT)).await
        };
    }
    confirm_email_change {
        200 the_link_to_the_new_address [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            post(app, CONFIRM_EMAIL, json!({ "token": link })).await
        };
        400 no_link [Setup::new()] => |app| post(app, CONFIRM_EMAIL, json!({})).await;
        401 a_link_nobody_sent [Setup::new()] => |app| post(app, CONFIRM_EMAIL, json!({ "token": "A".repeat(43) })).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(CONFIRM_EMAIL).await;
        413 a_long_body [Setup::new()] => |app| post(app, CONFIRM_EMAIL, long()).await;
        415 a_form [Setup::new()] => |app| form(app, CONFIRM_EMAIL).await;
        429 a_flood [hasty()] => |app| {
            flood(async || post(app, CONFIRM_EMAIL, json!({ "token": "A".repeat(43) })).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("email_changes").await;
            post(app, CONFIRM_EMAIL, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            app.settle().await;
            cut_off(app, post(app, CONFIRM_EMAIL, json!({ "token": link }))).await
        };
    }
    undo_email_change {
        200 the_link_to_the_old_address [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            post(app, CONFIRM_EMAIL, json!({ "token": link })).await;
            post(app, UNDO_EMAIL, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        400 no_link [Setup::new()] => |app| post(app, UNDO_EMAIL, json!({})).await;
        401 a_link_nobody_sent [Setup::new()] => |app| post(app, UNDO_EMAIL, json!({ "token": "A".repeat(43) })).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(UNDO_EMAIL).await;
        413 a_long_body [Setup::new()] => |app| post(app, UNDO_EMAIL, long()).await;
        415 a_form [Setup::new()] => |app| form(app, UNDO_EMAIL).await;
        429 a_flood [hasty()] => |app| {
            flood(async || post(app, UNDO_EMAIL, json!({ "token": "A".repeat(43) })).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("email_changes").await;
            post(app, UNDO_EMAIL, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            post(app, CONFIRM_EMAIL, json!({ "token": link })).await;
            let link = app.mail_to("person@example.com").await.link_secret();
            app.settle().await;
            cut_off(app, post(app, UNDO_EMAIL, json!({ "token": link }))).await
        };
    }
}
