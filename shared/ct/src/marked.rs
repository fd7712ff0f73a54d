//! Secrets that memcheck knows to be secrets.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::hint::black_box;

use tacit_shared::Entropy;

use crate::memcheck;

/// The bytes, marked.
pub fn secret(bytes: &[u8]) -> Vec<u8> {
    let copy = black_box(bytes.to_vec());
    memcheck::mark_secret(&copy);
    copy
}

/// An exponent, marked.
pub fn secret_scalar(bytes: &[u8]) -> [u8; 32] {
    let mut copy: [u8; 32] = bytes.try_into().expect("32 bytes");
    memcheck::mark_secret(black_box(&mut copy));
    copy
}

/// The text, marked.
pub fn secret_text(text: &str) -> String {
    let copy = black_box(text.to_owned());
    memcheck::mark_secret(copy.as_bytes());
    copy
}

/// A copy of a secret result that may be compared with what is expected.
///
/// It fails where the result carries no mark: then the marks were lost on the way, and the check saw nothing.
pub fn published(name: &str, bytes: &[u8]) -> Vec<u8> {
    assert!(memcheck::is_secret(black_box(bytes)), "{name} carries no mark: the check is blind");
    let mut copy = black_box(bytes.to_vec());
    memcheck::mark_public(&mut copy);
    copy
}

/// The same for a verdict.
pub fn published_verdict(name: &str, verdict: u8) -> bool {
    published(name, &[verdict]) == [1]
}

/// Hands out what a vector lists, marked, and nothing else.
pub struct Drawn(RefCell<VecDeque<Vec<u8>>>);

impl Drawn {
    /// These, one a call.
    pub fn new<const N: usize>(draws: [&[u8]; N]) -> Self {
        Self(RefCell::new(draws.iter().map(|draw| draw.to_vec()).collect()))
    }
}

impl Entropy for Drawn {
    fn fill(&self, out: &mut [u8]) {
        let next = self.0.borrow_mut().pop_front().expect("a draw for every call");
        out.copy_from_slice(&next);
        memcheck::mark_secret(out);
    }
}
