//! Rebuilds the crate when a migration is added: the folder is embedded by `sqlx::migrate!`.
#![expect(clippy::print_stdout, reason = "a build script talks to cargo on standard output")]

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
