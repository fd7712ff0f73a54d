//! The OpenAPI documents: what poem-openapi writes, corrected, one a surface and one of all.

mod callbacks;
mod cookies;
mod correct;
mod events;
mod examples;
mod merge;
mod rate_limits;
mod responses;
mod schemas;
#[cfg(test)]
mod tests;
mod texts;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::Value;
use std::collections::HashMap;
use std::marker::PhantomData;

use crate::surface::{ops, platform, srp};

/// The documents by name: `srp`, `platform`, `ops`, and `tacit`, which is all of them. Needs no database.
#[must_use]
pub fn documents() -> Vec<(&'static str, Value)> {
    let srp = describe::<srp::Api>("Tacit: SRP surface", srp::DESCRIPTION);
    let platform = describe::<platform::Api>("Tacit: platform surface", platform::DESCRIPTION);
    let ops = describe::<ops::Api>("Tacit: operations of the server itself", ops::DESCRIPTION);
    let all = merge::merge("Tacit", &[&srp, &platform, &ops]);
    vec![("srp", srp), ("platform", platform), ("ops", ops), ("tacit", all)]
}

/// The documents as served.
pub(crate) struct Documents {
    files: Vec<(String, String)>,
}

impl Documents {
    /// Writes them out once.
    #[must_use]
    pub(crate) fn new(documents: &[(&'static str, Value)]) -> Self {
        Self { files: documents.iter().map(|(name, document)| (format!("{name}.json"), text(document))).collect() }
    }

    /// The text of a file, as `srp.json`.
    #[must_use]
    pub(crate) fn text(&self, file: &str) -> Option<&str> {
        self.files.iter().find(|(name, _)| name == file).map(|(_, text)| text.as_str())
    }
}

/// A document as it stands in `openapi/`: indented, with a last line break.
#[must_use]
pub fn text(document: &Value) -> String {
    format!("{document:#}\n")
}

fn describe<A: OpenApi>(title: &str, description: &str) -> Value {
    let service = OpenApiService::new(Described::<A>(PhantomData), title, env!("CARGO_PKG_VERSION"));
    let written = service.description(description).spec();
    // What the library wrote is JSON; `null` would show at once in the committed documents.
    correct::correct(serde_json::from_str(&written).unwrap_or_default())
}

/// The description of an API without the API: poem-openapi asks for a value it only routes with.
struct Described<A>(PhantomData<A>);

impl<A: OpenApi> OpenApi for Described<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}
