//! What the two cookies add to the operations that read or set them; poem-openapi does not see cookies.

use serde_json::{Value, json};

use super::correct::set;
use crate::http::cookies::{HOST_PREFIX, REFRESH, STATE};
use crate::http::origins::CLIENT_HEADER;

/// Operations that set the refresh cookie, or take it back.
const SETTING: [&str; 5] = ["prove_login", "refresh_tokens", "logout", "delete_account", "exchange_oauth_code"];
/// Operations that then ask for the header against forged requests.
const GUARDED: [&str; 3] = ["prove_login", "refresh_tokens", "exchange_oauth_code"];

const REFRESH_SAYS: &str = "The refresh token, where it is not in the body.";
const STATE_SAYS: &str =
    "The sealed state that the beginning of this sign-in set; without it the answer is `oauth_state_mismatch`.";
/// Operations that read a cookie, its name, and what it is. None is marked as required: it has one of two names.
const READ: [(&str, &str, &str); 4] = [
    ("refresh_tokens", REFRESH, REFRESH_SAYS),
    ("finish_microsoft_login", STATE, STATE_SAYS),
    ("finish_oauth", STATE, STATE_SAYS),
    ("finish_oauth_posted", STATE, STATE_SAYS),
];

/// Describes cookies and header.
pub(super) fn describe(operation: &mut Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    if SETTING.contains(&id.as_str()) {
        let header = json!({
            "description": "The refresh cookie, where the refresh token travels as one",
            "schema": {"type": "string"},
        });
        for status in ["200", "204"] {
            if let Some(headers) = operation.pointer_mut(&format!("/responses/{status}/headers")) {
                set(headers, "Set-Cookie", header.clone());
            }
        }
    }
    if GUARDED.contains(&id.as_str()) {
        add_parameter(
            operation,
            json!({
                "name": usual_case(CLIENT_HEADER),
                "in": "header",
                "description": "Any value; needed, with an allowed `Origin`, where the refresh token travels as a cookie",
                "required": false,
                "schema": {"type": "string"},
                "example": "web",
            }),
        );
    }
    for (_, name, says) in READ.iter().filter(|(operation, ..)| *operation == id) {
        let description = format!("{says} Under https it is called `{HOST_PREFIX}{name}`");
        let cookie = json!({
            "name": name,
            "in": "cookie",
            "description": description,
            "required": false,
            "schema": {"type": "string"},
        });
        add_parameter(operation, cookie);
    }
}

fn add_parameter(operation: &mut Value, parameter: Value) {
    match operation.get_mut("parameters").and_then(Value::as_array_mut) {
        Some(parameters) => parameters.push(parameter),
        None => set(operation, "parameters", json!([parameter])),
    }
}

/// `X-Tacit-Client`, as people write header names.
fn usual_case(name: &str) -> String {
    let word = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
