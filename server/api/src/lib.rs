//! The HTTP side: the dialects over one domain, the pages, the documents. The only crate that knows poem.

mod documents;
#[cfg(fuzzing)]
pub mod fuzz;
mod http;
mod routes;
mod settings;
mod surface;
#[cfg(test)]
mod tests;

pub use documents::{documents, text as document_text};
pub use http::client_ip::{Cidr, CidrError};
pub use routes::{metrics_routes, routes};
pub use settings::{ApiSettings, Metrics, Render};
