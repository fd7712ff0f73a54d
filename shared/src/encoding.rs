//! How bytes and integers are written on the wire.
//!
//! Hex is written in lower case and read in either. Base64url (RFC 4648 §5) carries no padding.

use base64ct::{Base64UrlUnpadded, Encoding};
use subtle::{Choice, ConditionallySelectable};

use crate::public;

/// Why a text is not the encoding it should be. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// Something else than the encoding's own characters.
    #[error("a character that does not belong to the encoding")]
    Character,
    /// Fewer characters than the value needs.
    #[error("too short")]
    TooShort,
    /// More characters than the value may have.
    #[error("too long")]
    TooLong,
    /// An item longer than its length prefix can say.
    #[error("an item of more than 65,535 bytes")]
    Item,
}

/// Writes lower-case hex, two digits a byte.
///
/// The digits are computed, not looked up: secrets (`P`, a verifier) pass through here.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    // Reserved at once: a growing text would leave copies of a secret behind.
    let mut out = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        out.push(char::from(write_digit(byte >> 4)));
        out.push(char::from(write_digit(byte & 0x0f)));
    }
    out
}

/// Reads exactly `N` bytes from hex of exactly `2 N` digits.
///
/// # Errors
/// [`EncodingError`] for any other length, sign, prefix, space or character.
pub fn parse_hex_exact<const N: usize>(text: &str) -> Result<[u8; N], EncodingError> {
    let digits = text.as_bytes();
    if digits.len() < 2 * N {
        return Err(EncodingError::TooShort);
    }
    if digits.len() > 2 * N {
        return Err(EncodingError::TooLong);
    }
    let mut out = [0; N];
    read_pairs(digits, &mut out)?;
    Ok(out)
}

/// Reads an unsigned integer from hex into exactly `len` bytes, most significant first.
///
/// Many libraries trim leading zeros, so fewer digits (an odd number too) are padded on the left. More digits than
/// `2 · len` are refused before anything is parsed, leading zeros or not; so is the empty text.
///
/// # Errors
/// [`EncodingError`] for a wrong length, sign, prefix, space or character.
pub fn parse_hex_integer(text: &str, len: usize) -> Result<Vec<u8>, EncodingError> {
    let digits = text.as_bytes();
    let most = len.saturating_mul(2);
    if digits.is_empty() {
        return Err(EncodingError::TooShort);
    }
    let Some(missing) = most.checked_sub(digits.len()) else {
        return Err(EncodingError::TooLong);
    };
    let mut padded = zeroize::Zeroizing::new(vec![b'0'; missing]);
    padded.reserve_exact(digits.len());
    padded.extend_from_slice(digits);
    let mut out = vec![0; len];
    read_pairs(&padded, &mut out)?;
    Ok(out)
}

/// Writes base64url without padding.
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Reads base64url without padding. Encodings that are not the shortest possible (stray bits) are refused.
///
/// # Errors
/// [`EncodingError::Character`] for anything that is not base64url without padding.
pub fn from_base64url(text: &str) -> Result<Vec<u8>, EncodingError> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| EncodingError::Character)
}

/// `F(x1 … xn)`: every item behind its own length, as an unsigned 16-bit big-endian number.
///
/// Two different lists of items never have the same encoding.
///
/// # Errors
/// [`EncodingError::Item`] for an item of more than 65,535 bytes.
pub fn fields(items: &[&[u8]]) -> Result<Vec<u8>, EncodingError> {
    let mut out = Vec::with_capacity(items.iter().map(|item| item.len().saturating_add(2)).sum());
    for item in items {
        let len = u16::try_from(item.len()).map_err(|_| EncodingError::Item)?;
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(item);
    }
    Ok(out)
}

/// `0..=15` to its digit, without a table or a branch: `'0' + d`, and from ten on `'a' − 10 + d`.
///
/// The compiler makes a branch of plain arithmetic on 0 and 1, so the choice goes through `subtle`; and it must see that
/// the result is ASCII, or appending it to a text asks how long it is in UTF-8.
fn write_digit(digit: u8) -> u8 {
    let past_nine = Choice::from(9_u8.wrapping_sub(digit) >> 7);
    u8::conditional_select(&b'0', &(b'a' - 10), past_nine).wrapping_add(digit) & 0x7f
}

/// A digit to `0..=15`, without a table or a branch; the second value is zero for anything else.
const fn read_digit(digit: u8) -> (u8, u8) {
    let number = digit.wrapping_sub(b'0');
    let letter = (digit | 0x20).wrapping_sub(b'a');
    let is_number = below(number, 10);
    let is_letter = below(letter, 6);
    let value = (number & 0_u8.wrapping_sub(is_number)) | (letter.wrapping_add(10) & 0_u8.wrapping_sub(is_letter));
    (value, is_number | is_letter)
}

/// 1 if `value < bound`, else 0; `bound` at most 128.
const fn below(value: u8, bound: u8) -> u8 {
    // For values from 128 on the subtraction's top bit says nothing, so their own top bit is masked out.
    (value.wrapping_sub(bound) >> 7) & !(value >> 7) & 1
}

fn read_pairs(digits: &[u8], out: &mut [u8]) -> Result<(), EncodingError> {
    let mut valid = 1;
    for (pair, byte) in digits.chunks_exact(2).zip(out.iter_mut()) {
        let &[high, low] = pair else { return Err(EncodingError::Character) };
        let ((high, first), (low, second)) = (read_digit(high), read_digit(low));
        *byte = (high << 4) | low;
        valid &= first & second;
    }
    // That a text is refused is told; which of its characters was wrong is not.
    if public::verdict(Choice::from(valid)) { Ok(()) } else { Err(EncodingError::Character) }
}

#[cfg(test)]
mod tests;
