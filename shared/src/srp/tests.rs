//! Known answers, independent models, properties and refusals for both sides.

#![expect(clippy::many_single_char_names, reason = "the names of RFC 5054")]

mod actors;
mod model;
mod oracle;
mod properties;
mod refusals;
mod rfc5054;
pub(crate) mod source;
mod values;
mod vectors;
