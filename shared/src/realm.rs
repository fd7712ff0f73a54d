//! The realm: a DNS name that binds a password to one service, like the RP ID of `WebAuthn`.

/// Whether a server at `host` may use `realm`: it is the realm itself, or a name below it.
///
/// `host` is a host name without a port, as a URL parser gives it (lower case, IPv6 in square brackets or bare).
/// An address literal is only ever below itself, and so is a name of one label, `localhost` excepted: a realm `com`
/// would cover strangers. What is neither a name of letters, digits, hyphens and points nor an address fits no host.
#[must_use]
pub fn check(realm: &str, host: &str) -> bool {
    let realm = realm.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    let host = strip_brackets(host);
    let realm = strip_brackets(&realm);
    if is_address(realm) || is_address(host) {
        return is_address(realm) && realm == host;
    }
    if !is_name(realm) || !is_name(host) {
        return false;
    }
    let covers_more = realm.contains('.') || realm == "localhost";
    host == realm || (covers_more && host.strip_suffix(realm).is_some_and(|labels| labels.ends_with('.')))
}

/// Whether a text can be a realm at all.
#[must_use]
pub fn is_valid(realm: &str) -> bool {
    realm.bytes().all(|byte| !byte.is_ascii_uppercase()) && check(realm, realm)
}

fn strip_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

fn is_address(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}

/// A DNS name: labels of letters, digits and hyphens (RFC 1123 §2.1).
fn is_name(name: &str) -> bool {
    let labels_fit = name.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    });
    // A last label of digits only is no name but a mistyped address (URL standard, "ends in a number").
    let ends_in_number = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    labels_fit && !ends_in_number && name.len() <= 253
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_fits_its_own_realm_and_the_ones_above() {
        for (realm, host) in [
            ("example.com", "example.com"),
            ("example.com", "login.example.com"),
            ("example.com", "a.b.example.com"),
            ("example.com", "Login.Example.COM"),
            ("example.com", "example.com."),
            ("localhost", "localhost"),
            ("intranet", "intranet"),
            ("localhost", "demo.localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert!(check(realm, host), "{realm} {host}");
        }
    }

    #[test]
    fn nothing_else_fits() {
        for (realm, host) in [
            ("login.example.com", "example.com"),
            ("example.com", "badexample.com"),
            ("example.com", "example.com.evil.org"),
            ("example.com", "example.org"),
            ("example.com", ""),
            ("", "example.com"),
            ("", ""),
            ("com", "example.com"),
            (".com", "example.com"),
            ("example.com", ".example.com"),
            ("0.0.1", "127.0.0.1"),
            ("1", "127.0.0.1"),
            ("127.0.0.1", "10.127.0.0.1"),
            ("localhost", "127.0.0.1"),
            ("example.com:8080", "example.com:8080"),
            ("exam ple.com", "exam ple.com"),
            ("*.example.com", "a.example.com"),
            ("example.com", "a_b.example.com"),
        ] {
            assert!(!check(realm, host), "{realm} {host}");
        }
    }

    #[test]
    fn a_realm_is_written_in_lower_case() {
        assert!(is_valid("example.com") && is_valid("localhost") && is_valid("127.0.0.1"));
        assert!(
            !is_valid("Example.com") && !is_valid("exam_ple.com") && !is_valid("https://example.com") && !is_valid("")
        );
    }
}
