//! One server under test, with everything it stands on.

use std::path::Path;
use std::process::Output;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use tacit::Running;
use tacit::config::{Config, Sources};
use tacit_domain::seams::Clock as _;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::mail::read_all;
use crate::seams::{fresh_name, seams};
use crate::setup::variable;
use crate::{Client, Database, Engine, Mail, MailPort, Person, Post, Process, Setup, TestClock, User, services};

/// How long something in the background may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server, its database, its clock and its mails.
pub struct App {
    /// Which engine it runs on.
    pub engine: Engine,
    /// Its time.
    pub clock: Arc<TestClock>,
    /// Its database, behind its back.
    pub database: Database,
    settings: Vec<(String, String)>,
    folder: TempDir,
    mail_name: String,
    base: Arc<RwLock<String>>,
    running: Mutex<Option<Running>>,
    may_leave_jobs: std::sync::atomic::AtomicBool,
}

/// Runs a sentence on a fresh server, then checks that it left nothing to do.
pub async fn run(engine: Engine, setup: Setup, sentence: impl AsyncFnOnce(&App)) {
    let app = App::start(engine, setup).await;
    Box::pin(sentence(&app)).await;
    app.finish().await;
}

impl App {
    /// Starts a server on a database of its own.
    pub async fn start(engine: Engine, setup: Setup) -> Self {
        let folder = test_folder();
        let database = Database::create(engine, folder.path()).await;
        Self::start_with(engine, setup, folder, database).await
    }

    /// Starts a server on a database in a cluster of the test's own.
    pub async fn start_in(cluster: &crate::Cluster, setup: Setup) -> Self {
        let database = Database::create_in(&cluster.url()).await;
        Self::start_with(Engine::Postgres, setup, test_folder(), database).await
    }

    async fn start_with(engine: Engine, setup: Setup, folder: TempDir, database: Database) -> Self {
        let mail_name = format!("tacit-{}", fresh_name());
        let mut settings = usual_settings(&database, &mail_name);
        settings.extend(setup.settings);
        let app = Self {
            engine,
            clock: TestClock::new(),
            database,
            settings,
            folder,
            mail_name,
            base: Arc::default(),
            running: Mutex::new(None),
            may_leave_jobs: false.into(),
        };
        app.start_again().await;
        app
    }

    /// What `TACIT_*` variables this server was started with.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        self.settings.iter().map(|(key, value)| (variable(key), value.clone())).collect()
    }

    /// A folder that goes with the test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the server as an operator does.
    pub async fn stop(&self) {
        self.running.lock().await.take().expect("the server runs").stop().await;
    }

    /// Starts it again on the same database.
    pub async fn start_again(&self) {
        let running = self.node().await;
        *self.base.write().unwrap() = address(&running);
        *self.running.lock().await = Some(running);
    }

    /// The server itself, behind its HTTP.
    pub async fn running(&self) -> tokio::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().await
    }

    /// One more node on the same database; whoever asks for it stops it.
    pub async fn node(&self) -> Running {
        self.node_with(&Setup::new()).await
    }

    /// The same, configured otherwise in some settings; whoever asks for it stops it.
    pub async fn node_with(&self, setup: &Setup) -> Running {
        let mut variables = self.variables();
        variables.extend(setup.settings.iter().map(|(key, value)| (variable(key), value.clone())));
        let sources = Sources { variables, ..Sources::default() };
        let config = Config::load(&sources).unwrap_or_else(|problems| panic!("{problems}"));
        Box::pin(tacit::start(config, seams(&self.clock))).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// A caller nobody knows.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(Arc::clone(&self.base))
    }

    /// A caller of another node.
    #[must_use]
    pub fn client_of(&self, node: &Running) -> Client {
        self.client_at(&address(node))
    }

    /// A caller of a server at this address.
    #[must_use]
    pub fn client_at(&self, base: &str) -> Client {
        Client::new(Arc::new(RwLock::new(base.to_owned())))
    }

    /// A caller of a server that is started again elsewhere now and then.
    #[must_use]
    pub fn client_following(&self, base: &Arc<RwLock<String>>) -> Client {
        Client::new(Arc::clone(base))
    }

    /// Where the metrics are, when they have a listener of their own.
    pub async fn metrics_address(&self) -> String {
        let running = self.running.lock().await;
        let address = running.as_ref().and_then(Running::metrics_addr).expect("metrics have a listener");
        format!("http://{address}")
    }

    /// Somebody who has not signed up.
    #[must_use]
    pub fn stranger(&self, email: &str) -> Person {
        Person::new(self.anonymous(), email)
    }

    /// Somebody who has signed up and not yet activated.
    pub async fn signed_up(&self, email: &str) -> Person {
        let mut person = self.stranger(email);
        person.sign_up().await.expect_status(201).done();
        person
    }

    /// The same with the preset that clients use by themselves, which is the one of decoys.
    pub async fn signed_up_like_clients(&self, email: &str) -> Person {
        let mut person = self.stranger(email).with_default_preset();
        person.sign_up().await.expect_status(201).done();
        person
    }

    /// Somebody with an activated account.
    pub async fn registered(&self, email: &str) -> Person {
        let person = self.signed_up(email).await;
        self.activate(email).await;
        person
    }

    /// The same with the preset that clients use by themselves, which is the one of decoys.
    pub async fn registered_like_clients(&self, email: &str) -> Person {
        let person = self.signed_up_like_clients(email).await;
        self.activate(email).await;
        person
    }

    /// The same with this preset.
    pub async fn registered_with(&self, email: &str, preset: u16) -> Person {
        let mut person = self.stranger(email).with_preset(preset);
        person.sign_up().await.expect_status(201).done();
        self.activate(email).await;
        person
    }

    async fn activate(&self, email: &str) {
        // Not the newest: mails that are due together come in any order.
        let mail = self.inbox(email).await.into_iter().rfind(|mail| mail.text.contains("/activate#"));
        let secret = mail.unwrap_or_else(|| panic!("no activation for {email}")).link_secret();
        let body = serde_json::json!({ "token": secret });
        self.anonymous().post("/api/auth/srp/sign-up/activate", body).await.expect_status(200).done();
    }

    /// Somebody who is logged in.
    pub async fn user(&self, email: &str) -> User {
        self.registered(email).await.log_in().await
    }

    /// Runs a command of the binary against the same database; fails unless it succeeds. Gives what it printed.
    pub async fn command(&self, arguments: &[&str]) -> String {
        let output = self.try_command(arguments).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tacit {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command of the binary against the same database, whatever comes of it.
    pub async fn try_command(&self, arguments: &[&str]) -> Output {
        Process::run(arguments, &self.variables()).await
    }

    /// Invites an administrator on the command line; gives the secret of the link it printed.
    pub async fn invite_admin(&self, email: &str) -> String {
        let printed = self.command(&["admin", "create", email]).await;
        let (_, after) = printed.split_once("/welcome#").unwrap_or_else(|| panic!("no link in {printed:?}"));
        after.split_whitespace().next().unwrap().to_owned()
    }

    /// An administrator who is logged in.
    pub async fn admin(&self, email: &str) -> User {
        let secret = self.invite_admin(email).await;
        let person = self.stranger(email);
        let body = serde_json::json!({ "token": secret, "credential": person.credential.json() });
        self.anonymous().post("/api/auth/srp/sign-up/activate", body).await.expect_status(200).done();
        person.log_in().await
    }

    /// Every mail to an address, oldest first, once all that is due has been done.
    pub async fn inbox(&self, email: &str) -> Vec<Mail> {
        self.settle().await;
        let mut mails = read_all(&services::mail_folder().join(&self.mail_name));
        mails.retain(|mail| mail.recipients.iter().any(|recipient| recipient == email));
        mails
    }

    /// The mails of this server as they come.
    #[must_use]
    pub fn post(&self) -> Post {
        Post::of(services::mail_folder().join(&self.mail_name))
    }

    /// Every file of the SMTP server with a mail of this server's, as it is.
    #[must_use]
    pub fn filed_mails(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(services::mail_folder().join(&self.mail_name)) else { return Vec::new() };
        entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }

    /// The newest mail to an address.
    pub async fn mail_to(&self, email: &str) -> Mail {
        self.inbox(email).await.pop().unwrap_or_else(|| panic!("no mail to {email}"))
    }

    /// Does what is due, and waits for what the server is doing already.
    pub async fn settle(&self) {
        let Some(running) = &*self.running.lock().await else {
            // A server of another process runs, by the real time.
            return self.until(OPEN_JOBS, 0).await;
        };
        // What was asked for is worked on within a second or so.
        let asked = self.database.number(&format!("SELECT COALESCE(MAX(due_at), 0) FROM ({ASKED}) AS asked")).await;
        let now = self.clock.now().as_millis();
        self.clock.advance(Duration::from_millis(u64::try_from(asked - now).unwrap_or(0)));
        running.worker().run_due_now().await.unwrap();
        let now = self.clock.now().as_millis();
        self.until(&format!("{OPEN_JOBS} AND due_at <= {now}"), 0).await;
    }

    /// The rules the server runs by, past its surfaces.
    pub async fn domain(&self) -> tacit_domain::Domain {
        self.running.lock().await.as_ref().expect("the server runs").domain().clone()
    }

    /// Waits until the server keeps the powers of so many accounts' verifiers.
    pub async fn keeps_combs(&self, accounts: usize) {
        let domain = self.domain().await;
        for _ in 0..2000 {
            if domain.health.report().await.srp.combs == accounts {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("not {accounts}, but {}", domain.health.report().await.srp.combs);
    }

    /// Has the server tidy up, as it does now and then.
    pub async fn tidy(&self) {
        let running = self.running.lock().await;
        running.as_ref().expect("the server runs").domain().housekeeping.run().await.unwrap();
    }

    /// Waits until a query that counts says `wanted`.
    pub async fn until(&self, count: &str, wanted: i64) {
        let begun = Instant::now();
        loop {
            let found = self.database.number(count).await;
            if found == wanted {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "still {found}, not {wanted}: {count}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Says that this test leaves work undone on purpose.
    pub fn leaves_jobs(&self) {
        self.may_leave_jobs.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// Checks that nothing is left to do, stops the server and throws the database away.
    pub async fn finish(&self) {
        if !self.may_leave_jobs.load(std::sync::atomic::Ordering::SeqCst) {
            self.settle().await;
            assert_eq!(self.database.number(OPEN_JOBS).await, 0, "the test leaves jobs behind");
        }
        if let Some(running) = self.running.lock().await.take() {
            running.stop().await;
        }
        self.database.remove().await;
    }
}

/// More than any test asks for.
const GENEROUS: &str = "1000000";

const OPEN_JOBS: &str = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL";

/// When resets are due that were asked for.
const ASKED: &str = "SELECT due_at FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND kind = 'reset.asked'";

/// A folder that goes with the test.
fn test_folder() -> TempDir {
    tempfile::Builder::new().prefix("tacit-e2e").tempdir().unwrap()
}

fn address(running: &Running) -> String {
    format!("http://{}", running.addr())
}

fn usual_settings(database: &Database, mail_name: &str) -> Vec<(String, String)> {
    [
        ("public_url", "http://localhost:8080".to_owned()),
        ("realm", "localhost".to_owned()),
        ("listen", "127.0.0.1:0".to_owned()),
        ("database.url", database.url()),
        ("database.max_connections", "5".to_owned()),
        ("mail.transport", "smtp".to_owned()),
        ("mail.host", "localhost".to_owned()),
        ("mail.port", MailPort::Plain.number()),
        ("mail.security", "none".to_owned()),
        ("mail.from", format!("{mail_name}@tacit.test")),
        ("master_key.value", "5a".repeat(32)),
        ("log.filter", "warn".to_owned()),
        // Every test is one client; what the limits are by default has tests of its own.
        ("limits.client_requests", GENEROUS.to_owned()),
        ("limits.client_logins", GENEROUS.to_owned()),
        ("limits.client_proofs", GENEROUS.to_owned()),
        ("limits.client_sign_ups", GENEROUS.to_owned()),
        ("limits.client_mails", GENEROUS.to_owned()),
    ]
    .into_iter()
    .chain(services::kernel().map(|kernel| ("srp.kernel", kernel)))
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
