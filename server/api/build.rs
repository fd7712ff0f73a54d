//! Rebuilds when the embedded packages were built again; they are not sources of this crate.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/surface/pages/static");
    println!("cargo::rerun-if-changed=../../client-wasm/dist");
    println!("cargo::rerun-if-changed=../../web-demo/dist");
}
