//! Turns the compiled client into an ES module and its wasm.
//!
//! Called by `../build.sh` as `build-tool <compiled.wasm> <output folder>`; the wasm-bindgen command line does the same
//! but cannot be installed with its dependencies locked.

mod silence;

use std::path::PathBuf;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

/// The stem of both files written: `tacit.js` and `tacit_bg.wasm`.
const NAME: &str = "tacit";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(input), Some(output), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        eprintln!("usage: build-tool <compiled.wasm> <output folder>");
        return ExitCode::from(2);
    };
    match generate(input, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("build-tool: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the module for an explicitly given wasm: where that lies is for the worker that loads it to say.
fn generate(input: PathBuf, output: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let mut made = Bindgen::new()
        .input_path(input)
        .out_name(NAME)
        .web(true)?
        .omit_default_module_path(true)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    silence::silence(made.wasm_mut())?;
    made.emit(output)?;
    Ok(())
}
