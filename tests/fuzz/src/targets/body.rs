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
    assert!(!accepted || has_its_types(&value), "a value of another type than documented is taken: {value}");
    assert!(accepted || !wrong.is_empty(), "refused, and nobody is told why: {value}");
}

/// In a request every member is a text, but for `preset`, a number, and `credential`, an object.
fn has_its_types(value: &Value) -> bool {
    let Some(members) = value.as_object() else { return false };
    members.iter().filter(|(_, value)| !value.is_null()).all(|(name, value)| match name.as_str() {
        "preset" => value.is_u64(),
        "credential" => has_its_types(value),
        _ => value.is_string(),
    })
}
