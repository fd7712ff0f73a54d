//! Finds secrets in bytes, in every form they could have been written in.

use std::collections::{BTreeMap, BTreeSet};

/// Secrets to look for, each in all its forms.
#[derive(Default)]
pub struct Traces {
    /// By their first two bytes: many needles, one walk.
    needles: BTreeMap<[u8; 2], Vec<Needle>>,
}

struct Needle {
    secret: String,
    form: &'static str,
    bytes: Vec<u8>,
}

/// A secret in a form: `(secret, form)`.
pub type Trace = (String, &'static str);

impl Traces {
    /// Looks for these bytes too.
    ///
    /// Shorter than six bytes they would be found by chance.
    pub fn add(&mut self, secret: &str, bytes: &[u8]) {
        assert!(bytes.len() >= 6, "{secret} is too short to be looked for");
        for (form, bytes) in forms(bytes) {
            let first = [bytes[0], bytes[1]];
            self.needles.entry(first).or_default().push(Needle { secret: secret.to_owned(), form, bytes });
        }
    }

    /// Every form of every secret, as it would be found.
    pub fn all(&self) -> impl Iterator<Item = (Trace, &[u8])> {
        self.needles.values().flatten().map(|needle| ((needle.secret.clone(), needle.form), needle.bytes.as_slice()))
    }

    /// Which of them stand in these bytes.
    #[must_use]
    pub fn find(&self, haystack: &[u8]) -> BTreeSet<Trace> {
        let mut begins = vec![false; 1 << 16];
        for first in self.needles.keys() {
            begins[usize::from(u16::from_be_bytes(*first))] = true;
        }
        let mut found = BTreeSet::new();
        for at in 0..haystack.len().saturating_sub(1) {
            let first = [haystack[at], haystack[at + 1]];
            if begins[usize::from(u16::from_be_bytes(first))] {
                let here = self.needles[&first].iter().filter(|needle| haystack[at..].starts_with(&needle.bytes));
                found.extend(here.map(|needle| (needle.secret.clone(), needle.form)));
            }
        }
        found
    }
}

/// As they are, as hex, as base64 of both alphabets wherever in a longer text, escaped.
fn forms(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = tacit_shared::encoding::to_hex(bytes);
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let mut forms = vec![
        ("raw", bytes.to_vec()),
        ("hex", hex.clone().into_bytes()),
        ("hex in capitals", hex.to_uppercase().into_bytes()),
        ("a list of numbers", list.join(", ").into_bytes()),
        ("a list of numbers", list.join(",").into_bytes()),
    ];
    for text in base64_inside(bytes) {
        forms.push(("base64url", text.replace('+', "-").replace('/', "_").into_bytes()));
        forms.push(("base64", text.into_bytes()));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let json = serde_json::Value::from(text).to_string();
        forms.push(("JSON", json.as_bytes()[1..json.len() - 1].to_vec()));
        forms.push(("debug", text.escape_debug().to_string().into_bytes()));
        let url: String = bytes
            .iter()
            .map(
                |byte| {
                    if byte.is_ascii_alphanumeric() { char::from(*byte).to_string() } else { format!("%{byte:02X}") }
                },
            )
            .collect();
        forms.push(("a URL", url.into_bytes()));
    }
    forms
}

/// The characters of base64 that only these bytes decide, for each place they can stand at.
fn base64_inside(bytes: &[u8]) -> [String; 3] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [0, 1, 2].map(|shift| {
        let shifted = [vec![0; shift], bytes.to_vec()].concat();
        let (first, last) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
        let bit = |at: usize| usize::from(shifted[at / 8] >> (7 - at % 8) & 1);
        let sextet = |at: usize| (0..6).fold(0, |sextet, bit_at| sextet << 1 | bit(at * 6 + bit_at));
        (first..last).map(|at| char::from(ALPHABET[sextet(at)])).collect()
    })
}
