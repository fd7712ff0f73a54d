//! The targets, one file each.

pub mod address;
pub mod body;
pub mod encodings;
pub mod handshake;
pub mod headers;
pub mod messages;
pub mod requests;
pub mod sealed;
pub mod tokens;
