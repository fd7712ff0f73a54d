//! Where a secret is looked for, and where it may be found.

use std::collections::BTreeSet;

use serde_json::json;
use tacit_tests::{Engine, Person, Traces};

use super::story::{Places, Story, random_hex};

/// Where a secret may be found: its name and the place's. Everywhere else it is a leak.
pub(super) const MAY_BE_FOUND: &[(&str, &str)] = &[
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
    ("handshake", "answers to POST /api/auth/srp/password/change/initiate"),
    ("handshake", "answers to POST /api/auth/srp/step-up/initiate"),
    ("server's proof", "answers to POST /api/auth/srp/login/proof"),
    ("server's proof", "answers to POST /api/auth/srp/password/change/confirm"),
    ("server's proof", "answers to POST /api/auth/srp/step-up/confirm"),
];

/// Texts that are allowed to be seen, to see that they would be.
pub(super) struct Seed(String);

impl Seed {
    pub(super) async fn plant(story: &mut Story<'_>, root: &Person) -> Self {
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
    pub(super) fn assert_found(&self, places: &Places, engine: Engine) {
        let mut traces = Traces::default();
        traces.add("seed", self.0.as_bytes());
        let search = traces.search();
        let found: BTreeSet<&str> = places
            .iter()
            .filter(|(_, bytes)| !search.find(bytes).is_empty())
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

pub(super) async fn kept(story: &Story<'_>, when: &str) -> Places {
    let mut places = Places::new();
    for (name, bytes) in story.app.database.files().await {
        places.insert(format!("{when}: {name}"), bytes);
    }
    places.insert(format!("{when}: rows"), story.app.database.rows().await.into_bytes());
    places
}

pub(super) fn leaks(secrets: &Traces, places: &Places) -> (Vec<String>, BTreeSet<(&'static str, &'static str)>) {
    let (mut leaks, mut used) = (Vec::new(), BTreeSet::new());
    let search = secrets.search();
    for (place, bytes) in places {
        for (secret, form) in search.find(bytes) {
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

/// Whatever the form and the place: what is put there is found. The database's files are many, and one stands for all.
pub(super) fn assert_every_form_is_found_everywhere(secrets: &Traces, places: &Places) {
    let search = secrets.search();
    let is_file = |place: &str| place.contains(": ") && place.contains('/');
    let one_file = places.keys().find(|place| is_file(place));
    for (place, bytes) in places.iter().filter(|(place, _)| !is_file(place) || Some(*place) == one_file) {
        let mut seeded = bytes[..bytes.len().min(1024)].to_vec();
        for (_, needle) in secrets.all() {
            seeded.extend_from_slice(needle);
            seeded.push(b'|');
        }
        let found = search.find(&seeded);
        for (trace, _) in secrets.all() {
            assert!(found.contains(&trace), "{trace:?} in {place}");
        }
    }
}
