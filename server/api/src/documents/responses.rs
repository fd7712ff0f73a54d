//! The answers of an operation: each status once, each with its codes, what all share written once.

use std::collections::BTreeMap;

use poem_openapi::registry::Registry;
use poem_openapi::types::Type;
use serde_json::{Map, Value, json};
use tacit_shared::codes::{Class, Code};

use super::correct::set;
use super::{callbacks, rate_limits, schemas};
use crate::http::problem::{MEDIA_TYPE, Problem};

/// Codes that follow from what an operation takes, whatever it does. Each has one answer, shared by all operations.
const SHARED: [Code; 8] = [
    Code::InvalidRequest,
    Code::Unauthenticated,
    Code::RequestTimeout,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::TooManyRequests,
    Code::Internal,
    Code::Unavailable,
];

/// Operations that answer whoever asks, however often.
const UNLIMITED: [&str; 2] = ["get_health", "get_metrics"];

/// Adds what answers refer to: the shape of a problem, the shared answers, the headers.
pub(super) fn add_components(document: &mut Value) {
    let mut registry = Registry::new();
    Problem::register(&mut registry);
    let Some(components) = document.get_mut("components") else { return };
    if let Some(known) = components.get_mut("schemas").and_then(Value::as_object_mut) {
        for (name, schema) in registry.schemas {
            known.entry(name).or_insert_with(|| serde_json::to_value(schema).unwrap_or_default());
        }
        known.sort_keys();
    }
    let shared = SHARED.iter().map(|code| (component(*code), problem(&[*code])));
    set(components, "responses", shared.collect::<Map<_, _>>().into());
    set(components, "headers", headers());
}

/// Takes the shared answers out again that no operation refers to.
pub(super) fn remove_unused(document: &mut Value) {
    let paths = document.get("paths").map(Value::to_string).unwrap_or_default();
    if let Some(shared) = document.pointer_mut("/components/responses").and_then(Value::as_object_mut) {
        shared.retain(|name, _| paths.contains(&format!("\"#/components/responses/{name}\"")));
    }
}

fn headers() -> Value {
    let mut headers = json!({
        "RequestId": {"description": "Names this request in the server's log", "schema": {"type": "string"}},
        "RetryAfter": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}},
        "Challenge": {"description": "`Bearer`: an access token is missing or refused", "schema": {"type": "string"}},
    });
    rate_limits::components(&mut headers);
    headers
}

/// Rewrites the answers of an operation.
pub(super) fn correct(operation: &mut Value, known: &Value) {
    let by_shape = codes_by_shape(operation);
    let written = operation.get("responses").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut answers = BTreeMap::new();
    let mut problems: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for (status, response) in written {
        match listed_codes(&status, &response) {
            Some(codes) => problems.entry(number(&status)).or_default().extend(codes),
            None => drop(answers.insert(number(&status), success(response, known))),
        }
    }
    for code in by_shape {
        let codes = problems.entry(code.class().status()).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    for (status, codes) in problems {
        // A page beside it is this operation's own.
        let is_shared = codes.len() == 1 && !callbacks::is_told(operation, status);
        let shared = codes.as_slice().first().filter(|code| is_shared && SHARED.contains(code));
        let reference = |code: &Code| json!({"$ref": format!("#/components/responses/{}", component(*code))});
        answers.entry(status).or_insert_with(|| shared.map_or_else(|| problem(&codes), reference));
    }
    let answers: Map<_, _> = answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect();
    set(operation, "responses", answers.into());
}

fn codes_by_shape(operation: &Value) -> Vec<Code> {
    let mut codes = Vec::new();
    let has_body = operation.get("requestBody").is_some();
    let parameters = operation.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has_parameter = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    if has_body || has_parameter("query") {
        codes.push(Code::InvalidRequest);
    }
    // A path that does not parse names nothing that exists.
    if has_parameter("path") {
        codes.push(Code::NotFound);
    }
    if has_body {
        codes.extend([Code::RequestTimeout, Code::BodyTooLarge, Code::UnsupportedMediaType]);
    }
    let schemes = operation.get("security").and_then(Value::as_array);
    // An empty scheme among them says that it goes without, too.
    if schemes.is_some_and(|schemes| !schemes.is_empty() && !schemes.contains(&json!({}))) {
        codes.push(Code::Unauthenticated);
    }
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    if !UNLIMITED.contains(&id) {
        codes.push(Code::TooManyRequests);
    }
    codes.extend([Code::Internal, Code::Unavailable]);
    codes
}

/// The codes an answer lists, if it is a problem, looked up in the one table by name and status.
fn listed_codes(status: &str, response: &Value) -> Option<Vec<Code>> {
    let media = response.get("content")?.get(MEDIA_TYPE)?;
    let names = media.pointer("/schema/allOf/1/properties/code/enum")?.as_array()?;
    let find = |name: &Value| {
        let is_it = |code: &&Code| name == code.as_str() && code.class().status() == number(status);
        Code::ALL.iter().find(is_it).copied()
    };
    Some(names.iter().filter_map(find).collect())
}

fn number(status: &str) -> u16 {
    status.parse().unwrap_or(Class::Internal.status())
}

/// `InvalidRequest`, as the component is called.
fn component(code: Code) -> String {
    format!("{code:?}")
}

/// An answer that is a problem with one of these codes, so that generated clients know the codes as types.
fn problem(codes: &[Code]) -> Value {
    let Some(first) = codes.first() else { return Value::Null };
    let description = match codes {
        [only] => format!("`{}`: {}", only.as_str(), only.detail()),
        _ => {
            codes.iter().map(|code| format!("- `{}`: {}", code.as_str(), code.detail())).collect::<Vec<_>>().join("\n")
        }
    };
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    json!({
        "description": description,
        "headers": headers_of(first.class(), codes.contains(&Code::Unauthenticated)),
        "content": {MEDIA_TYPE: {
            "schema": {
                "allOf": [
                    {"$ref": "#/components/schemas/Problem"},
                    {"type": "object", "properties": {"code": {"type": "string", "enum": names}}},
                ],
            },
            "example": {
                "type": format!("urn:tacit:problem:{}", first.as_str()),
                "title": first.title(),
                "status": first.class().status(),
                "code": first.as_str(),
                "detail": first.detail(),
            },
        }},
    })
}

fn headers_of(class: Class, challenges: bool) -> Value {
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/RequestId"}});
    if challenges {
        set(&mut headers, "WWW-Authenticate", json!({"$ref": "#/components/headers/Challenge"}));
    }
    if class == Class::TooManyRequests {
        rate_limits::add(&mut headers);
    }
    if matches!(class, Class::TooManyRequests | Class::Unavailable) {
        set(&mut headers, "Retry-After", json!({"$ref": "#/components/headers/RetryAfter"}));
    }
    headers
}

/// An answer that is no problem, described by what it carries.
fn success(mut response: Value, known: &Value) -> Value {
    let said = response.get("description").and_then(Value::as_str);
    // By its full name: poem-openapi's `Type` has an `is_empty` of its own for `&str`, which is never true.
    let said = said.filter(|text| !str::is_empty(text)).map(str::to_owned);
    let description = said.or_else(|| description_of(&response, known)).unwrap_or_else(|| "Done.".to_owned());
    let mut headers = headers_of(Class::Internal, false);
    for (name, own) in response.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let mut own = own.clone();
        // What poem writes and OpenAPI takes for granted.
        if let Some(own) = own.as_object_mut() {
            own.retain(|word, value| !matches!(word.as_str(), "style" | "deprecated") && !value.is_null());
        }
        set(&mut headers, name, own);
    }
    let mut answer = json!({"description": description, "headers": headers});
    if let Some(content) = response.get_mut("content").map(Value::take) {
        set(&mut answer, "content", content);
    }
    for media in super::correct::members_mut(answer.get_mut("content")) {
        if let Some(schema) = media.get_mut("schema") {
            schemas::correct(schema);
        }
    }
    answer
}

fn description_of(response: &Value, known: &Value) -> Option<String> {
    let media = response.get("content")?.as_object()?.values().next()?;
    let reference = media.pointer("/schema/$ref")?.as_str()?;
    let schema = known.get(reference.rsplit('/').next()?)?;
    Some(schema.get("description")?.as_str()?.to_owned())
}
