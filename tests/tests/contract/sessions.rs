//! Sessions.

use tacit_tests::{App, Setup, both_engines};

use super::support::{cut_off, flood, hasty, user, without_sessions};
use super::{Row, conforms};

const LIST: &str = "/api/auth/sessions/list";
const VERIFY: &str = "/api/auth/sessions/verify";
const LOGOUT: &str = "/api/auth/sessions/logout";
const LOGOUT_ALL: &str = "/api/auth/sessions/logout-all";

contract! {
    list_sessions_srp {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.get(LIST).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().get(LIST).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.get(LIST).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.get(LIST).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.get(LIST)).await
        };
    }
    verify_session {
        204 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(VERIFY).await;
        401 a_session_that_ended [Setup::new()] => |app| {
            let user = user(app).await;
            user.client.post_nothing(LOGOUT).await;
            user.client.post_nothing(VERIFY).await
        };
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(VERIFY).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(VERIFY).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(VERIFY)).await
        };
    }
    logout {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(LOGOUT).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(LOGOUT).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(LOGOUT).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(LOGOUT).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(LOGOUT)).await
        };
    }
    logout_all {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(LOGOUT_ALL).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(LOGOUT_ALL).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(LOGOUT_ALL).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(LOGOUT_ALL).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(LOGOUT_ALL)).await
        };
    }
}
