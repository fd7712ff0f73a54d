//! A JSON request body whose refusals name the fields that were wrong.

mod check;
pub(crate) mod forms;
mod json;

use mime::Mime;
use poem::{Request, RequestBody, Result};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde_json::Value;
use tacit_shared::codes::Code;

use super::problem::Refusal;

/// A JSON object as request body. Like `Json`, but its document says `application/json` and nothing else, and a body
/// that does not fit is answered with the list of what does not.
pub(crate) struct Body<T>(pub T);

impl<T: ParseFromJSON + ToJSON> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        is_json(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + ToJSON> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(_request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = body.take()?.into_bytes().await.map_err(|_| Refusal::new(Code::InvalidRequest))?;
        let value = json::parse(&bytes).ok_or(Refusal::new(Code::InvalidRequest))?;
        if !value.is_object() {
            return Err(Refusal::new(Code::InvalidRequest).into());
        }
        // Looked at again only when it does not parse: the parser stops at the first field and names Rust types.
        let copy = value.clone();
        match T::parse_from_json(Some(value)) {
            Ok(parsed) if !has_bare_values(&copy) || !is_converted(&copy, &parsed.to_json().unwrap_or_default()) => {
                Ok(Self(parsed))
            }
            _ => Err(Refusal::new(Code::InvalidRequest).with_fields(check::wrong_fields::<T>(&copy)).into()),
        }
    }
}

poem_openapi::impl_apirequest_for_payload!(Body<T>, T: ParseFromJSON + ToJSON);

/// Whether there is a number or a truth value anywhere in it.
fn has_bare_values(value: &Value) -> bool {
    match value {
        Value::Number(_) | Value::Bool(_) => true,
        Value::Object(members) => members.values().any(has_bare_values),
        Value::Array(items) => items.iter().any(has_bare_values),
        Value::Null | Value::String(_) => false,
    }
}

/// Whether a number or a truth value was taken for a text: poem-openapi's parser does that, and its documents say
/// otherwise.
fn is_converted(given: &Value, taken: &Value) -> bool {
    match (given, taken) {
        (Value::Number(_) | Value::Bool(_), Value::String(_)) => true,
        (Value::Object(given), Value::Object(taken)) => {
            given.iter().any(|(name, value)| taken.get(name).is_some_and(|taken| is_converted(value, taken)))
        }
        (Value::Array(given), Value::Array(taken)) => {
            given.iter().zip(taken).any(|(given, taken)| is_converted(given, taken))
        }
        _ => false,
    }
}

/// Whether a media type is JSON, in the one encoding that JSON has (RFC 8259 §8.1).
fn is_json(content_type: &str) -> bool {
    let Ok(kind) = content_type.parse::<Mime>() else { return false };
    let is_json =
        kind.type_() == mime::APPLICATION && (kind.subtype() == mime::JSON || kind.suffix() == Some(mime::JSON));
    is_json && kind.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8)
}
