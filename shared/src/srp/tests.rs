//! Known answers, independent models, properties and refusals for both sides.

mod actors;
mod model;
mod oracle;
mod properties;
mod refusals;
mod rfc5054;
pub(crate) mod source;
mod values;
mod vectors;
