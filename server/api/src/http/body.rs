//! A JSON request body whose refusals name the fields that were wrong.

mod check;
pub(crate) mod forms;

use poem::{Request, RequestBody, Result};
use poem_openapi::payload::{Json, ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::ParseFromJSON;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tacit_shared::codes::Code;

use super::problem::Refusal;

/// A JSON object as request body. Like `Json`, but its document says `application/json` and nothing else, and a body
/// that does not fit is answered with the list of what does not.
pub(crate) struct Body<T>(pub T);

impl<T: ParseFromJSON> Payload for Body<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        Json::<T>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + DeserializeOwned> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(_request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = body.take()?.into_bytes().await.map_err(|_| Refusal::new(Code::InvalidRequest))?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| Refusal::new(Code::InvalidRequest))?;
        if !value.is_object() {
            return Err(Refusal::new(Code::InvalidRequest).into());
        }
        // Looked at again only when it does not parse: the parser stops at the first field and names Rust types.
        let copy = value.clone();
        let refuse = || Refusal::new(Code::InvalidRequest).with_fields(check::wrong_fields::<T>(&copy)).into();
        // poem-openapi takes numbers and truth values for texts, `null` for what is absent, and the last of two members
        // of one name. serde takes none of these but `null`, and knows no limits.
        if serde_json::from_slice::<T>(&bytes).is_err() || has_null(&copy) {
            return Err(refuse());
        }
        T::parse_from_json(Some(value)).map(Self).map_err(|_| refuse())
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

poem_openapi::impl_apirequest_for_payload!(Body<T>, T: ParseFromJSON + DeserializeOwned);
