//! What a browser meets on its way back from a provider, of which poem-openapi sees the JSON only.

use serde_json::{Value, json};
use tacit_shared::codes::Class;

use super::correct::set;

/// Operations that a provider sends the browser back to.
const CALLBACKS: [&str; 3] = ["finish_microsoft_login", "finish_oauth", "finish_oauth_posted"];

/// The form of those that a provider posts.
const FORM: &str = "AuthorizationResponse";

/// What a sign-in itself ends in; everything else is refused before, and to browsers as to programs.
const TOLD: [Class; 7] = [
    Class::BadRequest,
    Class::Unauthenticated,
    Class::Forbidden,
    Class::NotFound,
    Class::Conflict,
    Class::Internal,
    Class::Unavailable,
];

/// Whether an answer of this status comes as a page to a browser.
pub(super) fn is_told(operation: &Value, status: u16) -> bool {
    is_callback(operation) && TOLD.iter().any(|class| class.status() == status)
}

fn is_callback(operation: &Value) -> bool {
    operation.get("operationId").and_then(Value::as_str).is_some_and(|id| CALLBACKS.contains(&id))
}

/// Describes the pages, the cookie that is taken back, and the parameter that no answer of a provider goes without.
pub(super) fn describe(operation: &mut Value) {
    if !is_callback(operation) {
        return;
    }
    for status in TOLD.map(Class::status) {
        let Some(answer) = operation.pointer_mut(&format!("/responses/{status}")) else { continue };
        if let Some(content) = answer.get_mut("content") {
            set(content, "text/html", json!({"schema": {"type": "string"}}));
        }
        if let Some(headers) = answer.get_mut("headers") {
            let cookie = "Takes the state cookie back, where the sign-in that this browser began is over";
            set(headers, "Set-Cookie", json!({"description": cookie, "schema": {"type": "string"}}));
        }
        if let Some(description) = answer.get("description").and_then(Value::as_str).map(str::to_owned) {
            let page = "\n\nA browser, which names `text/html` among what it accepts, gets a page that says so.";
            set(answer, "description", (description + page).into());
        }
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        if parameter.get("in").and_then(Value::as_str) == Some("query") {
            require_state(parameter);
        }
    }
}

fn require_state(parameter: &mut Value) {
    if parameter.get("name").and_then(Value::as_str) != Some("state") {
        return;
    }
    set(parameter, "required", true.into());
    if let Some(schema) = parameter.get_mut("schema") {
        set(schema, "minLength", 1.into());
    }
}

/// The same of the form that is posted.
pub(super) fn describe_form(schemas: &mut Value) {
    let Some(form) = schemas.get_mut(FORM) else { return };
    set(form, "required", json!(["state"]));
    if let Some(state) = form.pointer_mut("/properties/state") {
        set(state, "minLength", 1.into());
    }
}
