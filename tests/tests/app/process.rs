//! The server as a process: what it weighs and what it writes.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};
use tacit_tests::{Port, Process, Setup, both_engines};

const MEGABYTE: u64 = 1_000_000;

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn report(what: &str, bytes: u64) {
    println!("{what}: {}.{} MB", bytes / MEGABYTE, bytes % MEGABYTE / 100_000);
}

both_engines!(an_idle_server_needs_less_than_sixty_megabytes, async |app| {
    app.stop().await;
    let process = Process::serve(&app.variables()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let memory = process.memory();
    process.stop().await;
    report(&format!("{:?}: idle", app.engine), memory);
    assert!(memory < 60 * MEGABYTE, "{memory} bytes");
    app.start_again().await;
});

both_engines!(
    a_log_holds_no_secret,
    Setup::new().with("log.filter", "trace").with("log.format", "json"),
    async |app| {
        app.stop().await;
        let process = Process::serve(&app.variables()).await;
        let there = app.client_at(&process.base);

        let mut person = app.stranger("person@example.com").through(&there);
        person.sign_up().await.expect_status(201).done();
        let mail = app.mail_to("person@example.com").await;
        let activate = json!({ "token": mail.link_secret() });
        there.post("/api/auth/srp/sign-up/activate", activate).await.expect_status(200).done();
        let handshake = person.begin_login().await;
        let proof = person.proof_body(&handshake);
        there.post("/api/auth/srp/login/proof", proof.clone()).await.expect_status(200).done();
        let mistyped = person.mistyping("a password typed wrongly");
        let second = mistyped.begin_login().await;
        mistyped.prove(&second).await.expect_problem(401, "proof_rejected").done();
        let user = person.log_in().await;
        let refresh = json!({ "refresh_token": user.refresh_token() });
        let tokens = there.post("/v1/auth/refresh", refresh).await.expect_status(200);
        let log = process.stop().await.join("\n");

        let mut secrets = person.credential.secrets();
        secrets.extend(mistyped.credential.secrets());
        secrets.extend([person.password.clone(), mistyped.password.clone()]);
        secrets.extend([person.ticket.clone().unwrap(), mail.link_secret(), mail.code(), mail.code().replace('-', "")]);
        secrets.extend([handshake.sealed, second.sealed, handshake.server_public]);
        secrets.extend(["A", "M1"].map(|name| proof[name].as_str().unwrap().to_owned()));
        secrets.extend(["/M2", "/confirm"].map(|name| user.answer.string(name)));
        secrets.extend([user.access_token.clone(), user.refresh_token().to_owned()]);
        secrets.extend(["/tokens/access_token", "/tokens/refresh_token"].map(|name| tokens.string(name)));
        secrets.extend(
            app.variables().into_iter().filter(|(name, _)| name.contains("MASTER_KEY")).map(|(_, value)| value),
        );
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(&secret));
            assert!(line.is_none(), "the log holds {secret}: {line:?}");
        }
        app.start_again().await;
    }
);

both_engines!(
    each_request_is_one_line_with_its_operation_and_id,
    Setup::new().with("log.filter", "info").with("log.format", "json"),
    async |app| {
        app.stop().await;
        let process = Process::serve(&app.variables()).await;
        let there = app.client_at(&process.base);
        let id = there.get("/v1/auth/settings").await.expect_status(200).header("x-request-id");
        let log = process.stop().await;
        let lines: Vec<&String> = log.iter().filter(|line| line.contains(&id)).collect();
        assert_eq!(lines.len(), 1, "{log:#?}");
        assert!(lines[0].contains("get_settings"), "{}", lines[0]);
        let parsed: Value = serde_json::from_str(lines[0]).unwrap();
        assert!(parsed.is_object());
        app.start_again().await;
    }
);

#[tokio::test]
async fn on_sqlite_the_master_key_is_made_at_first_start_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (smtp_host, smtp_port) = ("127.0.0.1", "25");
    let given: Vec<(String, String)> = [
        ("TACIT_PUBLIC_URL", "http://localhost:8080"),
        ("TACIT_REALM", "localhost"),
        ("TACIT_DATABASE__URL", &format!("sqlite:{}", folder.path().join("tacit.db").display())),
        ("TACIT_MAIL__HOST", smtp_host),
        ("TACIT_MAIL__PORT", smtp_port),
        ("TACIT_MAIL__SECURITY", "none"),
        ("TACIT_MAIL__FROM", "tacit@example.com"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    Process::serve(&given).await.stop().await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect();
    let key = files.iter().find(|file| file.file_name().to_string_lossy().contains("key")).expect("a key file");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // It is found again.
    Process::serve(&given).await.stop().await;
}

both_engines!(the_database_holds_no_secret_in_clear, async |app| {
    let person = app.registered("person@example.com").await;
    let mail = app.mail_to("person@example.com").await;
    let user = person.log_in().await;
    let pending = app.signed_up("pending@example.com").await;
    let second = app.mail_to("pending@example.com").await;
    let mut secrets = person.credential.secrets();
    secrets.extend(pending.credential.secrets());
    secrets.extend([person.password.clone(), user.refresh_token().to_owned(), user.access_token.clone()]);
    secrets.extend([person.ticket.clone().unwrap(), pending.ticket.clone().unwrap()]);
    secrets.extend([mail.link_secret(), mail.code(), second.link_secret(), second.code()]);
    let dump = app.database.dump().await;
    assert!(dump.windows(18).any(|window| window == b"person@example.com"), "the dump is of this database");
    for secret in secrets {
        let found = dump.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
        assert!(!found, "the database holds {secret}");
        if let Ok(bytes) = hex_bytes(&secret) {
            assert!(!dump.windows(bytes.len()).any(|window| window == bytes), "the database holds {secret} raw");
        }
    }
});

fn hex_bytes(text: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or("?"), 16)).collect()
}

#[test]
fn a_port_that_one_test_has_is_no_other_tests() {
    // So many draws of 12,000 meet almost certainly, where nothing keeps them apart.
    let ports: Vec<Port> = (0..400).map(|_| Port::claim()).collect();
    let numbers: BTreeSet<u16> = ports.iter().map(Port::number).collect();
    assert_eq!(numbers.len(), ports.len());
}
