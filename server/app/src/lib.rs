//! Tacit, put together: the configuration, the commands, the running server
//!
//! `tacit serve` and the end-to-end tests start the same thing: [`start`].

mod assemble;
pub mod commands;
pub mod config;
mod connections;
mod master_key;
mod seams;
mod start;
mod telemetry;

pub use assemble::AssembleError;
pub use master_key::MasterKeyError;
pub use seams::{SystemClock, SystemEntropy, system_seams};
pub use start::{Running, StartError, start};
