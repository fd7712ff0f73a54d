//! Which texts may be a password.
//!
//! The platform normalises to NFKC; Unicode keeps that stable for characters that are assigned, and only for them. So
//! code points without a character in the pinned version, Unicode 14.0, are refused on every platform alike: otherwise
//! the same password could give different bytes after a system update. Nothing else is judged here, and nothing is
//! trimmed: strength is the client's to measure.

use crate::limits::PASSWORD_MAX_BYTES;

mod unassigned;

/// The Unicode version whose characters a password may have.
pub const UNICODE_VERSION: &str = "14.0";

/// Why a text cannot be a password. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing at all.
    #[error("the password is empty")]
    Empty,
    /// More than 1,024 bytes of UTF-8.
    #[error("the password is longer than 1,024 bytes")]
    TooLong,
    /// A code point that Unicode 14.0 has no character for.
    #[error("the password contains a code point that is not assigned in Unicode 14.0")]
    Unassigned,
}

/// Checks one form of a password.
///
/// # Errors
/// [`PasswordError`] for what cannot be a password.
pub fn check(text: &str) -> Result<(), PasswordError> {
    if text.is_empty() {
        return Err(PasswordError::Empty);
    }
    if text.len() > PASSWORD_MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    if text.chars().any(|character| unassigned::contains(character.into())) {
        Err(PasswordError::Unassigned)
    } else {
        Ok(())
    }
}

/// Checks a password as typed and in normal form NFKC; a client calls this before it derives anything.
///
/// The typed form is checked too: a newer platform turns some characters of newer versions into older ones, and the
/// normal form would no longer show that they were there.
///
/// # Errors
/// [`PasswordError`] where either form cannot be a password.
pub fn check_both(typed: &str, normalised: &str) -> Result<(), PasswordError> {
    check(typed)?;
    check(normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_assigned_text_of_1_to_1024_bytes_is_a_password() {
        for text in ["x", " ", "correct horse", "пароль", "密码", "🔑", "\u{0}", "\u{e000}", "\u{1fae7}"] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
        assert_eq!(check(&"a".repeat(1024)), Ok(()));
        assert_eq!(check(&"a".repeat(1025)), Err(PasswordError::TooLong));
        assert_eq!(check(&"é".repeat(513)), Err(PasswordError::TooLong));
        assert_eq!(check(""), Err(PasswordError::Empty));
    }

    #[test]
    fn code_points_without_a_character_in_unicode_14_are_refused() {
        // Unassigned, a noncharacter, an emoji of 15.0, a letter of 15.0 that newer platforms turn into an older one.
        for point in ['\u{378}', '\u{fdd0}', '\u{ffff}', '\u{1fae8}', '\u{1e030}', '\u{10ffff}'] {
            assert_eq!(check(&format!("a{point}b")), Err(PasswordError::Unassigned), "{point:?}");
        }
    }

    #[test]
    fn a_character_that_vanishes_in_normal_form_is_still_refused() {
        assert_eq!(check_both("\u{1e030}", "\u{430}"), Err(PasswordError::Unassigned));
        assert_eq!(check_both("\u{ff21}", "A"), Ok(()));
        assert_eq!(check_both("\u{fdfa}", &"a".repeat(1025)), Err(PasswordError::TooLong));
    }

    #[test]
    fn every_code_point_is_found_where_its_range_is() {
        let mut ranges = unassigned::RANGES.iter().peekable();
        for point in 0..=0x0011_0000 {
            while ranges.next_if(|(_, last)| *last < point).is_some() {}
            let expected = ranges.peek().is_some_and(|(first, _)| *first <= point);
            // All edges, and a sample of what is between.
            let is_edge =
                ranges.peek().is_some_and(|(first, last)| [*first, *first - 1, *last, *last + 1].contains(&point));
            if is_edge || point % 101 == 0 || point % 256 == 0 {
                assert_eq!(unassigned::contains(point), expected, "{point:x}");
            }
        }
    }

    #[test]
    fn the_ranges_are_in_order_and_apart() {
        assert!(unassigned::RANGES.iter().all(|(first, last)| first <= last));
        assert!(unassigned::RANGES.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        let count: u32 = unassigned::RANGES.iter().map(|(first, last)| last - first + 1).sum();
        assert_eq!(count, COUNT);
    }

    /// 1,114,112 code points, less 144,697 characters, 65 controls, 137,468 for private use and 2,048 surrogates.
    const COUNT: u32 = 1_114_112 - 144_697 - 65 - 137_468 - 2_048;
}
