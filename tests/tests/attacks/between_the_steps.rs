//! What happens to an account between the two steps of a login, or in the middle of the second one, wins.

use sqlx::{AssertSqlSafe, Connection as _};
use sqlx_postgres::PgConnection;
use tacit_tests::{App, Engine, Setup, both_engines};

const PROOF: &str = "/api/auth/srp/login/proof";

async fn sessions(app: &App) -> i64 {
    app.database.number("SELECT COUNT(*) FROM sessions").await
}

fn account(email: &str) -> String {
    format!("(SELECT id FROM accounts WHERE email_key = '{email}')")
}

both_engines!(what_happens_to_an_account_between_the_steps_wins, async |app| {
    // A statement behind the server's back, and what the proof comes to.
    let happenings = [
        ("disabled", "UPDATE accounts SET status = 'disabled' WHERE id = OWNER", 403, "account_disabled"),
        ("invited", "UPDATE accounts SET status = 'invited' WHERE id = OWNER", 401, "proof_rejected"),
        ("bare", "DELETE FROM credentials WHERE account_id = OWNER", 401, "proof_rejected"),
        ("deleted", "DELETE FROM accounts WHERE id = OWNER", 401, "proof_rejected"),
    ];
    for (name, statement, status, code) in happenings {
        let email = format!("{name}@example.com");
        let person = app.registered(&email).await;
        let (handshake, other) = (person.begin_login().await, person.begin_login().await);
        app.database.execute(&statement.replace("OWNER", &account(&email))).await;
        person.prove(&handshake).await.expect_problem(status, code).done();
        // It was looked at, so it is spent; and whatever happened, a wrong password learns nothing of it.
        person.prove(&handshake).await.expect_problem(401, "handshake_spent").done();
        person.mistyping("wrong").prove(&other).await.expect_problem(401, "proof_rejected").done();
    }
    assert_eq!(sessions(app).await, 0);
});

both_engines!(a_login_survives_another_address_and_sees_another_role, async |app| {
    let person = app.registered("old@example.com").await;
    let handshake = person.begin_login().await;
    app.database.execute("UPDATE accounts SET email = 'new@example.com', email_key = 'new@example.com'").await;
    app.database.execute("UPDATE accounts SET role = 'admin'").await;
    let answer = person.prove(&handshake).await.expect_status(200);
    let me = app.anonymous().bearer(&answer.string("/tokens/access_token")).get("/v1/auth/me").await.expect_status(200);
    assert_eq!((me.string("/user/email"), me.string("/user/role")), ("new@example.com".into(), "admin".into()));
});

/// Holds the account while the proof is being looked at; the server waits for it before it opens the session.
#[tokio::test]
async fn what_happens_to_an_account_while_its_proof_is_looked_at_wins() {
    const WAITING: &str =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        let happenings = [
            ("disabled", "UPDATE accounts SET status = 'disabled' WHERE id = OWNER", 403, "account_disabled"),
            ("replaced", "UPDATE credentials SET version = 2 WHERE account_id = OWNER", 401, "proof_rejected"),
            ("bare", "DELETE FROM credentials WHERE account_id = OWNER", 401, "proof_rejected"),
            ("deleted", "DELETE FROM accounts WHERE id = OWNER", 401, "proof_rejected"),
        ];
        for (name, statement, status, code) in happenings {
            let email = format!("{name}@example.com");
            let person = app.registered(&email).await;
            let body = person.proof_body(&person.begin_login().await);
            let mut holder = PgConnection::connect(&app.database.url()).await.unwrap();
            let mut held = holder.begin().await.unwrap();
            let lock = format!("SELECT 1 FROM accounts WHERE email_key = '{email}' FOR UPDATE");
            sqlx::query(AssertSqlSafe(lock)).execute(&mut *held).await.unwrap();
            let client = app.anonymous();
            let proof = tokio::spawn(async move { client.post(PROOF, body).await });
            app.until(WAITING, 1).await;
            let statement = statement.replace("OWNER", &account(&email));
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *held).await.unwrap();
            held.commit().await.unwrap();
            holder.close().await.unwrap();
            proof.await.unwrap().expect_problem(status, code).done();
        }
        assert_eq!(sessions(app).await, 0);
    })
    .await;
}
