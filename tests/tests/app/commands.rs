//! The command line: what an operator does beside the running server.

use serde_json::json;
use tacit_tests::{Process, both_engines};

both_engines!(an_administrator_is_invited_by_a_link_that_works_once, async |app| {
    let first = app.invite_admin("root@example.com").await;
    let person = app.stranger("root@example.com");
    let body = json!({ "token": first, "credential": person.credential.json() });
    let activate = "/api/auth/srp/sign-up/activate";
    app.anonymous().post(activate, body.clone()).await.expect_status(200).done();
    app.anonymous().post(activate, body).await.expect_problem(401, "activation_invalid").done();
    person.log_in().await;
    let again = app.try_command(&["admin", "create", "root@example.com"]).await;
    assert!(!again.status.success(), "an account that is active is not invited again");
});

both_engines!(an_account_is_shown_without_its_secrets, async |app| {
    let person = app.registered("person@example.com").await;
    person.log_in().await;
    let shown = app.command(&["user", "show", "person@example.com"]).await;
    assert!(shown.contains("person@example.com") && shown.contains("active"), "{shown}");
    for secret in person.credential.secrets() {
        assert!(!shown.contains(&secret));
    }
    let nobody = app.try_command(&["user", "show", "nobody@example.com"]).await;
    assert!(!nobody.status.success());
    assert!(!nobody.stderr.is_empty(), "a failure says why");
});

both_engines!(disabling_an_account_ends_its_sessions_at_once, async |app| {
    let user = app.user("person@example.com").await;
    let other = app.user("other@example.com").await;
    app.command(&["user", "disable", "person@example.com"]).await;
    user.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
    let refresh = json!({ "refresh_token": user.refresh_token() });
    app.anonymous().post("/v1/auth/refresh", refresh).await.expect_problem(401, "refresh_invalid").done();
    other.client.get("/v1/auth/me").await.expect_status(200).done();
});

both_engines!(sessions_are_revoked_and_the_account_stays, async |app| {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    app.command(&["user", "revoke-sessions", "person@example.com"]).await;
    user.client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated").done();
    person.log_in().await;
});

both_engines!(a_test_mail_goes_out, async |app| {
    app.command(&["mail", "test", "operator@example.com"]).await;
    assert_eq!(app.inbox("operator@example.com").await.len(), 1);
    let refused = app.try_command(&["mail", "test", "operator@gone.test"]).await;
    assert!(!refused.status.success(), "a refusal is told");
});

both_engines!(a_migrated_database_is_left_as_it_is, async |app| {
    app.command(&["migrate"]).await;
    app.user("person@example.com").await;
});

#[tokio::test]
async fn a_backup_is_a_whole_database() {
    tacit_tests::run(tacit_tests::Engine::Sqlite, tacit_tests::Setup::new(), async |app: &tacit_tests::App| {
        app.registered("person@example.com").await;
        let file = app.folder().join("backup.db");
        app.command(&["backup", file.to_str().unwrap()]).await;
        let mut variables = app.variables();
        variables.push(("TACIT_DATABASE__URL".to_owned(), format!("sqlite:{}", file.display())));
        let shown = Process::run(&["user", "show", "person@example.com"], &variables).await;
        assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
        let again = app.try_command(&["backup", file.to_str().unwrap()]).await;
        assert!(!again.status.success(), "a backup overwrites nothing");
    })
    .await;
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn check_names_every_wrong_setting_at_once_and_where_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tacit.toml");
    std::fs::write(&file, "public_url = \"not a url\"\nlisten = 8080\n[lifetimes]\nacess_token = \"5m\"\n").unwrap();
    let file = file.to_str().unwrap();
    let given = variables(&[("TACIT_MAIL__PORT", "many"), ("TACIT_DATABSE__URL", "sqlite:x.db")]);
    let output = Process::run(&["--config", file, "check"], &given).await;
    assert!(!output.status.success());
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    for expected in [
        "public_url",
        "listen",
        "lifetimes.acess_token",
        "lifetimes.access_token",
        "mail.port",
        "TACIT_MAIL__PORT",
        "TACIT_DATABSE__URL",
        "tacit.toml",
    ] {
        assert!(said.contains(expected), "{expected} is not in:\n{said}");
    }
}

#[tokio::test]
async fn check_is_content_with_a_good_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("tacit.db").display());
    let given = variables(&[
        ("TACIT_PUBLIC_URL", "https://login.example.com"),
        ("TACIT_REALM", "example.com"),
        ("TACIT_DATABASE__URL", &database),
        ("TACIT_MAIL__HOST", "mail.example.com"),
        ("TACIT_MAIL__FROM", "login@example.com"),
    ]);
    let output = Process::run(&["check"], &given).await;
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn on_postgres_a_server_without_a_master_key_does_not_start() {
    let app = tacit_tests::App::start(tacit_tests::Engine::Postgres, tacit_tests::Setup::new()).await;
    app.stop().await;
    let mut given = app.variables();
    given.retain(|(name, _)| name != "TACIT_MASTER_KEY__VALUE");
    let output = Process::run(&["serve"], &given).await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("master_key"), "{output:?}");
    app.finish().await;
}

both_engines!(another_master_key_or_realm_is_refused, async |app| {
    app.stop().await;
    for (name, value, word) in
        [("TACIT_MASTER_KEY__VALUE", "6b".repeat(32), "master key"), ("TACIT_REALM", "127.0.0.1".to_owned(), "realm")]
    {
        let mut given = app.variables();
        given.push((name.to_owned(), value));
        if name == "TACIT_REALM" {
            given.push(("TACIT_PUBLIC_URL".to_owned(), "http://127.0.0.1:8080".to_owned()));
        }
        let output = Process::run(&["serve"], &given).await;
        assert!(!output.status.success(), "{name}");
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(said.contains(word), "{name}: {said}");
    }
    app.start_again().await;
});

both_engines!(a_newer_schema_is_refused_with_a_clear_word, async |app| {
    app.stop().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (999999, 'from the future', TRUE, CHECKSUM, 1)";
    let checksum = if app.engine == tacit_tests::Engine::Sqlite { "x'00'" } else { "'\\x00'" };
    app.database.execute(&newer.replace("CHECKSUM", checksum)).await;
    let output = app.try_command(&["serve"]).await;
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("newer"), "{output:?}");
});
