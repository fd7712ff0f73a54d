//! What the refresh cookie adds to the operations that read or set it; poem-openapi does not see cookies.

use serde_json::{Value, json};

use super::correct::set;
use crate::http::origins::CLIENT_HEADER;

/// Operations that set the cookie, or take it back.
const SETTING: [&str; 5] = ["prove_login", "refresh_tokens", "logout", "delete_account", "exchange_oauth_code"];
/// Operations that then ask for the header against forged requests.
const GUARDED: [&str; 3] = ["prove_login", "refresh_tokens", "exchange_oauth_code"];

/// Describes cookie and header.
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
        let header = json!({
            "name": usual_case(CLIENT_HEADER),
            "in": "header",
            "description": "Any value; needed, with an allowed `Origin`, where the refresh token travels as a cookie",
            "required": false,
            "schema": {"type": "string"},
            "example": "web",
        });
        set(operation, "parameters", json!([header]));
    }
}

/// `X-Tacit-Client`, as people write header names.
fn usual_case(name: &str) -> String {
    let word = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
