//! JSON bodies: what the parser refuses, the list of wrong fields explains; what it takes, the domain can read.

use serde_json::Value;
use tacit_shared::FieldError;

use crate::edits::choice;

/// As many as an answer lists.
const MOST_FIELDS: usize = 16;
/// Two names of 64 characters, a point between.
const LONGEST_NAME: usize = 129;

pub fn run(data: &[u8]) {
    let (kind, json) = choice(data);
    let Ok(value) = serde_json::from_slice::<Value>(json) else { return };
    if !value.is_object() {
        return;
    }
    let (accepted, wrong) = tacit_api::fuzz::body(kind, &value);
    assert!(wrong.len() <= MOST_FIELDS);
    for FieldError { name, .. } in &wrong {
        assert!(name.chars().count() <= LONGEST_NAME && !name.is_empty());
    }
    assert!(accepted || !wrong.is_empty(), "refused, and nobody is told why: {value}");
}
