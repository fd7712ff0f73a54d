//! SHA-256 over a secret integer without its leading zeros, in constant time.
//!
//! Some libraries hash `S` trimmed. How many leading zero bytes `S` has depends on the password, so trimming by a branch
//! would tell something about it (one login in 256 has at least one). Here the work is the same for every count from
//! none to all: the zeros are shifted out by masks, the padding of FIPS 180-4 §5.1.1 is placed by masks, all blocks
//! that could be the last one are compressed, and the state after the right one is kept by a mask. Nothing is left to
//! chance: the result is exact for every `S`.

use sha2::block_api::compress256;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

const BLOCK: usize = 64;
/// The initial state, FIPS 180-4 §5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// `SHA-256(integer without leading zero bytes)`; only the length of `integer` shows in the time it takes.
pub(super) fn sha256(integer: &[u8]) -> Zeroizing<[u8; 32]> {
    let zeros = leading_zeros(integer);
    let length = (0_u32..).zip(integer).fold(0, |_, (index, _)| index.wrapping_add(1)).wrapping_sub(zeros);

    // Room for the message, the bit 1 and the 64-bit length, in whole blocks.
    let blocks = integer.len().saturating_add(9).div_ceil(BLOCK);
    let mut buffer = Zeroizing::new(vec![0_u8; blocks.saturating_mul(BLOCK)]);
    for (out, byte) in buffer.iter_mut().zip(integer) {
        *out = *byte;
    }
    shift_left(&mut buffer, zeros);
    pad(&mut buffer, length);
    compress(&buffer, last_block(length))
}

/// How many bytes are zero before the first that is not.
fn leading_zeros(integer: &[u8]) -> u32 {
    let mut still = Choice::from(1);
    let mut count = 0_u32;
    for byte in integer {
        still &= byte.ct_eq(&0);
        count = count.wrapping_add(u32::from(still.unwrap_u8()));
    }
    count
}

/// Moves everything `places` bytes to the front and fills up with zeros: one masked step for each bit of `places`.
fn shift_left(buffer: &mut [u8], places: u32) {
    let mut step = 1_usize;
    let mut rest = places;
    while step < buffer.len() {
        let wanted = (rest & 1).ct_eq(&1);
        let moved = Zeroizing::new(buffer.iter().skip(step).copied().collect::<Vec<u8>>());
        let zeros = core::iter::repeat(&0_u8);
        for (out, byte) in buffer.iter_mut().zip(moved.iter().chain(zeros)) {
            out.conditional_assign(byte, wanted);
        }
        step = step.saturating_mul(2);
        rest >>= 1;
    }
}

/// The block that carries the length: the message's last byte, the bit 1 and eight bytes must fit.
const fn last_block(length: u32) -> u32 {
    length.wrapping_add(8) >> 6
}

/// FIPS 180-4 §5.1.1 behind `length` bytes; everything there is still zero.
fn pad(buffer: &mut [u8], length: u32) {
    for (index, byte) in (0_u32..).zip(buffer.iter_mut()) {
        *byte |= u8::conditional_select(&0, &0x80, index.ct_eq(&length));
    }
    let bits = u64::from(length).wrapping_mul(8).to_be_bytes();
    let (blocks, _) = buffer.as_chunks_mut::<BLOCK>();
    for (index, block) in (0_u32..).zip(blocks) {
        let is_last = index.ct_eq(&last_block(length));
        for (byte, bit) in block.iter_mut().rev().zip(bits.iter().rev()) {
            *byte |= u8::conditional_select(&0, bit, is_last);
        }
    }
}

/// Compresses every block and keeps the state after block number `last`.
fn compress(buffer: &[u8], last: u32) -> Zeroizing<[u8; 32]> {
    let mut state = Zeroizing::new(INITIAL);
    let mut kept = Zeroizing::new([0_u32; 8]);
    let (blocks, _) = buffer.as_chunks::<BLOCK>();
    for (index, block) in (0_u32..).zip(blocks) {
        compress256(&mut state, core::slice::from_ref(block));
        let is_last = index.ct_eq(&last);
        for (word, now) in kept.iter_mut().zip(state.iter()) {
            word.conditional_assign(now, is_last);
        }
    }
    let mut out = Zeroizing::new([0; 32]);
    let (words, _) = out.as_chunks_mut::<4>();
    for (bytes, word) in words.iter_mut().zip(kept.iter()) {
        *bytes = word.to_be_bytes();
    }
    out
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_count_of_leading_zeros_gives_the_digest_of_the_rest() {
        for len in [1, 55, 56, 63, 64, 65, 128, 256, 384, 512] {
            for zeros in 0..=len {
                let integer: Vec<u8> =
                    (0..len).map(|i| if i < zeros { 0 } else { u8::try_from(i % 255).unwrap() + 1 }).collect();
                let trimmed = integer.get(zeros..).unwrap();
                assert_eq!(sha256(&integer).as_slice(), Sha256::digest(trimmed).as_slice(), "{zeros} of {len}");
            }
        }
    }

    #[test]
    fn zeros_after_the_first_other_byte_are_kept() {
        assert_eq!(sha256(&[0, 7, 0, 0]).as_slice(), Sha256::digest([7, 0, 0]).as_slice());
    }
}
