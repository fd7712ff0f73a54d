//! The connections: how many there may be, and how long each may keep the server waiting.
//!
//! poem's own server sets no deadline for request heads and no cap on connections, and spins when `accept` fails. So its
//! endpoints are served by hyper directly, one task a connection:
//!
//! - a [`Table`] of fixed size. When it is full, the connection that has kept us waiting longest makes room for the new
//!   one. Whoever opens connections and says nothing (slow-loris) thus pushes out his own; whoever comes to log in
//!   needs a place for milliseconds and gets it at once, where waiting in the kernel's queue behind the attacker's
//!   connections would take seconds. A connection whose request is being worked on is never pushed out.
//! - the same within the connections of one client, so that one host alone cannot even fill the table.
//! - a deadline for every moment in which it is the client's turn: see [`line::Phase`].
//!
//! HTTP/1.1 only, in which a connection has one request at a time: so the table bounds requests under way, too. HTTP/2
//! belongs to the proxy that speaks TLS.

mod converse;
mod files;
mod line;
mod serve;
mod stream;
mod table;

pub(crate) use files::{fitting, reserve};
pub(crate) use serve::serve;
pub(crate) use table::{Caps, Table};
