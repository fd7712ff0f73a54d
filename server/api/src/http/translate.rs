//! Framework errors in our words: no route, no method, no token, a body that does not parse.

use std::any::Any;

use poem::error::{MethodNotAllowedError, NotFoundError, ParsePathError, ReadBodyError};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, Error, IntoResponse, Middleware, Request, Response};
use poem_openapi::error::{AuthorizationError, ContentTypeError, ParseParamError};
use tacit_shared::codes::Code;
use tacit_shared::{FieldCode, FieldError};

use super::operations::Operations;
use super::problem::Refusal;

/// Turns every error below into a problem, so that nothing above sees one.
#[derive(Clone)]
pub(crate) struct Problems {
    operations: Operations,
}

impl Problems {
    /// The operations are needed for the `Allow` header of a 405.
    pub(crate) fn new(operations: Operations) -> Self {
        Self { operations }
    }
}

impl<E: Endpoint> Middleware<E> for Problems {
    type Output = ProblemsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        ProblemsEndpoint { inner, operations: self.operations.clone() }
    }
}

/// See [`Problems`].
pub(crate) struct ProblemsEndpoint<E> {
    inner: E,
    operations: Operations,
}

impl<E: Endpoint> Endpoint for ProblemsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        match self.inner.call(request).await {
            Ok(response) => Ok(response.into_response()),
            Err(error) if error.is::<MethodNotAllowedError>() => Ok(self.method_not_allowed(&path)),
            Err(error) => Ok(translate(error)),
        }
    }
}

impl<E> ProblemsEndpoint<E> {
    fn method_not_allowed(&self, path: &str) -> Response {
        let mut response = Refusal::new(Code::MethodNotAllowed).into_response();
        let allowed = self.operations.methods_at(path);
        let allowed = if allowed.is_empty() { "GET, HEAD".to_owned() } else { allowed };
        if let Ok(allowed) = HeaderValue::from_str(&allowed) {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response
    }
}

/// The refusal for a panic; the panic hook has logged where it happened.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Refusal::new(Code::Internal).into_response()
}

fn translate(error: Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    refusal(&error).into_response()
}

fn refusal(error: &Error) -> Refusal {
    if let Some(parameter) = error.downcast_ref::<ParseParamError>() {
        // What a validator of poem-openapi says begins so, and nothing else tells it from what does not parse.
        let is_of_its_form = parameter.reason.starts_with("verification failed");
        let code = if is_of_its_form { FieldCode::OutOfRange } else { FieldCode::Malformed };
        return Refusal::new(Code::InvalidRequest).with_fields(vec![FieldError::new(parameter.name, code)]);
    }
    // A path that does not parse names nothing that exists.
    if error.is::<NotFoundError>() || error.is::<ParsePathError>() || error.is::<poem_openapi::error::ParsePathError>()
    {
        return Code::NotFound.into();
    }
    if error.is::<AuthorizationError>() {
        return Code::Unauthenticated.into();
    }
    if error.is::<ContentTypeError>() {
        return Code::UnsupportedMediaType.into();
    }
    if let Some(ReadBodyError::PayloadTooLarge) = error.downcast_ref::<ReadBodyError>() {
        return Code::BodyTooLarge.into();
    }
    by_status(error)
}

fn by_status(error: &Error) -> Refusal {
    match error.status() {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated.into(),
        StatusCode::FORBIDDEN => Code::Forbidden.into(),
        StatusCode::NOT_FOUND => Code::NotFound.into(),
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed.into(),
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge.into(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType.into(),
        status if status.is_client_error() => Code::InvalidRequest.into(),
        _ => {
            super::fail::report(error);
            Code::Internal.into()
        }
    }
}
