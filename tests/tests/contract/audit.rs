//! The audit log.

use tacit_tests::{App, Setup, both_engines};

use super::support::{admin, cut_off, flood, hasty, user};
use super::{Row, conforms};

const LOGS: &str = "/v1/audit/logs";

contract! {
    list_audit_logs {
        200 an_administrator [Setup::new()] => |app| admin(app).await.client.get(LOGS).await;
        400 a_page_of_nothing [Setup::new()] => |app| admin(app).await.client.get("/v1/audit/logs?limit=0").await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().get(LOGS).await;
        403 somebody_who_is_no_administrator [Setup::new()] => |app| user(app).await.client.get(LOGS).await;
        429 a_flood [hasty()] => |app| {
            let admin = admin(app).await;
            flood(async || admin.client.get(LOGS).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let admin = admin(app).await;
            app.database.drop_table("audit_origins").await;
            admin.client.get(LOGS).await
        };
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let admin = admin(app).await;
            cut_off(app, admin.client.get(LOGS)).await
        };
    }
}
