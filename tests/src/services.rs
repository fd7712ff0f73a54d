//! The servers that `scripts/with-services.sh` runs beside the tests.

use std::path::PathBuf;

#[expect(clippy::disallowed_methods, reason = "the harness is configured by the script that runs it")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through scripts/with-services.sh"))
}

/// An address of the cluster's maintenance database.
pub(crate) fn postgres() -> String {
    variable("TACIT_TEST_POSTGRES")
}

/// Host and port of the SMTP server.
pub(crate) fn smtp() -> (String, u16) {
    let address = variable("TACIT_TEST_SMTP");
    let (host, port) = address.rsplit_once(':').expect("TACIT_TEST_SMTP is host:port");
    (host.to_owned(), port.parse().expect("TACIT_TEST_SMTP ends in a port"))
}

/// The folder into which the SMTP server files mails.
pub(crate) fn mail_folder() -> PathBuf {
    variable("TACIT_TEST_MAIL").into()
}

/// The binary `tacit`, built beside this test binary (`target/<profile>/deps/e2e-…`).
pub(crate) fn binary() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let binary = this.ancestors().nth(2).unwrap().join("tacit");
    assert!(binary.is_file(), "{} is missing: cargo build --profile release-dev -p tacit", binary.display());
    binary
}
