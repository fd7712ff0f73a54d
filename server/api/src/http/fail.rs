//! The error side of every operation: a domain fault on its way to a [`Refusal`].

use std::collections::BTreeMap;
use std::marker::PhantomData;

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::Value;
use tacit_domain::fault::Fault;
use tacit_shared::codes::{Class, Code};

use super::problem::{MEDIA_TYPE, Problem, Refusal};

/// What can go wrong in a kind of operation, for its document.
///
/// Codes that follow from an operation's shape (a body that does not parse, a missing token, a server in trouble)
/// are added when the document is corrected; they are not repeated here.
pub trait Failures: Send + Sync + 'static {
    /// The codes, in any order.
    const CODES: &'static [Code];
}

/// No failures of its own.
pub(crate) enum Plain {}

impl Failures for Plain {
    const CODES: &'static [Code] = &[];
}

/// The failure of an operation whose document lists the codes of `S`.
pub struct Fail<S> {
    refusal: Refusal,
    documented: PhantomData<fn() -> S>,
}

impl<S> Fail<S> {
    /// A failure found at the edge, before the domain was asked.
    pub fn refuse(refusal: impl Into<Refusal>) -> Self {
        Self { refusal: refusal.into(), documented: PhantomData }
    }

    /// The same with a cookie that is set, or taken back.
    pub(crate) fn with_cookie(self, cookie: Option<String>) -> Self {
        Self { refusal: self.refusal.with_cookie(cookie), ..self }
    }
}

impl<S: Failures, F: Fault> From<F> for Fail<S> {
    fn from(fault: F) -> Self {
        let code = fault.code();
        if matches!(code.class(), Class::Internal | Class::Unavailable) {
            report(&fault);
        } else if !is_documented::<S>(code) {
            tracing::error!(code = code.as_str(), "an operation failed with a code its document does not list");
        }
        let refusal = Refusal::new(code).with_fields(fault.fields()).with_retry_after(fault.retry_after());
        Self::refuse(refusal.with_detail(fault.said()))
    }
}

impl<S> From<Fail<S>> for poem::Error {
    fn from(fail: Fail<S>) -> Self {
        fail.refusal.into()
    }
}

/// Logs what went wrong, cause by cause: none of it is told to the caller.
pub(crate) fn report(fault: &dyn std::error::Error) {
    let mut causes = vec![fault.to_string()];
    let mut next = fault.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    tracing::error!(error = causes.join(": "), "an operation failed");
}

fn is_documented<S: Failures>(code: Code) -> bool {
    S::CODES.contains(&code) || matches!(code, Code::InvalidRequest | Code::Unauthenticated)
}

impl<S: Failures> ApiResponse for Fail<S> {
    fn meta() -> MetaResponses {
        let mut by_status: BTreeMap<u16, Vec<Value>> = BTreeMap::new();
        for code in S::CODES {
            by_status.entry(code.class().status()).or_default().push(code.as_str().into());
        }
        MetaResponses { responses: by_status.into_iter().map(|(status, codes)| response(status, codes)).collect() }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

/// A `Problem` whose `code` is one of these, so that generated clients know the codes as types.
fn response(status: u16, codes: Vec<Value>) -> MetaResponse {
    let code = MetaSchema { enum_items: codes, ..MetaSchema::new("string") };
    let narrowed =
        MetaSchema { properties: vec![("code", MetaSchemaRef::Inline(Box::new(code)))], ..MetaSchema::new("object") };
    let schema = MetaSchema {
        all_of: vec![Problem::schema_ref(), MetaSchemaRef::Inline(Box::new(narrowed))],
        ..MetaSchema::ANY
    };
    MetaResponse {
        description: "",
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: MEDIA_TYPE, schema: MetaSchemaRef::Inline(Box::new(schema)) }],
        headers: Vec::new(),
    }
}
