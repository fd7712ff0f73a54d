//! One password's story, and what must not be found of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tacit_shared::encoding::{from_base64url, to_hex};
use tacit_shared::entropy::Entropy as _;
use tacit_shared::sealed::Purpose;
use tacit_tests::{
    Answer, App, Client, Derived, Mail, NewCredential, OsEntropy, Person, Process, Traces, Transcript, User,
};

use super::{ACTIVATE, METRICS_TOKEN, REFRESH};

/// What was written or said, by where.
pub(super) type Places = BTreeMap<String, Vec<u8>>;

pub(super) fn random_hex() -> String {
    let mut bytes = [0; 12];
    OsEntropy.fill(&mut bytes);
    to_hex(&bytes)
}

/// The story of one password, and what must not be found of it.
pub(super) struct Story<'a> {
    pub(super) app: &'a App,
    pub(super) there: Client,
    pub(super) transcript: Transcript,
    pub(super) secrets: Traces,
    pub(super) outputs: Places,
    pub(super) heart: String,
    pub(super) password: String,
}

impl<'a> Story<'a> {
    pub(super) fn begin(app: &'a App, process: &Process) -> Self {
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
    pub(super) fn person(&mut self, email: &str) -> Person {
        self.person_with(email, "password", &self.password.clone())
    }

    pub(super) fn person_with(&mut self, email: &str, what: &str, password: &str) -> Person {
        let person = self.app.stranger(email).through(&self.there).mistyping(password);
        self.watch(what, password, &person.credential);
        person
    }

    /// All that is made of a password with this credential is secret.
    pub(super) fn watch(&mut self, what: &str, password: &str, credential: &NewCredential) {
        let derived = Derived::of(password, credential);
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
    }

    /// A token or other text that is random bytes in base64url: as text and as bytes.
    pub(super) fn secret_text(&mut self, what: &str, text: &str) {
        self.secrets.add(what, text.as_bytes());
        if let Ok(bytes) = from_base64url(text.strip_prefix("rt_").unwrap_or(text))
            && bytes.len() >= 16
        {
            self.secrets.add(what, &bytes);
        }
    }

    pub(super) fn secrets_of_mail(&mut self, mail: &Mail) {
        self.secret_text("link", &mail.link_secret());
        self.secrets.add("code", mail.code().as_bytes());
        self.secrets.add("code", mail.code().replace('-', "").as_bytes());
    }

    pub(super) async fn sign_up(&mut self, person: &mut Person) -> Mail {
        person.sign_up().await.expect_status(201).done();
        let ticket = person.ticket.clone().unwrap();
        self.secret_text("ticket", &ticket);
        let mail = self.app.mail_to(&person.email).await;
        self.secrets_of_mail(&mail);
        mail
    }

    pub(super) async fn activate(&self, body: Value) {
        self.there.post(ACTIVATE, body).await.expect_status(200).done();
    }

    pub(super) fn tokens_of(&mut self, answer: &Answer) {
        let access = answer.string("/tokens/access_token");
        let (_, signature) = access.rsplit_once('.').unwrap();
        self.secrets.add("access token", access.as_bytes());
        self.secret_text("access token", signature);
        let in_body = answer.json().pointer("/tokens/refresh_token").map(|token| token.as_str().unwrap().to_owned());
        let in_cookie = || answer.header("set-cookie").split_once('=').unwrap().1.split_once(';').unwrap().0.to_owned();
        self.secret_text("refresh token", &in_body.unwrap_or_else(in_cookie));
    }

    pub(super) async fn log_in(&mut self, person: &Person, members: &Value) -> User {
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

    /// Proves the password in a session; what that authorises travels sealed.
    pub(super) async fn authorise(&mut self, user: &User, person: &Person, purpose: Purpose, plain: &Value) -> Answer {
        let handshake = user.begin(purpose).await;
        self.secret_text("handshake", &handshake.sealed);
        let plain = if plain.is_null() { String::new() } else { plain.to_string() };
        let (body, proof) = user.authorisation(person, &handshake, purpose, plain.as_bytes());
        for (what, bytes) in [
            ("client's A", from_hex(&proof.public.to_hex())),
            ("client's proof", proof.proof.as_bytes().to_vec()),
            ("K", proof.key.as_bytes().to_vec()),
        ] {
            self.secrets.add(what, &bytes);
        }
        self.secret_text("sealed body", body["sealed"].as_str().unwrap());
        let (_, path) = purpose.request().unwrap();
        let answer = user.client.post(path, body).await;
        let server_proof = match answer.status {
            204 => answer.header("m2"),
            200 => answer.string("/M2"),
            _ => return answer,
        };
        self.secrets.add("server's proof", &from_hex(&server_proof));
        answer
    }

    pub(super) async fn refresh(&mut self, client: &Client, body: Value) -> Answer {
        let answer = client.post(REFRESH, body).await.expect_status(200);
        self.tokens_of(&answer);
        answer
    }

    pub(super) async fn command(&mut self, arguments: &[&str]) -> String {
        let output = self.app.try_command(arguments).await;
        let name = format!("output of {}", arguments[..arguments.len().min(2)].join(" "));
        let said = [output.stdout.clone(), output.stderr].concat();
        self.outputs.entry(name).or_default().extend(said);
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What was said to clients, by request.
    pub(super) fn answers(&self) -> Places {
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
