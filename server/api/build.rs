//! Rebuilds when the embedded packages were built again; they are not sources of this crate.

use std::path::Path;

/// The folders of the two packages.
const PACKAGES: [&str; 2] = ["../../client-wasm", "../../web-demo"];

fn main() {
    watch(Path::new("build.rs"));
    watch(Path::new("src/surface/pages/static"));
    for package in PACKAGES.map(Path::new) {
        let built = package.join("dist");
        // A path that does not exist counts as changed each time: until it is built, watch for it to appear.
        watch(if built.exists() { &built } else { package });
    }
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}
