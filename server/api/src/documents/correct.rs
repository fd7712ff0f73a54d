//! From what poem-openapi writes to a document that is valid, complete and the same every time.

use serde_json::{Map, Value, json};

use super::{callbacks, cookies, events, examples, rate_limits, responses, schemas, texts};

/// Corrects one surface's document.
pub(super) fn correct(mut document: Value) -> Value {
    set(&mut document, "openapi", "3.1.0".into());
    set(&mut document, "servers", json!([{"url": "/", "description": "The server this document came from"}]));
    remove(&mut document, "webhooks");
    strip_charsets(&mut document);
    if let Some(info) = document.get_mut("info") {
        set(info, "license", json!({"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}));
    }
    responses::add_components(&mut document);
    for schema in members_mut(document.pointer_mut("/components/schemas")) {
        schemas::correct(schema);
    }
    if let Some(known) = document.pointer_mut("/components/schemas") {
        texts::describe(known);
        callbacks::describe_form(known);
        schemas::add_formats(known);
        events::list(known);
    }
    let known = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for item in members_mut(document.get_mut("paths")) {
        for operation in members_mut(Some(item)) {
            correct_parameters(operation);
            if operation.get("security").is_none() {
                set(operation, "security", json!([]));
            }
            responses::correct(operation, &known);
            callbacks::describe(operation);
            cookies::describe(operation);
            rate_limits::describe(operation);
            examples::add(operation);
        }
    }
    responses::remove_unused(&mut document);
    schemas::close_requests(&mut document);
    document
}

/// `application/json; charset=utf-8` is how an answer is sent, not what its media type is.
fn strip_charsets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let renamed = std::mem::take(members).into_iter().map(|(name, mut value)| {
                strip_charsets(&mut value);
                (name.strip_suffix("; charset=utf-8").map_or(name.clone(), str::to_owned), value)
            });
            *members = renamed.collect();
        }
        Value::Array(items) => items.iter_mut().for_each(strip_charsets),
        _ => {}
    }
}

fn correct_parameters(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        remove(parameter, "explode");
        remove_if(parameter, "deprecated", &Value::Bool(false));
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(schema) = parameter.get_mut("schema") {
            schemas::correct(schema);
            texts::describe_parameter(&name, schema);
        }
    }
}

/// The members of an object, if it is one.
pub(super) fn members_mut(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
}

/// Sets a member of an object.
pub(super) fn set(value: &mut Value, name: &str, member: Value) {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), member);
    }
}

/// Removes a member of an object.
pub(super) fn remove(value: &mut Value, name: &str) -> Option<Value> {
    // `remove` would put the last member in its place where objects keep their order.
    value.as_object_mut().and_then(|members| members.shift_remove(name))
}

/// Removes a member that says nothing.
pub(super) fn remove_if(value: &mut Value, name: &str, unwanted: &Value) {
    if value.get(name) == Some(unwanted) {
        remove(value, name);
    }
}
