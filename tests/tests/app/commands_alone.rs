//! What a command of the binary needs, and what it does without: settings it has no use for, the write lock, a database to make.

use std::path::Path;

use tacit_tests::{App, Engine, Process, Setup, both_engines};

type Variables = Vec<(String, String)>;

fn with(mut variables: Variables, more: &[(&str, &str)]) -> Variables {
    variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    variables
}

/// Runs a command to its end: its status, and all it said.
async fn run(arguments: &[&str], variables: &Variables) -> (i32, String) {
    let output = Process::run(arguments, variables).await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
}

async fn on_sqlite(sentence: impl AsyncFnOnce(&App)) {
    tacit_tests::run(Engine::Sqlite, Setup::new(), sentence).await;
}

both_engines!(a_command_that_sends_no_mail_needs_nothing_that_mails_are_sent_with, async |app| {
    app.registered("person@example.com").await;
    // As in the file that all share: what is kept apart, the mail account's password and the providers' keys, is not here.
    let shared = with(
        app.variables(),
        &[
            ("TACIT_MAIL__USERNAME", "tacit"),
            ("TACIT_MAIL__CA_FILE", "/nonexistent/ca.pem"),
            ("TACIT_MAIL__TEMPLATES", "/nonexistent"),
            ("TACIT_PROVIDERS__OWN__ISSUER", "https://id.example.com"),
            ("TACIT_PROVIDERS__OWN__CLIENT_ID", "tacit"),
            ("TACIT_PROVIDERS__OWN__PRIVATE_KEY_FILE", "/nonexistent/client.pem"),
        ],
    );
    for command in [
        &["migrate"][..],
        &["admin", "create", "root@example.com"],
        &["user", "show", "person@example.com"],
        &["user", "unlock", "person@example.com"],
        &["audit", "verify"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["mail", "given-up"],
    ] {
        let (status, said) = run(command, &shared).await;
        assert_eq!(status, 0, "{command:?}: {said}");
    }
    if app.engine == Engine::Sqlite {
        let copy = app.folder().join("copy.db");
        let (status, said) = run(&["backup", copy.to_str().unwrap()], &shared).await;
        assert_eq!(status, 0, "{said}");
    }
    for command in [&["check"][..], &["serve"], &["mail", "test", "operator@example.com"]] {
        let (status, said) = run(command, &shared).await;
        assert_eq!(status, 2, "{command:?}: {said}");
        for key in ["mail.username", "mail.ca_file", "mail.templates"] {
            assert!(said.contains(key), "{command:?}: {key} is not in {said}");
        }
        let all = command != ["mail", "test", "operator@example.com"];
        assert_eq!(said.contains("providers.own.private_key_file"), all, "{command:?}: {said}");
    }
});

both_engines!(a_key_that_nobody_knows_stops_every_command, async |app| {
    let wrong = with(app.variables(), &[("TACIT_MAIL__PASWORD", "x")]);
    for command in [&["keys", "list"][..], &["backup", "copy.db"], &["check"]] {
        let (status, said) = run(command, &wrong).await;
        assert!(status == 2 && said.contains("mail.pasword: unknown key"), "{command:?}: {said}");
    }
});

both_engines!(a_value_that_is_wrong_stops_every_command, async |app| {
    let wrong = with(app.variables(), &[("TACIT_MAIL__FROM", "nonsense")]);
    for command in [&["keys", "list"][..], &["admin", "create", "root@example.com"], &["check"]] {
        let (status, said) = run(command, &wrong).await;
        assert!(status == 2 && said.contains("mail.from"), "{command:?}: {said}");
    }
});

#[tokio::test]
async fn a_command_for_what_is_there_makes_no_database_and_says_where_none_is() {
    on_sqlite(async |app: &App| {
        let folder = app.folder().join("elsewhere");
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("tacit.db");
        let url = format!("sqlite:{}", file.display());
        let mut variables = with(app.variables(), &[("TACIT_DATABASE__URL", &url)]);
        variables.retain(|(name, _)| name != "TACIT_MASTER_KEY__VALUE");
        let copy = folder.join("copy.db").display().to_string();
        for command in [
            &["admin", "create", "root@example.com"][..],
            &["user", "show", "person@example.com"],
            &["user", "disable", "person@example.com"],
            &["user", "revoke-sessions", "person@example.com"],
            &["user", "unlock", "person@example.com"],
            &["audit", "verify"],
            &["keys", "list"],
            &["keys", "rotate"],
            &["keys", "withdraw", "--all"],
            &["mail", "given-up"],
            &["backup", &copy],
        ] {
            let (status, said) = run(command, &variables).await;
            assert_eq!((status, said.lines().count()), (1, 1), "{command:?}: {said}");
            assert!(said.contains(&*file.to_string_lossy()), "{command:?}: {said}");
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{command:?} made something");
        }
    })
    .await;
}

both_engines!(a_database_that_was_never_served_is_not_set_up_by_whoever_reads, async |app| {
    app.stop().await;
    match app.engine {
        Engine::Sqlite => {
            for file in ["tacit.db", "tacit.db-wal", "tacit.db-shm"] {
                std::fs::remove_file(app.folder().join(file)).ok();
            }
        }
        Engine::Postgres => {
            app.database.execute("DROP SCHEMA public CASCADE").await;
            app.database.execute("CREATE SCHEMA public").await;
        }
    }
    app.command(&["migrate"]).await;
    let before = app.database.rows().await;
    for command in [&["keys", "list"][..], &["audit", "verify"], &["user", "show", "person@example.com"]] {
        let (status, said) = run(command, &app.variables()).await;
        assert!(status == 1 && said.contains("tacit serve"), "{command:?}: {said}");
    }
    assert_eq!(app.database.rows().await, before);
    app.start_again().await;
});

/// Every command that only reads does so, and does not wait.
async fn all_read(variables: &Variables) {
    for command in
        [&["keys", "list"][..], &["user", "show", "person@example.com"], &["audit", "verify"], &["mail", "given-up"]]
    {
        let (status, said) = run(command, variables).await;
        assert_eq!(status, 0, "{command:?}: {said}");
    }
}

#[tokio::test]
async fn what_only_reads_waits_for_no_writer() {
    on_sqlite(async |app: &App| {
        app.registered("person@example.com").await;
        let writer = app.database.hold("accounts").await;
        all_read(&app.variables()).await;
        let copy = app.folder().join("copy.db");
        app.command(&["backup", copy.to_str().unwrap()]).await;
        writer.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_only_reads_works_where_nothing_can_be_written() {
    tacit_tests::run(Engine::Postgres, Setup::new(), async |app: &App| {
        app.registered("person@example.com").await;
        // As on a standby.
        let standby = format!("{}&options[default_transaction_read_only]=on", app.database.url());
        let variables = with(app.variables(), &[("TACIT_DATABASE__URL", &standby)]);
        all_read(&variables).await;
        let (status, said) = run(&["keys", "rotate"], &variables).await;
        assert!(status == 1 && said.contains("read-only"), "{said}");
    })
    .await;
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    names.sort();
    names
}

#[tokio::test]
async fn an_address_names_one_file_and_what_is_beside_it() {
    on_sqlite(async |app: &App| {
        let folder = app.folder().join("100% here?");
        std::fs::create_dir(&folder).unwrap();
        let address = app.folder().join("100%25%20here%3F/a%20b%25c%3Fd#e.db");
        let url = format!("sqlite:{}", address.display());
        let mut variables = with(app.variables(), &[("TACIT_DATABASE__URL", &url)]);
        variables.retain(|(name, _)| name != "TACIT_MASTER_KEY__VALUE");
        Process::serve(&variables).await.stop().await;
        assert_eq!(names(&folder), ["a b%c?d#e.db", "a b%c?d#e.key"]);
        let (status, said) = run(&["admin", "create", "root@example.com"], &variables).await;
        assert_eq!(status, 0, "{said}");

        // A copy is named as a file, with nothing of an address.
        let copy = folder.join("a%20copy?#.db");
        let (status, said) = run(&["backup", copy.to_str().unwrap()], &variables).await;
        assert_eq!(status, 0, "{said}");
        assert_eq!(names(&folder), ["a b%c?d#e.db", "a b%c?d#e.key", "a%20copy?#.db"]);
        assert_eq!(names(app.folder()), ["100% here?", "tacit.db"]);
    })
    .await;
}
