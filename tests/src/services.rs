//! The servers that `scripts/with-services.sh` runs beside the tests.

use std::path::PathBuf;

#[expect(clippy::disallowed_methods, reason = "the harness is configured by the script that runs it")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through scripts/with-services.sh"))
}

/// The kernel that all logins of a run are computed by, in place of the fastest.
#[expect(clippy::disallowed_methods, reason = "the harness is configured by whoever runs it")]
pub(crate) fn kernel() -> Option<String> {
    std::env::var("TACIT_TEST_KERNEL").ok()
}

/// An address of the cluster's maintenance database.
pub(crate) fn postgres() -> String {
    variable("TACIT_TEST_POSTGRES")
}

/// The folder of PostgreSQL's programs.
pub(crate) fn postgres_programs() -> PathBuf {
    variable("TACIT_TEST_POSTGRES_PROGRAMS").into()
}

/// The folder of the cluster: its socket, and `data`.
pub(crate) fn postgres_folder() -> PathBuf {
    let url = postgres();
    let (_, folder) = url.split_once("?host=").expect("the cluster listens on a socket in its folder");
    folder.into()
}

/// The ports of the SMTP server.
#[derive(Clone, Copy)]
pub enum MailPort {
    /// Plain, no login.
    Plain,
    /// STARTTLS and a login.
    StartTls,
    /// TLS from the first byte, no login.
    Tls,
}

impl MailPort {
    /// The number, as a setting.
    #[must_use]
    pub fn number(self) -> String {
        variable(match self {
            Self::Plain => "TACIT_TEST_SMTP",
            Self::StartTls => "TACIT_TEST_SMTP_STARTTLS",
            Self::Tls => "TACIT_TEST_SMTP_TLS",
        })
    }
}

/// The authority behind the SMTP server's certificate.
#[must_use]
pub fn mail_authority() -> String {
    mail_folder().join("authority.pem").display().to_string()
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
