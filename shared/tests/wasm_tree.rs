//! What goes into the browser: no server, no runtime, no C.

use std::process::Command;

#[test]
fn the_wasm_package_depends_on_no_server_and_no_runtime() {
    let output = Command::new(env!("CARGO"))
        // Crates of that target alone may not have been downloaded yet: others in the workspace have some.
        .args(["tree", "--locked", "-p", "tacit-client-wasm", "--target", "wasm32-unknown-unknown"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names are text");
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(crates.contains(&"tacit-shared"), "{tree}");
    for unwanted in
        ["poem", "poem-openapi", "tokio", "hyper", "sqlx", "ring", "aws-lc-rs", "openssl-sys", "cc", "num-bigint"]
    {
        assert!(!crates.contains(&unwanted), "{unwanted} is in the tree");
    }
}
