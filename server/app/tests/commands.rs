//! The binary as an operator runs it: real processes, real files

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// `tacit` in a folder of its own, with nothing of this process's environment.
struct Operator {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Operator {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.push((variable, value.to_owned()));
        self
    }

    /// With a database.
    fn migrated(self) -> Self {
        self.run(&["migrate"]).good();
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tacit"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
        command
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        Answer::of(&self.command(arguments).output().unwrap())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

struct Answer {
    status: i32,
    out: String,
    err: String,
}

impl Answer {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { status: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.status, 0, "{}", self.err);
        self.out
    }

    /// Failed with this status and one line that says why.
    #[track_caller]
    fn failed(self, status: i32, reason: &str) {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        assert!(self.err.contains(reason), "{reason} in {}", self.err);
        assert_eq!(self.err.trim_end().lines().count(), 1, "{}", self.err);
    }
}

/// A running `tacit serve` on a free port, killed when dropped.
struct Server {
    child: Child,
    address: String,
    first: serde_json::Value,
}

impl Server {
    fn start(operator: &Operator, arguments: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = operator.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.find(|line| line.contains("tacit is serving")).expect("a line that says it serves");
        // Read on, or the server would wait for somebody to.
        std::thread::spawn(move || lines.for_each(drop));
        let first: serde_json::Value = serde_json::from_str(&first).unwrap();
        let address = first.get("listen").unwrap().as_str().unwrap().to_owned();
        Self { child, address, first }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn serve_answers_says_what_it_is_and_stops_when_told() {
    let operator = Operator::new();
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::start(&operator, &[]);
        let said = |key: &str| server.first.get(key).and_then(serde_json::Value::as_str).unwrap().to_owned();
        assert_eq!((said("version").as_str(), said("database").as_str()), (env!("CARGO_PKG_VERSION"), "SQLite"));
        assert_eq!(said("realm"), "localhost");
        assert!(server.get("/health").starts_with("HTTP/1.1 200"));
        // An idle connection does not keep it from stopping.
        let _idle = TcpStream::connect(&server.address).unwrap();
        server.signal(signal);
        assert!(server.child.wait().unwrap().success(), "{signal}");
    }
    assert_eq!(mode(&operator.path("tacit.key")), 0o600);
    assert_eq!(mode(&operator.path("tacit.db")), 0o600);
}

#[test]
fn a_port_in_use_is_one_clear_line_and_leaves_no_database_behind() {
    let operator = Operator::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    operator.run(&["serve", "--listen", &address]).failed(1, &format!("cannot listen on {address}"));
    assert!(!operator.path("tacit.db").exists());
}

#[test]
fn a_database_that_is_not_there_is_one_clear_line() {
    let operator = Operator::new().with("TACIT_DATABASE__URL", "postgres://me:hunter2@127.0.0.1:1/tacit");
    let answer = operator.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(!answer.err.contains("hunter2"));
    answer.failed(1, "the database postgres://me:***@127.0.0.1:1/tacit cannot be reached");
    let operator = Operator::new().with("TACIT_DATABASE__URL", "sqlite:/nonexistent/tacit.db");
    operator.run(&["migrate"]).failed(1, "/nonexistent/tacit.db");
}

#[test]
fn a_lost_master_key_is_not_replaced_and_a_readable_one_refused() {
    let operator = Operator::new().migrated();
    operator.run(&["admin", "create", "admin@example.com"]).good();
    let key = operator.path("tacit.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    operator.run(&["user", "show", "admin@example.com"]).failed(1, "chmod 600");
    std::fs::remove_file(&key).unwrap();
    operator.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1, "Put it back from your backup");
    assert!(!key.exists());
    let other = Operator { folder: operator.folder, variables: vec![("TACIT_MASTER_KEY__VALUE", "5a".repeat(32))] };
    other.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1, "the database belongs to master key");
}

#[test]
fn another_realm_is_refused() {
    let operator = Operator::new().with("TACIT_PUBLIC_URL", "https://login.example.com").migrated();
    operator.run(&["admin", "create", "admin@example.com"]).good();
    let operator = Operator {
        variables: [operator.variables, vec![("TACIT_REALM", "example.com".to_owned())]].concat(),
        ..operator
    };
    operator.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1, "a realm cannot be changed");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused_and_left_alone() {
    use sqlx::Connection as _;
    let operator = Operator::new();
    assert!(operator.run(&["migrate"]).good().contains("up to date"));
    let url = format!("sqlite:{}", operator.path("tacit.db").display());
    let mut connection = sqlx_sqlite::SqliteConnection::connect(&url).await.unwrap();
    let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (999999, 'from the future', TRUE, x'00', 0)";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        operator.run(command).failed(1, "newer version");
    }
}

#[test]
fn check_names_every_problem_and_shows_no_secret() {
    let operator = Operator::new().with("TACIT_MAIL__PROT", "25").with("TACIT_METRICS__TOKEN", "hunter2");
    std::fs::write(operator.path("tacit.toml"), "listen = 'here'\n[mail]\npassword = 'hunter2'\n").unwrap();
    let answer = operator.run(&["check", "--database-url", "mysql://x"]);
    assert_eq!((answer.status, answer.out.as_str()), (2, ""));
    for part in [
        "5 problem(s)",
        "listen: expected an address and a port, such as 127.0.0.1:8080 or [::]:8080, found `here` (./tacit.toml)",
        "database.url: expected sqlite:<file>",
        "(flag --database-url)",
        "mail.prot: unknown key, did you mean mail.port? (environment variable TACIT_MAIL__PROT)",
        "metrics.token: must have at least 16 characters",
        "mail.username: mail.username and mail.password go together",
    ] {
        assert!(answer.err.contains(part), "{part} in {}", answer.err);
    }
    assert!(!answer.err.contains("hunter2"), "{}", answer.err);
}

#[test]
fn check_shows_every_setting_with_where_it_came_from() {
    let operator = Operator::new().with("TACIT_MAIL__USERNAME", "me").with("TACIT_MAIL__PASSWORD", "hunter2");
    std::fs::create_dir(operator.path("mails")).unwrap();
    std::fs::write(operator.path("other.toml"), "mail.templates = 'mails'").unwrap();
    let out = operator.run(&["check", "--config", "other.toml"]).good();
    for line in [
        "mail.password = set    (environment variable TACIT_MAIL__PASSWORD)",
        "mail.templates = mails    (other.toml)",
        "lifetimes.access_token = 5m    (default)",
    ] {
        assert!(out.lines().any(|it| it == line), "{line} in {out}");
    }
    assert!(!out.contains("hunter2"));
    assert!(!operator.path("tacit.db").exists() && !operator.path("tacit.key").exists());

    std::fs::write(operator.path("mails/activation.en.txt"), "no subject").unwrap();
    let answer = operator.run(&["check", "--config", "other.toml"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("mails/activation.en.txt: the first line"), "{}", answer.err);
}

#[test]
fn an_administrator_is_made_with_a_link_and_never_a_password() {
    let operator = Operator::new().migrated();
    let link = || operator.run(&["admin", "create", "Admin@example.com"]).good().trim().to_owned();
    let (first, second) = (link(), link());
    for link in [&first, &second] {
        let secret = link.strip_prefix("http://localhost:8080/welcome#").expect(link);
        assert_eq!(secret.len(), 43, "{link}");
    }
    assert_ne!(first, second);
    let shown = operator.run(&["user", "show", "admin@EXAMPLE.com"]).good();
    for line in ["email     Admin@example.com", "role      admin", "status    invited", "sessions  0"] {
        assert!(shown.lines().any(|it| it == line), "{line} in {shown}");
    }
    let id = shown.lines().find_map(|line| line.strip_prefix("id")).unwrap().trim();
    assert_eq!(operator.run(&["user", "show", id]).good(), shown);
    assert_eq!(operator.run(&["user", "revoke-sessions", id]).good().trim(), "0 session(s) ended");
    assert_eq!(operator.run(&["user", "disable", id]).good().trim(), "disabled; 0 session(s) ended");
    assert!(operator.run(&["user", "show", id]).good().contains("status    disabled"));
    operator.run(&["admin", "create", "admin@example.com"]).failed(1, "has an account already");
}

#[test]
fn only_serve_and_migrate_make_a_database() {
    let operator = Operator::new();
    let missing = format!("there is no database {}", operator.path("tacit.db").display());
    for command in [&["admin", "create", "a@example.com"][..], &["keys", "rotate"], &["backup", "copy.db"]] {
        operator.run(command).failed(1, &missing);
    }
    assert_eq!(std::fs::read_dir(operator.folder.path()).unwrap().count(), 0);
    operator.run(&["user", "show", "not an address"]).failed(2, "");
    operator.run(&["admin", "create", "not an address"]).failed(2, "");
    let operator = operator.migrated();
    operator.run(&["admin", "create", "admin@example.com"]).good();
    operator.run(&["user", "show", "nobody@example.com"]).failed(1, "there is no such account");
}

#[test]
fn keys_rotate_while_the_server_runs() {
    let operator = Operator::new();
    let server = Server::start(&operator, &[]);
    let before = server.get("/.well-known/jwks.json").matches("\"kid\"").count();
    let said = operator.run(&["keys", "rotate"]).good();
    assert!(said.starts_with("tokens are signed with key "), "{said}");
    let kid = said.split(' ').nth(5).unwrap();
    assert!(server.get("/.well-known/jwks.json").contains(kid), "the key was published before");
    assert_eq!(before, 2);
}

#[test]
fn a_fresh_master_key_is_64_hex_characters() {
    let operator = Operator::new().with("TACIT_NONSENSE", "needs no configuration");
    let key = operator.run(&["keys", "new-master"]).good();
    assert_eq!(key.trim().len(), 64);
    assert!(key.trim().bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_ne!(operator.run(&["keys", "new-master"]).good(), key);
}

#[test]
fn a_backup_is_a_database_that_works_with_the_same_key() {
    let operator = Operator::new().migrated();
    operator.run(&["admin", "create", "admin@example.com"]).good();
    let answer = operator.run(&["backup", "copy.db"]);
    assert!(answer.err.contains("master key is not in it"), "{}", answer.err);
    answer.good();
    assert_eq!(mode(&operator.path("copy.db")), 0o600);
    operator.run(&["backup", "copy.db"]).failed(1, "copy.db");
    std::fs::copy(operator.path("tacit.key"), operator.path("copy.key")).unwrap();
    let shown = operator.run(&["user", "show", "admin@example.com", "--database-url", "sqlite:copy.db"]).good();
    assert!(shown.contains("status    invited"), "{shown}");
}

#[test]
fn documents_are_printed_or_written() {
    let operator = Operator::new().with("TACIT_NONSENSE", "needs no configuration");
    let printed = operator.run(&["openapi"]).good();
    operator.run(&["openapi", "--out", "documents"]).good();
    for name in ["srp", "platform", "ops", "tacit"] {
        let written = std::fs::read_to_string(operator.path("documents").join(format!("{name}.json"))).unwrap();
        assert_eq!(operator.run(&["openapi", "--name", name]).good(), written);
        assert_eq!(written == printed, name == "tacit");
    }
    operator.run(&["openapi", "--name", "nothing"]).failed(2, "there are srp, platform, ops, tacit");
}

#[test]
fn a_test_mail_says_what_the_mail_server_says() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let operator = Operator::new().with("TACIT_MAIL__PORT", &nobody).with("TACIT_MAIL__SECURITY", "none");
    operator.run(&["mail", "test", "me@example.com"]).failed(1, "onnection");
    operator.run(&["mail", "test", "not an address"]).failed(2, "");
    let demo = Operator::new().with("TACIT_DEMO", "true");
    demo.run(&["mail", "test", "me@example.com"]).failed(1, "no mail server to test");
    assert_eq!(std::fs::read_dir(operator.folder.path()).unwrap().count(), 0, "it needs no database");
}

#[test]
fn the_demo_has_a_mailbox_and_a_real_server_has_none() {
    // For as long as the servers: they refuse everything once their files are gone.
    let (operator, other) = (Operator::new(), Operator::new());
    let demo = Server::start(&operator, &["--demo"]);
    let answer = demo.get("/demo/mailbox");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let real = Server::start(&other, &[]);
    let answer = real.get("/demo/mailbox");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[test]
fn metrics_have_a_listener_of_their_own_or_a_token() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let operator = Operator::new().with("TACIT_METRICS__LISTEN", &address);
    let mut server = Server::start(&operator, &[]);
    assert!(server.get("/health").starts_with("HTTP/1.1 200"));
    assert!(server.get("/metrics").starts_with("HTTP/1.1 404"));
    server.address = address;
    let metrics = server.get("/metrics");
    assert!(metrics.contains("http_requests_total") && metrics.contains("_seconds_bucket"), "{metrics}");
}

#[test]
fn help_and_wrong_usage() {
    let operator = Operator::new();
    for command in [&["--help"][..], &["serve", "--help"], &["admin", "create", "--help"], &["backup", "--help"]] {
        let help = operator.run(command).good();
        assert!(help.contains("Usage: tacit"), "{help}");
    }
    assert!(operator.run(&["admin", "create", "--help"]).good().contains("never promoted"));
    assert_eq!(operator.run(&["frobnicate"]).status, 2);
    assert_eq!(operator.run(&[]).status, 2);
    assert!(operator.run(&["--version"]).good().starts_with("tacit "));
}
