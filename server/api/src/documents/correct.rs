//! From what poem-openapi writes to a document that is valid, complete and the same every time.

use serde_json::{Map, Value, json};
use tacit_shared::codes::{Class, Code};

use super::{examples, schemas};
use crate::http::problem::MEDIA_TYPE;

/// Corrects one surface's document.
pub(super) fn correct(mut document: Value) -> Value {
    set(&mut document, "openapi", "3.1.0".into());
    set(&mut document, "servers", json!([{"url": "/", "description": "The server this document came from"}]));
    remove(&mut document, "webhooks");
    strip_charsets(&mut document);
    if let Some(license) = document.get_mut("info") {
        set(license, "license", json!({"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}));
    }
    for item in members_mut(document.get_mut("paths")) {
        for operation in members_mut(Some(item)) {
            correct_operation(operation);
        }
    }
    for schema in members_mut(document.pointer_mut("/components/schemas")) {
        schemas::correct(schema);
    }
    schemas::close_requests(&mut document);
    describe_answers(&mut document);
    examples::add(&mut document);
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

fn correct_operation(operation: &mut Value) {
    if operation.get("security").is_none() {
        set(operation, "security", json!([]));
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        remove(parameter, "explode");
        remove_if(parameter, "deprecated", &Value::Bool(false));
        if let Some(schema) = parameter.get_mut("schema") {
            schemas::correct(schema);
        }
    }
    let codes = codes_by_shape(operation);
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for code in codes {
        add_code(responses, code);
    }
    for (status, response) in responses.iter_mut() {
        complete_response(status, response);
    }
    sort_by_status(responses);
}

/// What can go wrong because of what an operation takes, whatever it does.
fn codes_by_shape(operation: &Value) -> Vec<Code> {
    let mut codes = Vec::new();
    let has_body = operation.get("requestBody").is_some();
    if has_body || operation.get("parameters").is_some() {
        codes.push(Code::InvalidRequest);
    }
    if has_body {
        codes.extend([Code::BodyTooLarge, Code::UnsupportedMediaType]);
    }
    if operation.get("security").and_then(Value::as_array).is_some_and(|schemes| !schemes.is_empty()) {
        codes.push(Code::Unauthenticated);
    }
    codes.extend([Code::Internal, Code::Unavailable]);
    codes
}

fn add_code(responses: &mut Map<String, Value>, code: Code) {
    let response = responses.entry(code.class().status().to_string()).or_insert_with(|| {
        json!({"content": {MEDIA_TYPE: {"schema": {"allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"code": {"type": "string", "enum": []}}},
        ]}}}})
    });
    let listed = response.get_mut("content").and_then(|content| content.get_mut(MEDIA_TYPE));
    let listed = listed.and_then(|media| media.pointer_mut("/schema/allOf/1/properties/code/enum"));
    if let Some(listed) = listed.and_then(Value::as_array_mut)
        && !listed.contains(&code.as_str().into())
    {
        listed.push(code.as_str().into());
    }
}

fn complete_response(status: &str, response: &mut Value) {
    for media in members_mut(response.get_mut("content")) {
        if let Some(schema) = media.get_mut("schema") {
            schemas::correct(schema);
        }
    }
    add_headers(status, response);
    let Some(media) = response.get("content").and_then(|content| content.get(MEDIA_TYPE)) else { return };
    let codes = problem_codes(status, media);
    let Some(first) = codes.first() else { return };
    let description: Vec<_> = codes.iter().map(|code| format!("- `{}`: {}", code.as_str(), code.detail())).collect();
    let example = json!({
        "type": format!("urn:tacit:problem:{}", first.as_str()),
        "title": first.title(),
        "status": first.class().status(),
        "code": first.as_str(),
        "detail": first.detail(),
    });
    set(response, "description", description.join("\n").into());
    if let Some(media) = response.get_mut("content").and_then(|content| content.get_mut(MEDIA_TYPE)) {
        set(media, "example", example);
    }
}

/// The codes an answer lists, looked up in the one table; two codes may share a name, never name and status.
fn problem_codes(status: &str, media: &Value) -> Vec<Code> {
    let listed = media.pointer("/schema/allOf/1/properties/code/enum").and_then(Value::as_array);
    let names = listed.into_iter().flatten().filter_map(Value::as_str);
    let find =
        |name| Code::ALL.iter().find(|code| code.as_str() == name && code.class().status().to_string() == status);
    names.filter_map(find).copied().collect()
}

fn add_headers(status: &str, response: &mut Value) {
    let mut headers = Map::new();
    for (name, header) in
        response.get_mut("headers").and_then(Value::as_object_mut).map(std::mem::take).into_iter().flatten()
    {
        headers.insert(usual_case(&name), header);
    }
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    headers.insert("X-Request-Id".to_owned(), text("Names this request in the server's log"));
    if status == Class::Unauthenticated.status().to_string() {
        headers.insert("WWW-Authenticate".to_owned(), text("`Bearer`, where an access token was missing or refused"));
    }
    if [Class::TooManyRequests, Class::Unavailable].iter().any(|class| class.status().to_string() == status) {
        let header = json!({"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}});
        headers.insert("Retry-After".to_owned(), header);
    }
    set(response, "headers", headers.into());
}

/// `SET-COOKIE` as poem-openapi writes it, `Set-Cookie` as everybody does.
fn usual_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().map(|letter| letter.to_ascii_uppercase());
        first.chain(letters.map(|letter| letter.to_ascii_lowercase())).collect::<String>()
    });
    words.collect::<Vec<_>>().join("-")
}

fn sort_by_status(responses: &mut Map<String, Value>) {
    let mut sorted: Vec<_> = std::mem::take(responses).into_iter().collect();
    sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
    *responses = sorted.into_iter().collect();
}

/// A successful answer is described by what it carries.
fn describe_answers(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for item in members_mut(document.get_mut("paths")) {
        for operation in members_mut(Some(item)) {
            for response in members_mut(operation.get_mut("responses")) {
                if response.get("description").and_then(Value::as_str).is_none_or(str::is_empty) {
                    let description = description_of(response, &schemas).unwrap_or_else(|| "Done.".to_owned());
                    set(response, "description", description.into());
                }
            }
        }
    }
}

fn description_of(response: &Value, schemas: &Value) -> Option<String> {
    let media = response.get("content")?.as_object()?.values().next()?;
    let reference = media.pointer("/schema/$ref")?.as_str()?;
    let schema = schemas.get(reference.rsplit('/').next()?)?;
    Some(schema.get("description")?.as_str()?.to_owned())
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
