//! A JSON request body whose refusals name the fields that were wrong.

mod check;
pub(crate) mod forms;
mod json;

use mime::Mime;
use poem::{Request, RequestBody, Result};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::ParseFromJSON;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tacit_shared::FieldError;
use tacit_shared::codes::Code;

use super::problem::Refusal;

/// A JSON object as request body. Like `Json`, but its document says `application/json` and nothing else, and a body
/// that does not fit is answered with the list of what does not.
pub(crate) struct Body<T>(pub T);

impl<T: ParseFromJSON> Payload for Body<T> {
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

impl<T: ParseFromJSON + DeserializeOwned> ParsePayload for Body<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(_request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = body.take()?.into_bytes().await.map_err(|_| Refusal::new(Code::InvalidRequest))?;
        let value = json::parse(&bytes).ok_or(Refusal::new(Code::InvalidRequest))?;
        if !value.is_object() {
            return Err(Refusal::new(Code::InvalidRequest).into());
        }
        parse(value).map(Self).map_err(|wrong| Refusal::new(Code::InvalidRequest).with_fields(wrong).into())
    }
}

/// For the fuzz target: whether the parser takes a value, and what the list of wrong fields says of it.
#[cfg(fuzzing)]
pub(crate) fn both<T: ParseFromJSON + DeserializeOwned>(value: &Value) -> (bool, Vec<FieldError>) {
    (parse::<T>(value.clone()).is_ok(), check::wrong_fields::<T>(value))
}

/// The message, or what is wrong with it.
///
/// poem-openapi takes numbers and truth values for texts, and `null` for what is absent; serde takes neither but `null`, and
/// knows no limits. The list is made only for what one of them refuses: they stop at the first field and name Rust types.
fn parse<T: ParseFromJSON + DeserializeOwned>(value: Value) -> std::result::Result<T, Vec<FieldError>> {
    let wrong = check::wrong_fields::<T>;
    if has_null(&value) || T::deserialize(&value).is_err() {
        return Err(wrong(&value));
    }
    let copy = value.clone();
    T::parse_from_json(Some(value)).map_err(|_| wrong(&copy))
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

poem_openapi::impl_apirequest_for_payload!(Body<T>, T: ParseFromJSON + DeserializeOwned);

/// As [`Body`], for a message that need not say anything: no body says as much as `{}`.
pub(crate) struct OptionalBody<T>(pub T);

impl<'a, T: ParseFromJSON + DeserializeOwned + Default> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Body::<T>::request_meta().map(|meta| MetaRequest { required: false, ..meta })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let is_other = request.content_type().is_some_and(|content_type| !is_json(content_type));
        if !is_other {
            let bytes = body.take()?.into_bytes().await.map_err(|_| Refusal::new(Code::InvalidRequest))?;
            if bytes.is_empty() {
                return Ok(Self(T::default()));
            }
            *body = RequestBody::new(bytes.into());
        }
        <Body<T> as ApiExtractor>::from_request(request, body, options).await.map(|Body(message)| Self(message))
    }
}

/// Whether a media type is JSON, in the one encoding that JSON has (RFC 8259 §8.1).
fn is_json(content_type: &str) -> bool {
    let Ok(kind) = content_type.parse::<Mime>() else { return false };
    let is_json =
        kind.type_() == mime::APPLICATION && (kind.subtype() == mime::JSON || kind.suffix() == Some(mime::JSON));
    is_json && kind.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8)
}
