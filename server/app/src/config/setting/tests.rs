use super::*;

#[test]
fn lengths_of_time_are_read_as_people_write_them() {
    for (text, seconds) in [("90s", 90), ("5m", 300), ("1h30m", 5_400), ("30d", 2_592_000), (" 1h 30m ", 5_400)] {
        assert_eq!(Duration::parse(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
    assert_eq!(Duration::parse("250ms"), Ok(Duration::from_millis(250)));
    for text in ["", "5", "m", "0s", "-5m", "5 minutes", "5m5", "1.5h", "99999999999999999999d", "36501d", "5M"] {
        assert!(Duration::parse(text).is_err(), "{text}");
    }
}

#[test]
fn lengths_of_time_are_shown_as_they_are_read() {
    for text in ["1ms", "90s", "5m", "1h30m", "30d", "1d2h3m4s5ms"] {
        let length = Duration::parse(text).unwrap();
        assert_eq!(Duration::parse(&length.show()), Ok(length), "{text}");
    }
    assert_eq!(Duration::from_mins(5).show(), "5m");
    assert_eq!(Duration::from_hours(24).show(), "1d");
}

#[test]
fn sizes_have_units() {
    for (text, bytes) in [("512", 512), ("32KiB", 32_768), ("1 MiB", 1_048_576), ("2kB", 2_000), ("7B", 7)] {
        assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
    }
    for text in ["", "0", "KiB", "1kib", "-1", "1.5MiB", "99999999999999999999"] {
        assert!(Size::parse(text).is_err(), "{text}");
    }
    assert_eq!(Size(32_768).show(), "32KiB");
}

#[test]
fn networks_are_addresses_with_a_prefix() {
    for text in ["10.0.0.0/8", "192.168.1.1", "0.0.0.0/0", "::1", "fd00::/8", "::/0", "10.1.2.3/32"] {
        assert!(Network::parse(text).is_ok(), "{text}");
    }
    for text in ["10.0.0.0/33", "::/129", "10.0.0.0/", "localhost", "10.0.0/8", ""] {
        assert!(Network::parse(text).is_err(), "{text}");
    }
    assert_eq!(Network::parse("127.0.0.1").unwrap().show(), "127.0.0.1");
}

#[test]
fn choices_name_what_there_is() {
    assert_eq!(MailSecurity::parse("starttls"), Ok(MailSecurity::StartTls));
    assert_eq!(MailSecurity::parse("ssl").unwrap_err(), "expected one of tls, starttls, none");
    assert_eq!(SigningAlgorithm::parse("EdDSA"), Ok(SigningAlgorithm::EdDsa));
    assert!(SigningAlgorithm::parse("RS256").is_err());
}

#[test]
fn numbers_are_whole_and_above_zero() {
    assert_eq!(u32::parse("10"), Ok(10));
    for text in ["0", "-1", "1.5", "", "4294967296", "ten"] {
        assert!(u32::parse(text).is_err(), "{text}");
    }
}
