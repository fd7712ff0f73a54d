//! The binary: what it does is in the library, where tests reach it

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    tacit::commands::run(tacit::commands::Cli::parse())
}
