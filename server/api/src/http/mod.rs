//! What all surfaces share: how errors look, who is asking, from where, and what may pass.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod client_ip;
pub(crate) mod cookies;
pub(crate) mod cors;
pub(crate) mod counts;
pub(crate) mod fail;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod operations;
pub(crate) mod origins;
pub(crate) mod problem;
pub(crate) mod rate_limits;
pub(crate) mod settled;
pub(crate) mod source;
pub(crate) mod time;
pub(crate) mod trace;
pub(crate) mod translate;
