//! Schemas from the dialect of OpenAPI 3.0 to JSON Schema 2020-12, which 3.1 uses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::correct::{members_mut, remove, remove_if, set};

/// Corrects a schema and all inside it.
pub(super) fn correct(schema: &mut Value) {
    // The title repeats the component's name.
    remove(schema, "title");
    remove_if(schema, "deprecated", &Value::Bool(false));
    correct_nullable(schema);
    correct_example(schema);
    correct_bounds(schema);
    flatten_reference(schema);
    for member in members_mut(schema.get_mut("properties")) {
        correct(member);
    }
    if let Some(items) = schema.get_mut("items") {
        correct(items);
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for inner in schema.get_mut(keyword).and_then(Value::as_array_mut).into_iter().flatten() {
            correct(inner);
        }
    }
}

fn correct_nullable(schema: &mut Value) {
    if remove(schema, "nullable") == Some(Value::Bool(true))
        && let Some(kind) = schema.get("type").cloned()
    {
        set(schema, "type", json!([kind, "null"]));
    }
}

fn correct_example(schema: &mut Value) {
    if let Some(example) = remove(schema, "example") {
        set(schema, "examples", json!([example]));
    }
}

/// Bounds are written as floating-point numbers, and exclusive ones as flags beside them.
fn correct_bounds(schema: &mut Value) {
    let is_integer = schema.get("type").and_then(Value::as_str) == Some("integer");
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        let Some(number) = schema.get(bound).cloned() else { continue };
        let number = if is_integer { whole(number) } else { number };
        if remove(schema, exclusive) == Some(Value::Bool(true)) {
            remove(schema, bound);
            set(schema, exclusive, number);
        } else {
            set(schema, bound, number);
        }
    }
}

fn whole(number: Value) -> Value {
    let text = number.to_string();
    text.strip_suffix(".0").and_then(|text| text.parse::<i64>().ok()).map_or(number, Value::from)
}

/// `allOf [reference, description]` was needed in 3.0; now a reference may have a description beside it.
fn flatten_reference(schema: &mut Value) {
    let Some([reference, _patch]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) else { return };
    let (Some(reference), Some(description)) = (reference.get("$ref").cloned(), schema.get("description").cloned())
    else {
        return;
    };
    *schema = json!({"$ref": reference, "description": description});
}

/// Says of ids that they are UUIDs wherever they are: a generated client would have two types for one thing.
pub(super) fn add_formats(schemas: &mut Value) {
    for schema in schemas.as_object_mut().into_iter().flatten().map(|(_, schema)| schema) {
        for member in ["user_id", "session_id"] {
            if let Some(property) = schema.get_mut("properties").and_then(|properties| properties.get_mut(member)) {
                set(property, "format", "uuid".into());
            }
        }
    }
}

/// Requests in JSON with members we do not know are refused; their schemas say so. A provider's form is taken as it comes.
pub(super) fn close_requests(document: &mut Value) {
    let mut closed = BTreeSet::new();
    for item in document.get("paths").and_then(Value::as_object).into_iter().flatten().map(|(_, item)| item) {
        for operation in item.as_object().into_iter().flatten().map(|(_, operation)| operation) {
            if let Some(body) = operation.pointer("/requestBody/content/application~1json") {
                collect_references(body, &mut closed);
            }
        }
    }
    let Some(schemas) = document.pointer_mut("/components/schemas") else { return };
    let mut waiting: Vec<String> = closed.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let Some(schema) = schemas.get_mut(&name) else { continue };
        // A text has no members.
        if schema.get("enum").is_none() {
            set(schema, "additionalProperties", false.into());
        }
        let mut inner = BTreeSet::new();
        collect_references(schema, &mut inner);
        waiting.extend(inner.into_iter().filter(|name| closed.insert(name.clone())));
    }
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
                found.insert(name.to_owned());
            }
            members.values().for_each(|member| collect_references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}
