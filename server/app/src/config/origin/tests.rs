use std::path::Path;

use super::*;

#[test]
fn an_origin_has_scheme_host_and_port_only() {
    for (text, shown) in [
        ("https://a.example", "https://a.example"),
        ("https://a.example/", "https://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("https://A.EXAMPLE:8443", "https://a.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:80", "http://[::1]"),
    ] {
        assert_eq!(Origin::parse(text).unwrap().show(), shown, "{text}");
    }
    for text in
        ["a.example", "https://a.example/path", "https://a.example?q", "https://a.example#f", "ftp://a", "*", ""]
    {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
    assert!(Origin::parse("https://user:password@a.example").is_err());
}

#[test]
fn local_is_this_machine_only() {
    for (text, local) in [
        ("http://localhost", true),
        ("http://app.localhost", true),
        ("http://127.1.2.3", true),
        ("http://[::1]", true),
        ("http://10.0.0.1", false),
        ("http://localhost.example", false),
        ("http://notlocalhost", false),
    ] {
        assert_eq!(Origin::parse(text).unwrap().is_local(), local, "{text}");
    }
}

#[test]
fn a_database_address_never_shows_its_password() {
    let url = DatabaseUrl::parse("postgres://tacit:hunter2@db.example/tacit?password=hunter2").unwrap();
    assert_eq!(url.show(), "postgres://tacit:***@db.example/tacit");
    assert!(!format!("{url:?}").contains("hunter2"));
    assert!(url.expose().contains("hunter2"));
}

#[test]
fn a_database_is_a_file_or_a_server() {
    for (text, file) in [
        ("sqlite:tacit.db", Some("tacit.db")),
        ("sqlite:///var/lib/tacit.db", Some("/var/lib/tacit.db")),
        ("sqlite:tacit.db?mode=rw", Some("tacit.db")),
        ("sqlite:my%20files/tacit.db", Some("my files/tacit.db")),
        ("postgres://localhost/tacit", None),
        ("postgresql://localhost/tacit", None),
    ] {
        assert_eq!(DatabaseUrl::parse(text).unwrap().sqlite_file().as_deref(), file.map(Path::new), "{text}");
    }
    for text in ["", "tacit.db", "sqlite:", "sqlite::memory:", "mysql://localhost/tacit", "postgres://["] {
        assert!(DatabaseUrl::parse(text).is_err(), "{text}");
    }
}
