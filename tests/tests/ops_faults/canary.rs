//! The canary: one password through every flow there is, with the log at its most talkative, and then a search for it,
//! and for all that stands for it, in everything the server wrote or said.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tacit_shared::encoding::{from_base64url, to_hex};
use tacit_shared::entropy::Entropy as _;
use tacit_tests::{
    Answer, App, Client, Derived, Engine, Mail, MailPort, OsEntropy, Person, Process, Setup, Traces, Transcript, User,
    both_engines, mail_authority,
};

const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";
const RESEND: &str = "/api/auth/srp/sign-up/verification";
const RESET: &str = "/api/auth/srp/password/reset";
const VALIDATE: &str = "/api/auth/srp/password/reset/validate";
const COMPLETE: &str = "/api/auth/srp/password/reset/complete";
const REFRESH: &str = "/v1/auth/refresh";
const ORIGIN: &str = "http://localhost:8080";
const METRICS_TOKEN: &str = "a-metrics-token-that-nobody-may-see";

/// Where a secret may be found: its name and the place's. Everywhere else it is a leak.
const MAY_BE_FOUND: &[(&str, &str)] = &[
    // One-time secrets: in the mail that carries them, or on the operator's screen.
    ("link", "mails"),
    ("code", "mails"),
    ("invitation", "output of admin create"),
    // The sign-up's own ticket: in the answer to the sign-up.
    ("ticket", "answers to POST /api/auth/srp/sign-up"),
    // Tokens, in the body or the cookie of the answer that hands them out.
    ("access token", "answers to POST /api/auth/srp/login/proof"),
    ("access token", "answers to POST /v1/auth/refresh"),
    ("refresh token", "answers to POST /api/auth/srp/login/proof"),
    ("refresh token", "answers to POST /v1/auth/refresh"),
    // What the protocol says aloud, once.
    ("handshake", "answers to POST /api/auth/srp/login/email"),
    ("server's proof", "answers to POST /api/auth/srp/login/proof"),
];

type Places = BTreeMap<String, Vec<u8>>;

fn random_hex() -> String {
    let mut bytes = [0; 12];
    OsEntropy.fill(&mut bytes);
    to_hex(&bytes)
}

fn settings() -> Setup {
    Setup::new()
        .with("log.filter", "trace")
        .with("log.format", "json")
        .with("metrics.token", METRICS_TOKEN)
        .with("limits.resend_after", "1ms")
        .with("trusted_proxies", "127.0.0.1/32")
        .with("mail.port", &MailPort::StartTls.number())
        .with("mail.security", "starttls")
        .with("mail.username", "tacit")
        .with("mail.password", "a mail password")
        .with("mail.ca_file", &mail_authority())
}

/// The story of one password, and what must not be found of it.
struct Story<'a> {
    app: &'a App,
    there: Client,
    transcript: Transcript,
    secrets: Traces,
    outputs: Places,
    heart: String,
    password: String,
}

impl<'a> Story<'a> {
    fn begin(app: &'a App, process: &Process) -> Self {
        let transcript = Transcript::default();
        let there = app.client_at(&process.base).recorded(&transcript);
        let heart = random_hex();
        // With what JSON, HTML and URLs escape, in normal form NFKC.
        let password = format!("Canary \u{e9}\"\\<> {heart}");
        let mut secrets = Traces::default();
        secrets.add("password", password.as_bytes());
        // However it was escaped, this part would be as it is.
        secrets.add("password's heart", heart.as_bytes());
        secrets.add("master key", &[0x5a; 32]);
        secrets.add("metrics token", METRICS_TOKEN.as_bytes());
        secrets.add("mail password", b"a mail password");
        Self { app, there, transcript, secrets, outputs: Places::new(), heart, password }
    }

    /// Somebody with the canary for a password.
    fn person(&mut self, email: &str) -> Person {
        self.person_with(email, "password", &self.password.clone())
    }

    fn person_with(&mut self, email: &str, what: &str, password: &str) -> Person {
        let person = self.app.stranger(email).through(&self.there).mistyping(password);
        let derived = Derived::of(password, &person.credential);
        for (name, bytes) in [
            ("master", derived.master.as_slice()),
            ("P", &from_hex(&derived.login)),
            ("P's text", derived.login.as_bytes()),
            ("W", &derived.wrap),
            ("x", &derived.private_key),
            ("v", &derived.verifier),
        ] {
            self.secrets.add(&format!("{what}: {name}"), bytes);
        }
        person
    }

    /// A token or other text that is random bytes in base64url: as text and as bytes.
    fn secret_text(&mut self, what: &str, text: &str) {
        self.secrets.add(what, text.as_bytes());
        if let Ok(bytes) = from_base64url(text.strip_prefix("rt_").unwrap_or(text))
            && bytes.len() >= 16
        {
            self.secrets.add(what, &bytes);
        }
    }

    fn secrets_of_mail(&mut self, mail: &Mail) {
        self.secret_text("link", &mail.link_secret());
        self.secrets.add("code", mail.code().as_bytes());
        self.secrets.add("code", mail.code().replace('-', "").as_bytes());
    }

    async fn sign_up(&mut self, person: &mut Person) -> Mail {
        person.sign_up().await.expect_status(201).done();
        let ticket = person.ticket.clone().unwrap();
        self.secret_text("ticket", &ticket);
        let mail = self.app.mail_to(&person.email).await;
        self.secrets_of_mail(&mail);
        mail
    }

    async fn activate(&self, body: Value) {
        self.there.post(ACTIVATE, body).await.expect_status(200).done();
    }

    fn tokens_of(&mut self, answer: &Answer) {
        let access = answer.string("/tokens/access_token");
        let (_, signature) = access.rsplit_once('.').unwrap();
        self.secrets.add("access token", access.as_bytes());
        self.secret_text("access token", signature);
        let in_body = answer.json().pointer("/tokens/refresh_token").map(|token| token.as_str().unwrap().to_owned());
        let in_cookie = || answer.header("set-cookie").split_once('=').unwrap().1.split_once(';').unwrap().0.to_owned();
        self.secret_text("refresh token", &in_body.unwrap_or_else(in_cookie));
    }

    async fn log_in(&mut self, person: &Person, members: &Value) -> User {
        let handshake = person.begin_login().await;
        self.secret_text("handshake", &handshake.sealed);
        let proof = person.proof_body(&handshake);
        for (what, name) in [("client's A", "A"), ("client's proof", "M1")] {
            self.secrets.add(what, &from_hex(proof[name].as_str().unwrap()));
        }
        // That proof is spent on a mistake, so that it was on its way too.
        let mut spoiled = proof;
        spoiled["M1"] = json!("00".repeat(32));
        self.there.post("/api/auth/srp/login/proof", spoiled).await.expect_problem(401, "proof_rejected").done();
        let user = person.log_in_with(members).await;
        self.tokens_of(&user.answer.clone());
        self.secrets.add("server's proof", &from_hex(&user.answer.string("/M2")));
        self.secrets.add("server's proof", &from_hex(&user.answer.string("/confirm")));
        user
    }

    async fn refresh(&mut self, client: &Client, body: Value) -> Answer {
        let answer = client.post(REFRESH, body).await.expect_status(200);
        self.tokens_of(&answer);
        answer
    }

    async fn command(&mut self, arguments: &[&str]) -> String {
        let output = self.app.try_command(arguments).await;
        let name = format!("output of {}", arguments[..arguments.len().min(2)].join(" "));
        let said = [output.stdout.clone(), output.stderr].concat();
        self.outputs.entry(name).or_default().extend(said);
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What was said to clients, by request.
    fn answers(&self) -> Places {
        let mut answers = Places::new();
        for (request, said) in self.transcript.lock().unwrap().iter() {
            let path = request.split('?').next().unwrap();
            answers.entry(format!("answers to {path}")).or_default().extend_from_slice(said);
        }
        answers
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Sign-up, resend, activation by link and by code, an address that has an account, an invitation.
async fn come_in(story: &mut Story<'_>) -> (Person, Person) {
    let mut ada = story.person("ada@example.com");
    story.sign_up(&mut ada).await;
    let not_yet = ada.with_ticket();
    let handshake = not_yet.begin_login().await;
    not_yet.prove(&handshake).await.expect_problem(403, "account_not_activated").done();
    let again = json!({ "auth_id": ada.email, "ticket": ada.ticket });
    story.there.post(RESEND, again).await.expect_status(200).done();
    let mail = story.app.mail_to(&ada.email).await;
    story.secrets_of_mail(&mail);
    story.activate(json!({ "token": mail.link_secret() })).await;
    let spent = story.there.post(ACTIVATE, json!({ "token": mail.link_secret() })).await;
    spent.expect_problem(401, "activation_invalid").done();

    let mut bob = story.person("bob@example.com");
    let mail = story.sign_up(&mut bob).await;
    story.activate(json!({ "auth_id": bob.email, "code": mail.code() })).await;
    let mut second = story.person("bob@example.com");
    second.sign_up().await.expect_status(201).done();
    story.secret_text("ticket", &second.ticket.clone().unwrap());
    // One who never comes back: the secrets lie unused.
    let mut idle = story.person("idle@example.com");
    story.sign_up(&mut idle).await;

    let printed = story.command(&["admin", "create", "root@example.com"]).await;
    let invitation = printed.split_once("/welcome#").unwrap().1.trim().to_owned();
    story.secret_text("invitation", &invitation);
    let root = story.person("root@example.com");
    story.activate(json!({ "token": invitation, "credential": root.credential.json() })).await;
    (ada, root)
}

/// Right and wrong logins, refreshes in body and cookie, a reuse, sessions, logouts.
async fn live(story: &mut Story<'_>, ada: &Person, root: &Person) {
    let wrong = story.person_with(&ada.email, "mistyped", &format!("mistyped {}", story.heart.clone()));
    let handshake = wrong.begin_login().await;
    wrong.prove(&handshake).await.expect_problem(401, "proof_rejected").done();
    let nobody = story.person("nobody@example.com");
    let handshake = nobody.begin_login().await;
    nobody.prove(&handshake).await.expect_problem(401, "proof_rejected").done();

    let user = story.log_in(ada, &json!({ "device_name": "Ada's laptop" })).await;
    let there = story.there.clone();
    let second = story.refresh(&there, json!({ "refresh_token": user.refresh_token() })).await;
    story.refresh(&there, json!({ "refresh_token": second.string("/tokens/refresh_token") })).await;

    let page = there.with("origin", ORIGIN).with("x-tacit-client", "test");
    let at_page = ada.through(&page);
    let browser = story.log_in(&at_page, &json!({ "refresh_delivery": "cookie" })).await;
    let cookie = browser.answer.header("set-cookie").split(';').next().unwrap().to_owned();
    story.refresh(&page.with("cookie", &cookie), json!({})).await;
    browser.client.get("/v1/auth/me").await.expect_status(200).done();
    browser.client.get("/v1/sessions").await.expect_status(200).done();
    browser.client.get("/api/auth/sessions/list").await.expect_status(200).done();
    browser.client.post_nothing("/api/auth/sessions/verify").await.expect_status(204).done();
    let other = story.log_in(ada, &json!({})).await;
    browser.client.delete(&format!("/v1/sessions/{}", other.session_id)).await.expect_status(204).done();
    let other = story.log_in(ada, &json!({})).await;
    let reused = json!({ "refresh_token": user.refresh_token() });
    there.post(REFRESH, reused).await.expect_problem(401, "refresh_reused").done();
    other.client.post_nothing("/api/auth/sessions/logout-all").await.expect_status(200).done();
    other.client.post_nothing("/api/auth/sessions/logout").await.expect_status(200).done();

    let admin = story.log_in(root, &json!({})).await;
    admin.client.get("/health").await.expect_status(200).done();
}

/// A reset by code and by link, one of them used, another one never.
async fn forget(story: &mut Story<'_>, ada: &Person) {
    for _ in 0..2 {
        story.there.post(RESET, json!({ "auth_id": ada.email })).await.expect_status(200).done();
        let mail = story.app.mail_to(&ada.email).await;
        story.secrets_of_mail(&mail);
    }
    let mail = story.app.mail_to(&ada.email).await;
    let by_code = json!({ "auth_id": ada.email, "code": mail.code() });
    story.there.post(VALIDATE, by_code).await.expect_status(200).done();
    let again = story.person_with(&ada.email, "reset", &format!("reset {}", story.heart.clone()));
    let completion = json!({ "token": mail.link_secret(), "credential": again.credential.json() });
    story.there.post(COMPLETE, completion.clone()).await.expect_status(200).done();
    story.there.post(COMPLETE, completion).await.expect_problem(400, "reset_invalid").done();
    story.log_in(&again, &json!({})).await;
    // The notice goes out before the next mail.
    story.app.settle().await;
    story.there.post(RESET, json!({ "auth_id": ada.email })).await.expect_status(200).done();
    let unused = story.app.mail_to(&ada.email).await;
    story.secrets_of_mail(&unused);
}

/// What a client does that puts secrets where none belong.
async fn blunder(story: &Story<'_>) {
    let (heart, password, there) = (&story.heart, &story.password, &story.there);
    for body in [
        json!({ "auth_id": "ada@example.com", "password": password }),
        json!({ "auth_id": password }),
        json!({ "auth_id": { "password": password } }),
        json!({ "auth_id": "ada@example.com", "credential": { "identity": password, "salt": password } }),
        json!({ "auth_id": "ada@example.com", "ticket": password }),
        json!({ "token": password }),
        json!({ "refresh_token": password }),
        json!({ "handshake": password, "A": password, "M1": password }),
        json!(password),
        json!({ "auth_id": password.repeat(900) }),
    ] {
        for path in [
            "/api/auth/srp/sign-up",
            "/api/auth/srp/login/email",
            "/api/auth/srp/login/proof",
            ACTIVATE,
            RESEND,
            RESET,
            VALIDATE,
            COMPLETE,
            REFRESH,
        ] {
            there.post(path, body.clone()).await.done();
        }
    }
    let broken = format!("{{\"auth_id\": \"ada@example.com\", \"password\": \"{heart}\" oops");
    there.send(reqwest::Method::POST, "/api/auth/srp/login/email", Some(broken.into_bytes())).await.done();
    for path in
        [format!("/v1/auth/settings?password={heart}"), format!("/no/such/{heart}"), format!("/activate?{heart}")]
    {
        there.get(&path).await.done();
    }
    for (name, value) in [
        ("authorization", format!("Bearer {heart}")),
        ("authorization", format!("Basic {heart}")),
        ("cookie", format!("tacit_refresh={heart}")),
        ("origin", format!("https://{heart}.example.com")),
        ("content-type", format!("text/{heart}")),
        ("accept-language", heart.clone()),
        ("x-forwarded-for", heart.clone()),
        ("x-tacit-client", heart.clone()),
    ] {
        let client = there.with(name, &value);
        client.get("/v1/auth/me").await.done();
        client.get("/metrics").await.done();
        client.post(REFRESH, json!({})).await.done();
    }
}

/// Texts that are allowed to be seen, to see that they would be.
struct Seed(String);

impl Seed {
    async fn plant(story: &mut Story<'_>, root: &Person) -> Self {
        let seed = format!("seed-{}", random_hex());
        let there = story.there.with("x-request-id", &seed);
        there.get("/health").await.expect_status(200).done();
        let user = root.log_in_with(&json!({ "device_name": seed })).await;
        user.client.get("/v1/sessions").await.expect_status(200).done();
        let email = format!("{seed}@example.com");
        story.app.stranger(&email).through(&story.there).sign_up().await.expect_status(201).done();
        story.app.mail_to(&email).await;
        story.command(&["user", "revoke-sessions", "root@example.com"]).await;
        Self(seed)
    }

    /// It is found where it was put, by the same search.
    fn assert_found(&self, places: &Places, engine: Engine) {
        let mut traces = Traces::default();
        traces.add("seed", self.0.as_bytes());
        let found: BTreeSet<&str> = places
            .iter()
            .filter(|(_, bytes)| !traces.find(bytes).is_empty())
            .map(|(place, _)| place.as_str())
            .collect();
        let mut expected =
            vec!["log", "mails", "answers to GET /v1/sessions", "answers to GET /health", "stopped: rows"];
        if engine == Engine::Sqlite {
            expected.push("backup");
        }
        for place in expected {
            assert!(found.contains(place), "a seeded leak in {place} is not found, only in {found:?}");
        }
        let in_files = |when: &str| found.iter().any(|place| place.starts_with(when) && place.contains('/'));
        assert!(in_files("running: ") && in_files("stopped: "), "{found:?}");
    }
}

async fn kept(story: &Story<'_>, when: &str) -> Places {
    let mut places = Places::new();
    for (name, bytes) in story.app.database.files().await {
        places.insert(format!("{when}: {name}"), bytes);
    }
    places.insert(format!("{when}: rows"), story.app.database.rows().await.into_bytes());
    places
}

fn leaks(secrets: &Traces, places: &Places) -> (Vec<String>, BTreeSet<(&'static str, &'static str)>) {
    let (mut leaks, mut used) = (Vec::new(), BTreeSet::new());
    for (place, bytes) in places {
        for (secret, form) in secrets.find(bytes) {
            let allowed = MAY_BE_FOUND.iter().find(|(what, begin)| secret == *what && place == begin);
            match allowed {
                Some(row) => {
                    used.insert(*row);
                }
                None => leaks.push(format!("{secret} as {form} in {place}")),
            }
        }
    }
    (leaks, used)
}

/// Whatever the form and the place: what is put there is found.
fn assert_every_form_is_found_everywhere(secrets: &Traces, places: &Places) {
    for (place, bytes) in places {
        let mut seeded = bytes[..bytes.len().min(1024)].to_vec();
        for (_, needle) in secrets.all() {
            seeded.extend_from_slice(needle);
            seeded.push(b'|');
        }
        let found = secrets.find(&seeded);
        for (trace, _) in secrets.all() {
            assert!(found.contains(&trace), "{trace:?} in {place}");
        }
    }
}

both_engines!(the_canary_and_what_stands_for_it_are_found_nowhere, settings(), async |app| {
    app.stop().await;
    let mut variables = app.variables();
    variables.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    let process = Process::serve(&variables).await;
    let mut story = Story::begin(app, &process);

    let (ada, root) = Box::pin(come_in(&mut story)).await;
    live(&mut story, &ada, &root).await;
    forget(&mut story, &ada).await;
    blunder(&story).await;
    let seed = Seed::plant(&mut story, &root).await;
    story.command(&["user", "show", "ada@example.com"]).await;
    story.command(&["keys", "rotate"]).await;
    story.command(&["check"]).await;
    story.command(&["mail", "test", "operator@example.com"]).await;
    story.command(&["user", "disable", "bob@example.com"]).await;

    let mut places = kept(&story, "running").await;
    if app.engine == Engine::Sqlite {
        let file = app.folder().join("backup.db");
        story.command(&["backup", file.to_str().unwrap()]).await;
        places.insert("backup".to_owned(), std::fs::read(file).unwrap());
    }
    let metrics = app.client_at(&process.base).bearer(METRICS_TOKEN).get("/metrics").await.expect_status(200);
    assert!(metrics.text().contains("prove_login"));
    places.insert("metrics".to_owned(), metrics.body);
    places.insert("log".to_owned(), process.stop().await.join("\n").into_bytes());
    places.extend(kept(&story, "stopped").await);
    places.insert("mails".to_owned(), app.filed_mails().concat());
    places.extend(story.answers());
    places.append(&mut story.outputs);

    assert!(String::from_utf8_lossy(&places["log"]).contains("\"TRACE\""), "the log is at its most talkative");
    for (place, bytes) in &places {
        assert!(!bytes.is_empty() || place.contains('/'), "{place} is empty");
    }
    seed.assert_found(&places, app.engine);
    assert_every_form_is_found_everywhere(&story.secrets, &places);
    let (leaks, used) = leaks(&story.secrets, &places);
    assert!(leaks.is_empty(), "{leaks:#?}");
    let unused: Vec<_> = MAY_BE_FOUND.iter().filter(|row| !used.contains(*row)).collect();
    assert!(unused.is_empty(), "the table allows what does not happen: {unused:?}");
    app.start_again().await;
});

/// Keeps a server busy with the canary until told to stop.
fn busy(people: &[Person], password: &str, client: &Client) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    for person in people {
        let base = client.base();
        let auth_id = person.email.clone();
        let body = json!({ "auth_id": auth_id, "credential": person.credential.json(), "display_name": password });
        let http = reqwest::Client::new();
        tasks.push(tokio::spawn(async move {
            loop {
                for path in ["/api/auth/srp/login/email", "/api/auth/srp/sign-up"] {
                    let sent = http.post(format!("{base}{path}")).header("content-type", "application/json");
                    if sent.body(body.to_string()).send().await.is_err() {
                        return;
                    }
                }
            }
        }));
    }
    tasks
}

both_engines!(a_crash_says_nothing_secret, settings().with("limits.mails", "1"), async |app| {
    app.stop().await;
    let mut variables = app.variables();
    variables.push(("RUST_BACKTRACE".to_owned(), "full".to_owned()));
    let process = Process::serve(&variables).await;
    let mut story = Story::begin(app, &process);
    let people: Vec<Person> = (0..4).map(|number| story.person(&format!("person{number}@example.com"))).collect();
    let password = story.password.clone();
    let working = busy(&people, &password, &story.there);
    let arrived = "SELECT CAST(CASE WHEN COUNT(*) > 3 THEN 1 ELSE 0 END AS BIGINT) FROM pending_credentials";
    app.until(arrived, 1).await;
    let said = process.crash("-ABRT").await.join("\n");
    for task in working {
        task.await.unwrap();
    }
    let places = Places::from([("crash output".to_owned(), said.into_bytes())]);
    assert!(places["crash output"].windows(5).any(|window| window == b"TRACE"));
    let (leaks, _) = leaks(&story.secrets, &places);
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert_every_form_is_found_everywhere(&story.secrets, &places);
    // What was acknowledged is there after the crash, and the mails that were under way go out.
    app.clock.advance(std::time::Duration::from_mins(10));
    app.start_again().await;
    for person in &people {
        assert!(!app.inbox(&person.email).await.is_empty());
    }
    app.user("later@example.com").await;
});
