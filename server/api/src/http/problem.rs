//! The one shape of an error body (RFC 9457, with our stable `code`).

use std::time::Duration;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use poem_openapi::types::ToJSON;
use tacit_shared::FieldError;
use tacit_shared::codes::Code;

/// Media type of every error body.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// What a client is told about a request that failed
#[derive(Clone, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Problem {
    /// A URN that ends in the code; it names the problem and is not meant to be fetched
    #[oai(rename = "type")]
    kind: String,
    /// One line for humans, the same for every occurrence of this code
    title: String,
    /// The HTTP status of this answer
    status: u16,
    /// The stable code to branch on
    code: String,
    /// What to do about it, for humans
    detail: String,
    /// The request's fields that were wrong
    fields: Option<Vec<ProblemField>>,
}

/// One field of a request that was wrong
#[derive(Clone, Object)]
pub(crate) struct ProblemField {
    /// Name of the field, with dots for nested ones, as `credential.salt`
    name: String,
    /// A stable code for what is wrong with it
    code: String,
    /// What was expected, for humans
    detail: String,
}

impl From<FieldError> for ProblemField {
    fn from(error: FieldError) -> Self {
        Self { name: error.name, code: error.code.as_str().to_owned(), detail: error.detail }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self {
            kind: format!("urn:tacit:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.class().status(),
            code: code.as_str().to_owned(),
            detail: code.detail().to_owned(),
            fields: None,
        }
    }
}

/// A problem on its way out: the body, and what its headers must say.
#[derive(Clone)]
pub struct Refusal {
    code: Code,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    detail: Option<String>,
    cookie: Option<String>,
}

impl Refusal {
    /// A refusal that says no more than its code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, fields: Vec::new(), retry_after: None, detail: None, cookie: None }
    }

    /// Names the fields that were wrong.
    #[must_use]
    pub fn with_fields(self, fields: Vec<FieldError>) -> Self {
        Self { fields, ..self }
    }

    /// Says how long to wait; sent in whole seconds, never 0.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// Says it in other words than the code's own.
    #[must_use]
    pub(crate) fn with_detail(self, detail: Option<String>) -> Self {
        Self { detail: detail.filter(|detail| !detail.is_empty()), ..self }
    }

    /// Sets a cookie, or takes one back.
    #[must_use]
    pub(crate) fn with_cookie(self, cookie: Option<String>) -> Self {
        Self { cookie, ..self }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Refusal> for poem::Error {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code;
        let mut error = Self::from_response(refusal.into_response());
        // An error's data take the place of its response's.
        error.set_data(code);
        error
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut problem = Problem::from(self.code);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if !self.fields.is_empty() {
            problem.fields = Some(self.fields.into_iter().map(ProblemField::from).collect());
        }
        if let Some(detail) = self.detail {
            problem.detail = detail;
        }
        let mut response = Response::builder().status(status).content_type(MEDIA_TYPE).body(problem.to_json_string());
        if status == StatusCode::UNAUTHORIZED && self.code == Code::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if let Some(cookie) = self.cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        // For the log line of the request.
        response.set_data(self.code);
        response
    }
}

/// Rounds up, so that a client that waits this long never comes too early.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
}
