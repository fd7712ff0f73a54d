//! What people may call themselves and their devices, and the language they read.

use tacit_shared::{FieldCode, limits};

use crate::fault::InvalidInput;

/// Whether a text is one line of one to `longest` characters that all show: control characters break logs and mails, and
/// directional ones (Unicode Standard Annex 9 §2) make a line read as something else.
pub(crate) fn is_line(text: &str, longest: usize) -> bool {
    let directs =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (1..=longest).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() || directs(c))
}

/// What somebody calls a device, if they call it anything.
pub(crate) fn device_name(name: Option<String>) -> Result<Option<String>, InvalidInput> {
    if name.as_ref().is_some_and(|name| !is_line(name, limits::DEVICE_NAME_MAX)) {
        return Err(InvalidInput::field("device_name", FieldCode::Malformed));
    }
    Ok(name)
}

/// Whether a text has the shape of a BCP 47 tag: subtags of one to eight letters or digits.
pub(crate) fn is_language(tag: &str) -> bool {
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= limits::LANGUAGE_MAX && tag.split('-').all(subtag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag() {
        for good in ["en", "de-AT", "zh-Hant-TW", "x-klingon"] {
            assert!(is_language(good), "{good:?}");
        }
        for bad in ["", "-", "de-", "de_AT", "../en", "deutschland", "dé", &"a-".repeat(18)] {
            assert!(!is_language(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_line_has_nothing_that_does_not_show() {
        for good in ["Chrome on Linux", "Łódź", "日本語", "a"] {
            assert!(is_line(good, 20), "{good:?}");
        }
        for bad in ["", "a\0", "a\nb", "\u{1b}[31m", "\u{202e}live", "a\u{2066}", "123456789012345678901"] {
            assert!(!is_line(bad, 20), "{bad:?}");
        }
    }
}
