//! A start that cannot succeed: one clear line, an exit status, and nothing left behind.

use std::net::TcpListener;
use std::path::Path;

use tacit_tests::{App, Database, Engine, Port, Process, Setup, both_engines};

/// Runs `tacit serve` with these settings on top; it must fail, in one line that says these words.
async fn refused(variables: &[(String, String)], more: &[(&str, &str)], words: &[&str]) -> String {
    let mut variables = variables.to_vec();
    variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let output = Process::run(&["serve"], &variables).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{more:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
    said
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Settings for a database that does not exist yet, and what will tell whether something was made.
fn untouched(app: &App) -> Vec<(String, String)> {
    let mut variables = app.variables();
    if app.engine == Engine::Sqlite {
        let file = app.folder().join("new").join("tacit.db");
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        variables.push(("TACIT_DATABASE__URL".to_owned(), format!("sqlite:{}", file.display())));
    }
    variables
}

async fn assert_untouched(app: &App) {
    match app.engine {
        Engine::Sqlite => assert_eq!(names(&app.folder().join("new")), Vec::<String>::new()),
        Engine::Postgres => {
            let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
            assert_eq!(app.database.number(tables).await, 0);
        }
    }
}

both_engines!(an_address_that_cannot_be_had_leaves_nothing_behind, async |app| {
    app.stop().await;
    if app.engine == Engine::Postgres {
        app.database.execute("DROP SCHEMA public CASCADE").await;
        app.database.execute("CREATE SCHEMA public").await;
    }
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let variables = untouched(app);
    let in_use = "Address already in use";
    for (settings, words) in [
        (vec![("TACIT_LISTEN", taken.as_str())], ["listen", &taken, in_use]),
        (vec![("TACIT_METRICS__LISTEN", taken.as_str())], ["metrics.listen", &taken, in_use]),
        // Of the net for documentation: nobody's, and not ours.
        (vec![("TACIT_LISTEN", "192.0.2.1:8080")], ["listen", "192.0.2.1:8080", "assign requested address"]),
        (
            vec![("TACIT_METRICS__LISTEN", "192.0.2.1:9090")],
            ["metrics.listen", "192.0.2.1:9090", "assign requested address"],
        ),
    ] {
        refused(&variables, &settings, &words).await;
        assert_untouched(app).await;
    }
    // Two listeners of its own on one address.
    let port = Port::claim();
    let free = port.address();
    refused(
        &variables,
        &[("TACIT_LISTEN", &free), ("TACIT_METRICS__LISTEN", &free)],
        &["metrics.listen", &free, in_use],
    )
    .await;
    assert_untouched(app).await;
    app.start_again().await;
});

/// Every row of every table, in one text.
async fn rows(database: &Database) -> String {
    database.rows().await
}

/// A key that the file or the value gives and that is not the database's.
async fn with_wrong_key(app: &App, other: &str, words: &[&str]) {
    let before = rows(&app.database).await;
    assert!(before.contains("person@example.com"));
    let file = app.folder().join("other.key");
    std::fs::write(&file, other).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut without: Vec<(String, String)> = app.variables();
    without.retain(|(name, _)| name != "TACIT_MASTER_KEY__VALUE");
    for command in [
        &["serve"][..],
        &["keys", "rotate"],
        &["admin", "create", "root@example.com"],
        &["user", "show", "person@example.com"],
    ] {
        for (name, value) in [("TACIT_MASTER_KEY__VALUE", other), ("TACIT_MASTER_KEY__FILE", file.to_str().unwrap())] {
            let mut variables = without.clone();
            variables.push((name.to_owned(), value.to_owned()));
            let output = Process::run(command, &variables).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{command:?} {name}: {said}");
            for word in words {
                assert!(said.contains(word), "{command:?} {name}: {word} is not in: {said}");
            }
            assert!(!said.contains(other.trim()), "{said}");
            assert_eq!(rows(&app.database).await, before, "{command:?} {name} wrote something");
        }
    }
}

both_engines!(another_master_key_is_refused_by_every_command_and_nothing_is_written, async |app| {
    app.registered("person@example.com").await;
    app.stop().await;
    let other = "6b".repeat(32);
    with_wrong_key(app, &other, &["the database belongs to master key", "docs/operations.md"]).await;
    app.start_again().await;
});

both_engines!(with_another_master_key_the_schema_is_not_brought_up_to_date_either, async |app| {
    app.registered("person@example.com").await;
    app.stop().await;
    // As an older version left it: the newest migration has not been applied.
    app.database
        .execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)")
        .await;
    let before = rows(&app.database).await;
    let other = "6b".repeat(32);
    refused(&app.variables(), &[("TACIT_MASTER_KEY__VALUE", &other)], &["the database belongs to master key"]).await;
    assert_eq!(rows(&app.database).await, before);
});

#[tokio::test]
async fn a_master_key_file_that_is_no_key_makes_no_database() {
    tacit_tests::run(Engine::Sqlite, Setup::new(), async |app: &App| {
        app.stop().await;
        let mut variables = untouched(app);
        variables.retain(|(name, _)| name != "TACIT_MASTER_KEY__VALUE");
        let file = app.folder().join("other.key");
        let path = file.to_str().unwrap();
        refused(&variables, &[("TACIT_MASTER_KEY__FILE", path)], &["other.key", "cannot be read"]).await;
        assert_untouched(app).await;
        for (text, mode, word) in [
            ("", 0o600, "64 hex characters"),
            ("5a", 0o600, "64 hex characters"),
            ("not a key at all, and longer than sixty-four characters, by some", 0o600, "64 hex characters"),
            (&"5a".repeat(32), 0o644, "chmod 600"),
        ] {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            let said = refused(&variables, &[("TACIT_MASTER_KEY__FILE", path)], &["other.key", word]).await;
            assert!(text.len() < 3 || !said.contains(text), "{said}");
            assert_untouched(app).await;
        }
        app.start_again().await;
    })
    .await;
}
