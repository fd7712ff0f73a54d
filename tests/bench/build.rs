//! Leaves the compiler's version for the head of the table.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = env::var_os("RUSTC").expect("cargo says which compiler it uses");
    let output = Command::new(compiler).arg("--version").output().expect("the compiler runs: it built this");
    let version = String::from_utf8(output.stdout).expect("text");
    println!("cargo::rustc-env=TACIT_BENCH_COMPILER={}", version.trim());
}
