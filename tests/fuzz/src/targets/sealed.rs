//! Sealed bodies: they open with the key and in the place they were made for, unchanged, and in no other way.

use std::sync::LazyLock;

use tacit_shared::sealed::{Context, Purpose, open, seal};
use tacit_shared::srp::client::{self, Ephemeral};
use tacit_shared::srp::{Group, Identity, Salt, SessionKey, server};

use crate::edits::{choice, edited};
use crate::world::Counting;

static KEYS: LazyLock<[SessionKey; 2]> = LazyLock::new(|| [key(1), key(2)]);

/// A key as there is one after a login.
fn key(seed: u64) -> SessionKey {
    let entropy = Counting::new(seed);
    let (group, identity, salt) = (Group::G2048, Identity::random(&entropy), Salt::random(&entropy));
    let x = client::private_key(&identity, &salt, b"p");
    let challenge = server::challenge(group, &client::verifier(group, &x), &entropy);
    Ephemeral::new(group, &entropy).prove(&identity, &salt, &x, &challenge.public).ok().expect("a proof").key
}

pub fn run(data: &[u8]) {
    let (kind, rest) = choice(data);
    let place = Context { purpose: Purpose::Change, session_id: "s", method: "POST", path: "/p" };
    let [key, other] = &*KEYS;
    if kind % 2 == 0 {
        if let Ok(text) = std::str::from_utf8(rest) {
            assert!(open(key, place, text).is_err(), "a made-up body opens");
        }
        return;
    }
    let (length, rest) = choice(rest);
    let (plain, rest) = rest.split_at(usize::from(length).min(rest.len()));
    let (path, changes) = rest.split_at(usize::from(kind / 2).min(rest.len()));
    let path = String::from_utf8_lossy(path);
    let here = Context { path: &path, ..place };
    let text = seal(key, here, plain, &Counting::default()).expect("short enough");
    assert_eq!(open(key, here, &text).expect("it opens").as_slice(), plain);
    assert!(open(other, here, &text).is_err(), "opens under another key");
    for elsewhere in [
        Context { purpose: Purpose::Upgrade, ..here },
        Context { session_id: "", ..here },
        Context { method: "PUT", ..here },
        Context { path: &format!("{path}/"), ..here },
        Context { session_id: "sPOST", method: "", ..here },
    ] {
        assert!(open(key, elsewhere, &text).is_err(), "opens in another place");
    }
    let changed = edited(text.as_bytes(), changes);
    if let Ok(changed) = std::str::from_utf8(&changed) {
        assert_eq!(open(key, here, changed).is_ok(), changed == text, "an altered body opens");
    }
}
