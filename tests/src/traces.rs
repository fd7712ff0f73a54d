//! Finds secrets in bytes, in every form they could have been written in.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

/// Secrets to look for, each in all its forms.
#[derive(Default)]
pub struct Traces(Vec<Needle>);

struct Needle {
    secret: String,
    form: &'static str,
    bytes: Vec<u8>,
}

/// A secret in a form: `(secret, form)`.
pub type Trace = (String, &'static str);

/// A search for all of them at once.
pub struct Search<'a> {
    needles: &'a [Needle],
    automaton: AhoCorasick,
}

impl Traces {
    /// Looks for these bytes too.
    ///
    /// Shorter than six bytes they would be found by chance.
    pub fn add(&mut self, secret: &str, bytes: &[u8]) {
        assert!(bytes.len() >= 6, "{secret} is too short to be looked for");
        let secret = || secret.to_owned();
        self.0.extend(forms(bytes).into_iter().map(|(form, bytes)| Needle { secret: secret(), form, bytes }));
    }

    /// Every form of every secret, as it would be found.
    pub fn all(&self) -> impl Iterator<Item = (Trace, &[u8])> {
        self.0.iter().map(|needle| (needle.trace(), needle.bytes.as_slice()))
    }

    /// What finds them: it takes longer to make than to use.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        let automaton = AhoCorasick::new(self.0.iter().map(|needle| &needle.bytes)).unwrap();
        Search { needles: &self.0, automaton }
    }
}

impl Search<'_> {
    /// Which of them stand in these bytes, one within another, too.
    #[must_use]
    pub fn find(&self, haystack: &[u8]) -> BTreeSet<Trace> {
        let found: BTreeSet<_> = self.automaton.find_overlapping_iter(haystack).map(|one| one.pattern()).collect();
        found.into_iter().map(|pattern| self.needles[pattern.as_usize()].trace()).collect()
    }
}

impl Needle {
    fn trace(&self) -> Trace {
        (self.secret.clone(), self.form)
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
