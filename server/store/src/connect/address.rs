//! The parameters of an address, looked at before sqlx sees them.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx_sqlite::SqliteConnectOptions;

use crate::error::{StoreError, StoreErrorKind};

/// What sqlx knows. It logs any other parameter with its value, which may be a secret (`sslpassword`).
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// The file that the address of a SQLite database names; `None` for an address that names none.
///
/// It ends at the first `?`, and `%` and two hex digits stand for a byte: `%25` for `%` itself, `%3F` for `?`. Whoever looks
/// for the file, or for what lies beside it, asks here: it is the file that is opened.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    // What is wrong with its parameters is told where it is opened.
    let (url, _) = url.split_once('?').unwrap_or((url, ""));
    let options = SqliteConnectOptions::from_str(url).ok().filter(|_| url.starts_with("sqlite:"))?;
    Some(options.get_filename().to_owned())
}

/// Refuses parameters of a SQLite address that would open the file in another way than everything here relies on: read-only,
/// without locks, or with caches that connections share.
pub(super) fn check_sqlite_parameters(url: &str) -> Result<(), StoreError> {
    let (_, parameters) = url.split_once('?').unwrap_or_default();
    if parameters.split('&').all(|parameter| matches!(parameter, "" | "mode=rw" | "mode=rwc")) {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Unsupported,
        "the address of a SQLite file has a parameter other than mode=rw or mode=rwc",
    ))
}

/// Refuses a name that SQLite takes for an address, with parameters of its own behind an encoded `?`, or for no file at all.
pub(super) fn check_sqlite_file(file: &Path) -> Result<(), StoreError> {
    // Each connection would have a memory of its own.
    if file == Path::new(":memory:") {
        return Err(StoreError::new(StoreErrorKind::Unsupported, "a database in memory only is not supported"));
    }
    if file.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        return Err(StoreError::new(
            StoreErrorKind::Unsupported,
            "the name of a SQLite file must not begin with file:",
        ));
    }
    Ok(())
}

/// Refuses a parameter nobody knows, without naming it: in a mistyped address it may be half a password.
pub(super) fn check_parameters(url: &str) -> Result<(), StoreError> {
    let (_, parameters) = url.split_once('?').unwrap_or_default();
    let parameters = parameters.split('#').next().unwrap_or_default();
    let is_known = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        let is_option = ["options[", "options%5B", "options%5b"].iter().any(|start| name.starts_with(start));
        is_option || name.is_empty() || PARAMETERS.contains(&name)
    };
    if parameters.split('&').all(is_known) {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Other,
        format!("the database address has a parameter that is none of {}", PARAMETERS.join(", ")),
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{check_parameters, sqlite_file};

    #[test]
    fn a_file_is_named_with_percent_signs_for_what_an_address_has_no_place_for() {
        for (url, file) in [
            ("sqlite:tacit.db", "tacit.db"),
            ("sqlite:///var/lib/tacit/tacit.db?mode=rwc", "/var/lib/tacit/tacit.db"),
            ("sqlite:a%20b%25c%3Fd#e.db", "a b%c?d#e.db"),
            ("sqlite:100%/ok.db", "100%/ok.db"),
            ("sqlite:tacit.db?nonsense=1", "tacit.db"),
        ] {
            assert_eq!(sqlite_file(url).as_deref(), Some(Path::new(file)), "{url}");
        }
        assert_eq!(sqlite_file("postgres://tacit@localhost/tacit"), None);
    }

    #[test]
    fn parameters_that_are_known_pass() {
        for url in [
            "postgres://tacit@localhost/tacit",
            "postgres://tacit@localhost/tacit?",
            "postgres://tacit@localhost/tacit?host=/run/postgresql&sslmode=verify-full",
            "postgres://tacit@localhost/tacit?options[statement_timeout]=5s&options%5Block_timeout%5D=1s",
        ] {
            assert!(check_parameters(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn others_are_refused_and_not_repeated() {
        for url in [
            "postgres://tacit@localhost/tacit?sslpassword=canary",
            "postgres://tacit@localhost/tacit?sslmode=require&canary",
            "postgres://tacit@localhost/tacit?pass%77ord=canary",
            "postgres://tacit:not?canary@localhost/tacit",
        ] {
            let error = check_parameters(url).unwrap_err().to_string();
            assert!(error.contains("sslmode") && !error.contains("canary"), "{url}: {error}");
        }
    }
}
