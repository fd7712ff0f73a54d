//! A person with a password: the client's half of the protocol, on `tacit-shared`.

use serde_json::{Value, json};
use tacit_shared::encoding::to_hex;
use tacit_shared::sealed::{self, Purpose};
use tacit_shared::srp::client::{self as srp, ClientProof, Ephemeral};
use tacit_shared::srp::{Identity, Proof, PublicValue, Salt};
use tacit_shared::{confirm, kdf, preset};

use crate::seams::fresh_name;
use crate::{Answer, Client, OsEntropy};

/// The realm of the server under test.
pub(crate) const REALM: &str = "localhost";
/// The cheapest preset: tests log in often.
const PRESET: u16 = 3;

/// A password made into what the server keeps of it.
#[derive(Clone)]
pub struct NewCredential {
    identity: Identity,
    salt: Salt,
    preset: u16,
    x: [u8; 32],
    verifier: String,
}

impl NewCredential {
    /// Draws identity and salt, and derives the rest.
    #[must_use]
    pub fn of(password: &str) -> Self {
        Self::with_preset(password, PRESET)
    }

    /// The same under this preset.
    #[must_use]
    pub fn with_preset(password: &str, preset: u16) -> Self {
        let (identity, salt) = (Identity::random(&OsEntropy), Salt::random(&OsEntropy));
        let x = private_key(password, &identity, &salt, preset);
        let group = preset::find(preset).unwrap().group;
        let verifier = srp::verifier(group, &x).to_hex();
        Self { identity, salt, preset, x, verifier }
    }

    /// As it travels.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "identity": self.identity.as_str(),
            "salt": self.salt.to_hex(),
            "preset": self.preset,
            "verifier": self.verifier,
        })
    }

    /// Everything of it that must never be seen in a log or in clear in the database.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        vec![to_hex(&self.x), self.verifier.clone()]
    }
}

/// What a client derives from a password, none of which ever leaves it but the verifier.
pub struct Derived {
    /// What Argon2id makes of the password.
    pub master: [u8; 32],
    /// `P`: 64 hex digits.
    pub login: String,
    /// `W`.
    pub wrap: [u8; 32],
    /// `x`.
    pub private_key: [u8; 32],
    /// `v`, as it travels to the server once and lies there sealed.
    pub verifier: Vec<u8>,
}

impl Derived {
    /// From this password, with the identity and the salt of this credential.
    #[must_use]
    pub fn of(password: &str, credential: &NewCredential) -> Self {
        let preset = preset::find(credential.preset).unwrap();
        let (identity, salt) = (&credential.identity, &credential.salt);
        let secrets = kdf::derive(&mut kdf::Memory::default(), password, salt, preset, REALM, identity).unwrap();
        let params = argon2::Params::new(preset.memory_kib, preset.passes, 1, Some(32)).unwrap();
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut master = [0; 32];
        argon2.hash_password_into(password.as_bytes(), salt.as_bytes(), &mut master).unwrap();
        let private_key = *srp::private_key(identity, salt, secrets.login.as_bytes());
        let verifier = srp::verifier(preset.group, &private_key).to_hex();
        let verifier = (0..verifier.len()).step_by(2).map(|at| u8::from_str_radix(&verifier[at..at + 2], 16).unwrap());
        Self {
            master,
            login: secrets.login.to_string(),
            wrap: *secrets.wrap,
            private_key,
            verifier: verifier.collect(),
        }
    }
}

fn private_key(password: &str, identity: &Identity, salt: &Salt, number: u16) -> [u8; 32] {
    let preset = preset::find(number).unwrap();
    let secrets = kdf::derive(&mut kdf::Memory::default(), password, salt, preset, REALM, identity).unwrap();
    *srp::private_key(identity, salt, secrets.login.as_bytes())
}

/// Somebody with an address and a password.
#[derive(Clone)]
pub struct Person {
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What they made of it.
    pub credential: NewCredential,
    /// The ticket of their sign-up; shown at login only when `show_ticket` is set.
    pub ticket: Option<String>,
    show_ticket: bool,
    client: Client,
}

impl Person {
    /// Somebody with a password of their own.
    #[must_use]
    pub fn new(client: Client, email: &str) -> Self {
        let password = format!("a long password, {}", fresh_name());
        let credential = NewCredential::of(&password);
        Self { email: email.to_owned(), password, credential, ticket: None, show_ticket: false, client }
    }

    /// The same person, talking through another caller: another node, another origin.
    #[must_use]
    pub fn through(&self, client: &Client) -> Self {
        Self { client: client.clone(), ..self.clone() }
    }

    /// The same person with another password in mind.
    #[must_use]
    pub fn mistyping(&self, password: &str) -> Self {
        let mut person = self.clone();
        password.clone_into(&mut person.password);
        // Whatever is derived from the real password is forgotten.
        person.credential = NewCredential::of(password);
        person
    }

    /// The same person with another password, whose credential this is.
    #[must_use]
    pub fn with_password(&self, password: &str, credential: &NewCredential) -> Self {
        Self { password: password.to_owned(), credential: credential.clone(), ..self.clone() }
    }

    /// The same person with a credential of the preset that clients use by themselves.
    #[must_use]
    pub fn with_default_preset(&self) -> Self {
        self.with_preset(preset::DEFAULT.number)
    }

    /// The same person with a credential of this preset.
    #[must_use]
    pub fn with_preset(&self, preset: u16) -> Self {
        Self { credential: NewCredential::with_preset(&self.password, preset), ..self.clone() }
    }

    /// The same person, whose client still has the ticket of the sign-up.
    #[must_use]
    pub fn with_ticket(&self) -> Self {
        Self { show_ticket: true, ..self.clone() }
    }

    /// Signs up and keeps the ticket.
    pub async fn sign_up(&mut self) -> Answer {
        let answer = self.client.post("/api/auth/srp/sign-up", self.sign_up_body()).await;
        if answer.status == 201 {
            self.ticket = Some(answer.string("/ticket"));
        }
        answer
    }

    /// Signs up where the server may be away: `None` when nobody answers.
    pub async fn try_sign_up(&self) -> Option<Answer> {
        self.client.try_post("/api/auth/srp/sign-up", self.sign_up_body()).await
    }

    fn sign_up_body(&self) -> Value {
        json!({ "auth_id": self.email, "credential": self.credential.json() })
    }

    /// The first step of a login, whatever the answer.
    pub async fn try_begin_login(&self) -> Answer {
        let mut body = json!({ "auth_id": self.email });
        if let (true, Some(ticket)) = (self.show_ticket, &self.ticket) {
            body["ticket"] = json!(ticket);
        }
        self.client.post("/api/auth/srp/login/email", body).await
    }

    /// The first step of a login.
    pub async fn begin_login(&self) -> Handshake {
        Handshake::of(&self.try_begin_login().await.expect_status(200))
    }

    /// The second step: a fresh proof for this handshake.
    pub async fn prove(&self, handshake: &Handshake) -> Answer {
        self.prove_with(handshake, &json!({})).await
    }

    /// The second step with further members, such as `refresh_delivery`.
    pub async fn prove_with(&self, handshake: &Handshake, members: &Value) -> Answer {
        self.finish(handshake, members).await.0
    }

    /// The body of the second step, for those who want to spoil it.
    #[must_use]
    pub fn proof_body(&self, handshake: &Handshake) -> Value {
        let proof = self.proof(handshake);
        json!({ "handshake": handshake.sealed, "A": proof.public.to_hex(), "M1": proof.proof.to_hex() })
    }

    /// A whole attempt with a proof that is none, which takes no hashing; with further members in its second step.
    pub async fn guess(&self, members: &Value) -> Answer {
        let handshake = self.begin_login().await;
        let mut body = json!({ "handshake": handshake.sealed, "A": "02", "M1": "00".repeat(32) });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.client.post("/api/auth/srp/login/proof", body).await
    }

    /// A whole login, the server's own proof checked.
    pub async fn log_in(&self) -> User {
        self.log_in_with(&json!({})).await
    }

    /// A whole login with further members in its second step.
    pub async fn log_in_with(&self, members: &Value) -> User {
        let handshake = self.begin_login().await;
        let (answer, proof) = self.finish(&handshake, members).await;
        User::of(&self.client, answer.expect_status(200), &proof)
    }

    /// A whole login where the server may be away or refuse: what ended it, if anybody answered.
    ///
    /// # Errors
    /// The answer that was not 200; `None` when nobody answered.
    pub async fn try_log_in(&self) -> Result<User, Option<Box<Answer>>> {
        let body = json!({ "auth_id": self.email });
        let begun = succeeded(self.client.try_post("/api/auth/srp/login/email", body).await)?;
        self.try_prove(&Handshake::of(&begun)).await
    }

    /// The second step where the server may be away or refuse.
    ///
    /// # Errors
    /// As for [`Person::try_log_in`].
    pub async fn try_prove(&self, handshake: &Handshake) -> Result<User, Option<Box<Answer>>> {
        let proof = self.proof(handshake);
        let body = json!({ "handshake": handshake.sealed, "A": proof.public.to_hex(), "M1": proof.proof.to_hex() });
        let answer = succeeded(self.client.try_post("/api/auth/srp/login/proof", body).await)?;
        Ok(User::of(&self.client, answer, &proof))
    }

    async fn finish(&self, handshake: &Handshake, members: &Value) -> (Answer, ClientProof) {
        let proof = self.proof(handshake);
        let mut body = json!({ "handshake": handshake.sealed, "A": proof.public.to_hex(), "M1": proof.proof.to_hex() });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        (self.client.post("/api/auth/srp/login/proof", body).await, proof)
    }

    fn proof(&self, handshake: &Handshake) -> ClientProof {
        let group = preset::find(handshake.preset).unwrap().group;
        let own = self.credential.identity == handshake.identity && self.credential.salt == handshake.salt;
        let x = if own {
            self.credential.x
        } else {
            private_key(&self.password, &handshake.identity, &handshake.salt, handshake.preset)
        };
        let server = PublicValue::parse_hex(group, &handshake.server_public).unwrap();
        Ephemeral::new(group, &OsEntropy).prove(&handshake.identity, &handshake.salt, &x, &server).unwrap()
    }
}

fn succeeded(answer: Option<Answer>) -> Result<Answer, Option<Box<Answer>>> {
    match answer {
        Some(answer) if answer.status == 200 => Ok(answer),
        other => Err(other.map(Box::new)),
    }
}

/// The answer to the first step.
#[derive(Clone)]
pub struct Handshake {
    /// The server's sealed state.
    pub sealed: String,
    /// The SRP identity.
    pub identity: Identity,
    /// The salt.
    pub salt: Salt,
    /// The preset.
    pub preset: u16,
    /// `B` in hex.
    pub server_public: String,
}

impl Handshake {
    /// Reads it off an answer.
    #[track_caller]
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        Self {
            sealed: answer.string("/handshake"),
            identity: Identity::parse(&answer.string("/identity")).unwrap(),
            salt: Salt::parse(&answer.string("/salt")).unwrap(),
            preset: u16::try_from(answer.member("/preset").as_u64().unwrap()).unwrap(),
            server_public: answer.string("/B"),
        }
    }
}

/// Somebody who is logged in.
pub struct User {
    /// Calls with their access token.
    pub client: Client,
    /// Their id.
    pub id: String,
    /// Their session.
    pub session_id: String,
    /// The access token.
    pub access_token: String,
    /// The refresh token, when it came in the body.
    pub refresh_token: Option<String>,
    /// The whole answer.
    pub answer: Answer,
}

impl User {
    /// Fails unless the server proved itself and `confirm` covers what it handed out.
    #[track_caller]
    fn of(client: &Client, answer: Answer, proof: &ClientProof) -> Self {
        let m2 = Proof::parse(&answer.string("/M2")).unwrap();
        assert!(proof.server_proved(&m2), "the server did not prove itself");
        let (id, session_id) = (answer.string("/user_id"), answer.string("/session_id"));
        let access_token = answer.string("/tokens/access_token");
        let refresh_token = answer.json().pointer("/tokens/refresh_token").map(|t| t.as_str().unwrap().to_owned());
        let device_token = answer.json().get("device_token").map(|token| token.as_str().unwrap().to_owned());
        let session = confirm::Session {
            user_id: &id,
            session_id: &session_id,
            access_token: &access_token,
            refresh_token: refresh_token.as_deref(),
            token_type: &answer.string("/tokens/token_type"),
            expires_in: answer.member("/tokens/expires_in").as_u64().unwrap(),
            device_token: device_token.as_deref(),
        };
        let confirmed = to_hex(&confirm::compute(&proof.key, &session));
        assert_eq!(answer.string("/confirm"), confirmed, "confirm does not cover the answer");
        Self { client: client.bearer(&access_token), id, session_id, access_token, refresh_token, answer }
    }

    /// Changes the password; `members` go into what is sealed, beside the credential.
    pub async fn change_password(&self, person: &Person, new: &NewCredential, members: &Value) -> Answer {
        self.replace_credential(person, Purpose::Change, new, members).await
    }

    /// Puts a new credential in the old one's place.
    pub async fn replace_credential(
        &self,
        person: &Person,
        purpose: Purpose,
        new: &NewCredential,
        members: &Value,
    ) -> Answer {
        let handshake = self.begin(purpose).await;
        let mut sealed = json!({ "credential": new.json() });
        for (name, value) in members.as_object().unwrap() {
            sealed[name] = value.clone();
        }
        self.authorise(person, &handshake, purpose, sealed.to_string().as_bytes()).await
    }

    /// The first step of what a proof authorises.
    pub async fn begin(&self, purpose: Purpose) -> Handshake {
        let (path, body) = match purpose {
            Purpose::StepUp => ("/api/auth/srp/step-up/initiate", None),
            other => ("/api/auth/srp/password/change/initiate", Some(json!({ "purpose": other.as_str() }))),
        };
        let answer = match body {
            None => self.client.post_nothing(path).await,
            Some(body) => self.client.post(path, body).await,
        };
        Handshake::of(&answer.expect_status(200))
    }

    /// The second step: a proof, and what it authorises, sealed. Fails unless the server proves itself where it agrees.
    pub async fn authorise(&self, person: &Person, handshake: &Handshake, purpose: Purpose, plain: &[u8]) -> Answer {
        let (body, proof) = self.authorisation(person, handshake, purpose, plain);
        let (_, path) = purpose.request().expect("a purpose with a sealed body");
        let answer = self.client.post(path, body).await;
        let m2 = match answer.status {
            204 => Some(answer.header("m2")),
            200 => Some(answer.string("/M2")),
            _ => None,
        };
        if let Some(m2) = m2 {
            assert!(proof.server_proved(&Proof::parse(&m2).unwrap()), "the server did not prove itself");
        }
        answer
    }

    /// The body of the second step, for those who want to spoil it.
    #[must_use]
    pub fn authorisation(
        &self,
        person: &Person,
        handshake: &Handshake,
        purpose: Purpose,
        plain: &[u8],
    ) -> (Value, ClientProof) {
        let proof = person.proof(handshake);
        let context = sealed::Context::of(purpose, &self.session_id).expect("a purpose with a sealed body");
        let sealed = sealed::seal(&proof.key, context, plain, &OsEntropy).unwrap();
        let (a, m1) = (proof.public.to_hex(), proof.proof.to_hex());
        (json!({ "handshake": handshake.sealed, "A": a, "M1": m1, "sealed": sealed }), proof)
    }

    /// Shows the password again, as what is dangerous asks for.
    pub async fn step_up(&self, person: &Person) -> Answer {
        let handshake = self.begin(Purpose::StepUp).await;
        self.authorise(person, &handshake, Purpose::StepUp, b"").await
    }

    /// The refresh token that came in the body.
    #[track_caller]
    #[must_use]
    pub fn refresh_token(&self) -> &str {
        self.refresh_token.as_deref().expect("the refresh token came in the body")
    }
}
