use proptest::prelude::*;

use super::*;

#[test]
fn hex_is_written_in_lower_case_and_read_in_either() {
    assert_eq!(to_hex(&[0x00, 0x09, 0x0a, 0xf0, 0xff]), "00090af0ff");
    assert_eq!(parse_hex_exact::<5>("00090aF0ff"), Ok([0x00, 0x09, 0x0a, 0xf0, 0xff]));
}

#[test]
fn hex_of_any_other_length_is_refused() {
    for (text, error) in [("0102030", EncodingError::TooShort), ("010203040", EncodingError::TooLong)] {
        assert_eq!(parse_hex_exact::<4>(text), Err(error));
    }
    assert_eq!(parse_hex_exact::<4>("01020304"), Ok([1, 2, 3, 4]));
}

#[test]
fn every_byte_that_is_no_digit_is_refused() {
    for byte in 0..=255_u8 {
        let Ok(text) = String::from_utf8(vec![b'0', byte]) else { continue };
        assert_eq!(parse_hex_exact::<1>(&text).is_ok(), byte.is_ascii_hexdigit(), "{byte:#04x}");
    }
}

#[test]
fn signs_prefixes_and_spaces_are_refused() {
    for text in ["+102", "-102", "0x02", " 102", "102 ", "1_02", "１２", "1\u{0}02"] {
        assert_eq!(parse_hex_integer(text, 8), Err(EncodingError::Character), "{text}");
    }
}

#[test]
fn a_short_integer_is_padded_and_a_long_one_refused() {
    assert_eq!(parse_hex_integer("1", 3), Ok(vec![0, 0, 1]));
    assert_eq!(parse_hex_integer("ABC", 3), Ok(vec![0, 0x0a, 0xbc]));
    assert_eq!(parse_hex_integer("010203", 3), Ok(vec![1, 2, 3]));
    assert_eq!(parse_hex_integer("0010203", 3), Err(EncodingError::TooLong));
    assert_eq!(parse_hex_integer("", 3), Err(EncodingError::TooShort));
}

#[test]
fn base64url_has_no_padding_and_one_spelling() {
    assert_eq!(to_base64url(&[0xfb, 0xff]), "-_8");
    assert_eq!(from_base64url("-_8"), Ok(vec![0xfb, 0xff]));
    for text in ["-_8=", "+/8", "-_9", "-_8 ", "-"] {
        assert_eq!(from_base64url(text), Err(EncodingError::Character), "{text}");
    }
}

#[test]
fn fields_put_a_length_before_every_item() {
    assert_eq!(fields(&[b"ab", b"", b"c"]), Ok(vec![0, 2, b'a', b'b', 0, 0, 0, 1, b'c']));
    assert!(fields(&[&vec![0; 65_535]]).is_ok());
    assert_eq!(fields(&[&vec![0; 65_536]]), Err(EncodingError::Item));
}

proptest! {
    #[test]
    fn hex_makes_the_round_trip(bytes: [u8; 32]) {
        prop_assert_eq!(parse_hex_exact::<32>(&to_hex(&bytes)), Ok(bytes));
        prop_assert_eq!(parse_hex_exact::<32>(&to_hex(&bytes).to_uppercase()), Ok(bytes));
        prop_assert_eq!(parse_hex_integer(&to_hex(&bytes), 32), Ok(bytes.to_vec()));
    }

    #[test]
    fn base64url_makes_the_round_trip(bytes: Vec<u8>) {
        prop_assert_eq!(from_base64url(&to_base64url(&bytes)), Ok(bytes));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text: String, len in 0..64_usize) {
        let _ = parse_hex_exact::<16>(&text);
        let _ = parse_hex_integer(&text, len);
        let _ = from_base64url(&text);
    }
}
