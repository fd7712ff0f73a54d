//! A backup taken while people sign up and log in, restored elsewhere as docs/operations.md says.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tacit_tests::{App, Database, Engine, Person, Process, both_engines, succeed, tool};

use super::load::Load;
use super::people::People;

/// Backups under load, each restored.
const BACKUPS: usize = 2;

both_engines!(a_backup_taken_under_load_is_complete, async |app| {
    let known = app.registered("known@example.com").await;
    app.stop().await;
    let process = Process::serve(&app.variables()).await;
    let there = app.client_at(&process.base);
    let people = People::sign_up(&there, 2, app.post());
    let load = Load::of(std::slice::from_ref(&known), &there);

    let mut backups = Vec::new();
    for number in 0..BACKUPS {
        load.more(|seen| seen.users.len(), 20, Duration::from_secs(30)).await;
        load.more(|seen| seen.signed_up.len(), 5, Duration::from_secs(30)).await;
        let mut accounts = people.ledger.lock().unwrap().with_account();
        accounts.push(known.clone());
        let file = app.folder().join(format!("backup-{number}"));
        back_up(app, &file).await;
        backups.push((file, accounts));
    }
    let seen = load.end().await;
    assert!(seen.refused.is_empty() && seen.unanswered == 0, "a backup kept people waiting: {:?}", seen.slowest);
    people.end().await;
    process.stop().await;

    for (file, accounts) in backups {
        assert!(accounts.len() > 1, "nobody had an account yet");
        let restored = restore(app, &file).await;
        verify(app, &restored, &accounts).await;
    }
    app.start_again().await;
});

async fn back_up(app: &App, file: &Path) {
    let path = file.display().to_string();
    match app.engine {
        Engine::Sqlite => {
            app.command(&["backup", &path]).await;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        Engine::Postgres => {
            let refused = app.try_command(&["backup", &path]).await;
            let said = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success() && said.contains("pg_dump"), "{said}");
            let dump = std::fs::File::create(file).unwrap();
            let mut command = tool("pg_dump");
            command.args(["--format=custom", &app.database.url()]).stdout(Stdio::from(dump)).stderr(Stdio::piped());
            let done = command.spawn().unwrap().wait_with_output().await.unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    }
}

async fn restore(app: &App, file: &Path) -> Database {
    match &app.database {
        Database::Sqlite(_) => {
            let folder = file.with_extension("restored");
            std::fs::create_dir(&folder).unwrap();
            let fresh = folder.join("tacit.db");
            std::fs::copy(file, &fresh).unwrap();
            let fresh = Database::Sqlite(fresh);
            assert_eq!(fresh.texts("PRAGMA integrity_check").await, ["ok"]);
            assert_eq!(fresh.number("SELECT COUNT(*) FROM pragma_foreign_key_check").await, 0);
            fresh
        }
        Database::Postgres(cluster, _) => {
            let fresh = Database::create_in(cluster).await;
            let mut command = tool("pg_restore");
            command.args(["--clean", "--if-exists", "--exit-on-error", "--dbname", &fresh.url()]);
            succeed(command.stdin(Stdio::from(std::fs::File::open(file).unwrap()))).await;
            fresh
        }
    }
}

/// A server on the restored database knows everybody who had an account when the backup began.
async fn verify(app: &App, restored: &Database, accounts: &[Person]) {
    let mut variables = app.variables();
    variables.push(("TACIT_DATABASE__URL".to_owned(), restored.url()));
    let process = Process::serve(&variables).await;
    let there = app.client_at(&process.base);
    for person in accounts {
        let user = person.through(&there).log_in().await;
        user.client.get("/v1/auth/me").await.expect_status(200).done();
    }
    let nobodies = "SELECT COUNT(*) FROM accounts WHERE id NOT IN (SELECT account_id FROM credentials)";
    assert_eq!(restored.number(nobodies).await, 0, "an account without its credential");
    process.stop().await;
    restored.remove().await;
}
