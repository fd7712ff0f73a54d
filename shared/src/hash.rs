//! Hashes over several parts, and what is made of them.
//!
//! HMAC and HKDF are two lines each on top of a hash; the crates for them, which take any hash and any length, would be a
//! twentieth of what a browser has to fetch. Tests compare with them.

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// The hash over the parts, one behind the other, in 32 bytes; a shorter one (SHA-1) stands at the end, so that it is the
/// same number.
///
/// Never written out where it is called, for the same reason.
#[inline(never)]
pub(crate) fn digest<D: Digest>(parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    let mut digest = hash.finalize();
    let mut out = Zeroizing::new([0; 32]);
    for (byte, from) in out.iter_mut().rev().zip(digest.iter().rev()) {
        *byte = *from;
    }
    digest.as_mut_slice().zeroize();
    out
}

/// `HMAC-SHA256` (RFC 2104) under a key of 32 bytes.
pub(crate) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let padded = |pad: u8| {
        let mut block = Zeroizing::new([pad; BLOCK]);
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let (inner, outer) = (padded(0x36), padded(0x5c));
    let mut all = Vec::with_capacity(parts.len().saturating_add(1));
    all.push(inner.as_slice());
    all.extend_from_slice(parts);
    digest::<Sha256>(&[outer.as_slice(), digest::<Sha256>(&all).as_slice()])
}

/// `HKDF-SHA256(key, salt empty, info, 32 bytes)` (RFC 5869): an empty salt is a block of zeros, and 32 bytes are the first
/// block of output.
pub(crate) fn expand(key: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    mac(&mac(&[0; 32], &[key]), &[info, &[1]])
}

#[cfg(test)]
mod tests {
    use hkdf::Hkdf;
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;

    use super::*;
    use crate::encoding::to_hex;

    /// RFC 5869, A.3: SHA-256 with zero-length salt and info, the first 32 of its 42 bytes.
    #[test]
    fn hkdf_is_the_published_one() {
        let out = expand(&[0x0b; 22], &[]);
        assert_eq!(to_hex(out.as_slice()), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }

    proptest! {
        #[test]
        fn both_are_those_of_their_crates(key: [u8; 32], parts: Vec<Vec<u8>>, info: Vec<u8>) {
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let expected = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(parts.concat()).finalize();
            let expected: [u8; 32] = expected.into_bytes().into();
            prop_assert_eq!(*mac(&key, &slices), expected);
            let mut expected = [0; 32];
            Hkdf::<Sha256>::new(None, &parts.concat()).expand(&info, &mut expected).unwrap();
            prop_assert_eq!(*expand(&parts.concat(), &info), expected);
        }
    }
}
