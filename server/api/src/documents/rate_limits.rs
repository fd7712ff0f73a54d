//! The headers that tell a client how far its window is used up.

use serde_json::{Value, json};

use super::correct::set;

/// Operations that count in a window of their own, and say so in each answer.
const METERED: [&str; 14] = [
    "begin_password_change",
    "begin_step_up",
    "begin_login",
    "begin_microsoft_login",
    "begin_oauth",
    "exchange_microsoft_code",
    "exchange_oauth_code",
    "prove_login",
    "sign_up",
    "resend_activation",
    "refresh_tokens",
    "request_password_reset",
    "update_account",
    "export_account",
];

const NAMES: [(&str, &str); 3] = [
    ("X-RateLimit-Limit", "RateLimitLimit"),
    ("X-RateLimit-Remaining", "RateLimitRemaining"),
    ("X-RateLimit-Reset", "RateLimitReset"),
];

/// What the components say of them.
pub(super) fn components(headers: &mut Value) {
    let integer = |text: &str| json!({"description": text, "schema": {"type": "integer", "minimum": 0}});
    set(headers, "RateLimitLimit", integer("Requests in one window"));
    set(headers, "RateLimitRemaining", integer("Requests left in this window"));
    set(headers, "RateLimitReset", integer("When the next window begins, in Unix seconds"));
}

/// Adds them to an answer.
pub(super) fn add(headers: &mut Value) {
    for (name, component) in NAMES {
        set(headers, name, json!({"$ref": format!("#/components/headers/{component}")}));
    }
}

/// Adds them to the good answers of the operations that are metered.
pub(super) fn describe(operation: &mut Value) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    if METERED.contains(&id) {
        for status in ["200", "201", "205", "307"] {
            operation.pointer_mut(&format!("/responses/{status}/headers")).map(add);
        }
    }
}
