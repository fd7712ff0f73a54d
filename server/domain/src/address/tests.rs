//! The one rule of addresses, as a table: an address is refused, or it is one mailbox and one account.

use super::*;

/// As written; where mail goes; the account it names.
const GOOD: &[(&str, &str, &str)] = &[
    // Case matters to nobody but the mailbox's own server, so it is kept for mail and left out of the key.
    ("Person@Example.COM", "Person@Example.COM", "person@example.com"),
    ("KELVIN@example.com", "KELVIN@example.com", "kelvin@example.com"),
    // Unicode forms of one text are one address, and mail goes to the form that the key has too.
    ("jose\u{301}@bu\u{308}cher.example", "jos\u{e9}@b\u{fc}cher.example", "jos\u{e9}@xn--bcher-kva.example"),
    ("JOSE\u{301}@Bu\u{308}cher.EXAMPLE", "JOS\u{c9}@B\u{fc}cher.EXAMPLE", "jos\u{e9}@xn--bcher-kva.example"),
    ("\u{ff4b}nown@\u{ff45}xample.com", "known@example.com", "known@example.com"),
    ("\u{212a}nown\u{ff20}example\u{ff0e}com", "Known@example.com", "known@example.com"),
    ("\u{fb01}nd@example.com", "find@example.com", "find@example.com"),
    // A domain in its ASCII form is the same domain.
    ("jos\u{e9}@xn--bcher-kva.example", "jos\u{e9}@xn--bcher-kva.example", "jos\u{e9}@xn--bcher-kva.example"),
    ("a@XN--BCHER-KVA.example", "a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
    // Look-alikes are other addresses: their mail goes to them, and so does their account.
    ("\u{430}lice@example.com", "\u{430}lice@example.com", "\u{430}lice@example.com"),
    ("alice@ex\u{430}mple.com", "alice@ex\u{430}mple.com", "alice@xn--exmple-4nf.com"),
    ("al\u{131}ce@example.com", "al\u{131}ce@example.com", "al\u{131}ce@example.com"),
    ("stra\u{df}e@example.com", "stra\u{df}e@example.com", "stra\u{df}e@example.com"),
    ("strasse@example.com", "strasse@example.com", "strasse@example.com"),
    // Which dots and tags a mailbox's server ignores is that server's business.
    ("a.b+tag@example.com", "a.b+tag@example.com", "a.b+tag@example.com"),
    (
        "o'neil!#$%&*/=?^_`{|}~-@example.com",
        "o'neil!#$%&*/=?^_`{|}~-@example.com",
        "o'neil!#$%&*/=?^_`{|}~-@example.com",
    ),
    ("person@localhost", "person@localhost", "person@localhost"),
];

const REFUSED: &[&str] = &[
    // No address at all.
    "",
    "person",
    "@",
    "@example.com",
    "person@",
    "person@@example.com",
    "a@b@c",
    "a\u{ff20}b@c",
    // Spaces, controls, more than one line.
    " a@example.com",
    "a@example.com ",
    "a b@example.com",
    "a\t@example.com",
    "a\n@example.com",
    "a@example.com\r\nBcc: b@example.com",
    "a\0@example.com",
    "a@example.com\0",
    "a\u{85}@example.com",
    "a\u{2028}@example.com",
    "a\u{3000}@example.com",
    // More than one address, or more than an address.
    "a@example.com,b@example.com",
    "a@example.com;b@example.com",
    "A <a@example.com>",
    "<a@example.com>",
    "a(b)@example.com",
    "a@(b)example.com",
    "\"a\"@example.com",
    "\"a b\"@example.com",
    "\"a@b\"@example.com",
    "a\\@b@example.com",
    // Domains that are none, or hide one.
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "a@127.0.0.1",
    "a@0x7f.1",
    "a@2130706433",
    "a@ex%61mple.com",
    "a@example.com.",
    "a@.example.com",
    "a@example..com",
    "a@-example.com",
    "a@example-.com",
    "a@example\u{3002}com",
    "a@example.com\u{3002}",
    "a@exam\u{ad}ple.com",
    "a@xn--.com",
    "a@xn--a.com",
    "a@xn--example-.com",
    "a@example\u{200d}.com",
    // Local parts that dot-atoms do not allow.
    ".a@example.com",
    "a.@example.com",
    "a..b@example.com",
    // What does not show, or turns what shows about.
    "a\u{ad}b@example.com",
    "a\u{34f}b@example.com",
    "a\u{61c}b@example.com",
    "a\u{115f}b@example.com",
    "a\u{1160}b@example.com",
    "a\u{17b4}b@example.com",
    "a\u{180e}b@example.com",
    "a\u{200b}b@example.com",
    "a\u{200d}b@example.com",
    "a\u{202e}b@example.com",
    "a\u{2060}b@example.com",
    "a\u{2066}b@example.com",
    "a\u{3164}b@example.com",
    "a\u{fe0f}b@example.com",
    "a\u{feff}b@example.com",
    "a\u{ffa0}b@example.com",
    "a\u{e0061}b@example.com",
    "a@ex\u{115f}ample.com",
    // Of which nobody has said what they are: unassigned, private, no characters.
    "a\u{d7a4}b@example.com",
    "a\u{378}b@example.com",
    "a\u{e000}b@example.com",
    "a\u{ffff}b@example.com",
    "a\u{10ffff}b@example.com",
];

#[test]
fn an_address_is_one_mailbox_and_one_account() {
    for (written, mailbox, key) in GOOD {
        let address = Address::parse(written).unwrap_or_else(|_| panic!("{written:?} is refused"));
        assert_eq!((address.as_str(), address.key()), (*mailbox, *key), "{written:?}");
        // What is stored is read again when the account is activated, and when an operator names it.
        for again in [mailbox, key] {
            assert_eq!(Address::parse(again).unwrap_or_else(|_| panic!("{again:?} is refused")).key(), *key);
        }
    }
}

#[test]
fn what_could_be_two_mailboxes_or_none_is_refused() {
    for text in REFUSED {
        assert!(Address::parse(text).is_err(), "{text:?}");
    }
}

/// Some letters vanish on the way to a DNS name: a domain with one of them is written like none and named like another.
#[test]
fn no_character_gives_a_domain_the_name_of_one_that_is_written_otherwise() {
    for character in ('\u{80}'..=char::MAX).filter(|character| character.is_alphanumeric()) {
        let Ok(address) = Address::parse(&format!("a@x{character}y.com")) else { continue };
        let is_plain = address.as_str().is_ascii();
        assert!(is_plain || address.key().contains("xn--"), "U+{:04X}: {}", u32::from(character), address.key());
    }
}

#[test]
fn an_address_has_254_bytes_at_most_in_every_form() {
    let long = |letters: usize| format!("{}@{}com", "a".repeat(64), "a.".repeat(letters / 2));
    assert!(Address::parse(&long(186)).is_ok());
    // Three bytes that stand for four.
    let growing = format!("{}@{}com", "a".repeat(60), "\u{33c2}".repeat(60));
    assert!(growing.len() <= limits::AUTH_ID_MAX);
    for text in
        [long(188), growing, format!("{}@example.com", "a".repeat(65)), format!("{}@example.com", "a".repeat(10_000))]
    {
        assert!(Address::parse(&text).is_err(), "{text}");
    }
}
