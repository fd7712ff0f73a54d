//! The whole endpoint over a real database, without a socket.

mod pages;
mod refusals;
mod world;
