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
    let host = strip_brackets(host.strip_suffix('.').unwrap_or(&host));
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

/// An address of either version, as the standard library reads them; its parser alone would be a twentieth of the wasm.
fn is_address(host: &str) -> bool {
    is_version_4(host.as_bytes()) || is_version_6(host.as_bytes())
}

/// Four numbers up to 255 without needless zeros.
fn is_version_4(host: &[u8]) -> bool {
    let is_number = |part: &[u8]| {
        let value = || part.iter().fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0'));
        (1..=3).contains(&part.len())
            && part.iter().all(u8::is_ascii_digit)
            && value() <= 255
            && (part.len() == 1 || part.first() != Some(&b'0'))
    };
    host.split(|byte| *byte == b'.').count() == 4 && host.split(|byte| *byte == b'.').all(is_number)
}

/// Eight groups of up to four hexadecimal digits, the last two perhaps as an address of version 4; one run of them may be
/// left out (RFC 4291 §2.2).
fn is_version_6(host: &[u8]) -> bool {
    let omission = host.windows(2).position(|pair| pair == b"::");
    let (before, after) = match omission.and_then(|place| host.split_at_checked(place)) {
        Some((before, after)) => (before, after.get(2..).unwrap_or_default()),
        None => (host, [].as_slice()),
    };
    let groups = match omission {
        None => groups(before, true),
        Some(_) => groups(before, false).zip(groups(after, true)).map(|(before, after)| before + after),
    };
    groups.is_some_and(|groups| if omission.is_some() { groups < 8 } else { groups == 8 })
}

/// How many groups there are; where it may, the last one can be an address of version 4, which counts for two.
fn groups(text: &[u8], may_end_in_version_4: bool) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut parts = text.split(|byte| *byte == b':').peekable();
    let mut count = 0;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        if (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_hexdigit) {
            count += 1;
        } else if is_last && may_end_in_version_4 && is_version_4(part) {
            count += 2;
        } else {
            return None;
        }
    }
    Some(count)
}

/// A DNS name: labels of letters, digits and hyphens (RFC 1123 §2.1).
fn is_name(name: &str) -> bool {
    let mut labels = name.as_bytes().split(|byte| *byte == b'.');
    let fits = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && label.first() != Some(&b'-')
            && label.last() != Some(&b'-')
    };
    // A last label of digits only is no name but a mistyped address (URL standard, "ends in a number").
    let ends_in_number = labels.clone().next_back().is_some_and(|label| label.iter().all(u8::is_ascii_digit));
    labels.all(fits) && !ends_in_number && name.len() <= 253
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
    fn addresses_are_those_of_the_standard_library() {
        let parts =
            ["", "0", "1", "00", "01", "9", "255", "256", "1000", "f", "abcd", "g", "12345", "::", ":", "1.2.3.4", "."];
        let separators = ["", ":", ".", "::"];
        let mut random = 1_u32;
        let mut next = |below: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from(random >> 8).unwrap() % below
        };
        let mut found = 0;
        for round in 0..200_000 {
            let (most, plain) = (1 + next(9), round % 2 == 0);
            let text: String = (0..most)
                .map(|_| {
                    let separator = if plain { separators[1 + round / 2 % 2] } else { separators[next(4)] };
                    parts[if plain { 1 + next(9) } else { next(parts.len()) }].to_owned() + separator
                })
                .collect();
            for text in [text.as_str(), text.trim_end_matches(['.', ':'])] {
                let expected = text.parse::<std::net::IpAddr>().is_ok();
                found += usize::from(expected);
                assert_eq!(is_address(text), expected, "{text}");
            }
        }
        assert!(found > 1_000, "{found}");
    }

    #[test]
    fn a_realm_is_written_in_lower_case() {
        assert!(is_valid("example.com") && is_valid("localhost") && is_valid("127.0.0.1"));
        assert!(
            !is_valid("Example.com") && !is_valid("exam_ple.com") && !is_valid("https://example.com") && !is_valid("")
        );
    }
}
