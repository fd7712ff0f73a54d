//! The dialects: each translates its requests for the one domain.

pub(crate) mod oauth;
pub(crate) mod ops;
pub(crate) mod pages;
pub(crate) mod platform;
pub(crate) mod srp;
pub(crate) mod tokens;
pub(crate) mod views;
