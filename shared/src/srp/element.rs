//! Elements of a group: the public values `A` and `B`, and the verifier `v`.

use std::sync::Arc;

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

#[cfg(target_arch = "wasm32")]
use super::engine::Engine as _;
use super::{
    Group, SrpError,
    engine::{self, Comb},
};
use crate::{
    encoding::{EncodingError, parse_hex_integer, to_hex},
    public,
};

/// `A` or `B`: `0 < value < N`, padded to the group's length.
///
/// Not secret, and without `Debug` all the same: it belongs in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicValue {
    group: Group,
    bytes: Vec<u8>,
}

impl PublicValue {
    /// Reads hex of at most the group's length.
    ///
    /// # Errors
    /// [`SrpError::Encoding`] for another form, [`SrpError::OutOfRange`] for zero, `N` and beyond.
    pub fn parse_hex(group: Group, text: &str) -> Result<Self, SrpError> {
        Self::from_bytes(group, parse_hex_integer(text, group.len())?)
    }

    /// Takes big-endian bytes of exactly the group's length.
    ///
    /// # Errors
    /// [`SrpError::Encoding`] for another length, [`SrpError::OutOfRange`] for zero, `N` and beyond.
    pub fn from_bytes(group: Group, bytes: Vec<u8>) -> Result<Self, SrpError> {
        check_length(group, &bytes)?;
        let zero = vec![0; bytes.len()];
        if public::verdict(is_less(&zero, &bytes) & is_less(&bytes, group.modulus())) {
            Ok(Self { group, bytes })
        } else {
            Err(SrpError::OutOfRange)
        }
    }

    /// The group it belongs to.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }

    /// Big-endian, of the group's length.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As it stands on the wire: hex of the group's length.
    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.bytes)
    }

    /// Big-endian without leading zeros. The value is public, so its length may show.
    pub(super) fn trimmed(&self) -> &[u8] {
        let zeros = self.bytes.iter().take_while(|byte| **byte == 0).count();
        self.bytes.get(zeros..).unwrap_or_default()
    }
}

/// `v = g^x mod N`, the password verifier: `1 < v < N − 1`, padded to the group's length.
///
/// Whoever has it can guess passwords against it and play the server: secret, wiped when dropped.
pub struct Verifier {
    group: Group,
    bytes: Zeroizing<Vec<u8>>,
    comb: Option<Arc<Comb>>,
}

impl Verifier {
    /// Reads hex of at most the group's length.
    ///
    /// # Errors
    /// [`SrpError::Encoding`] for another form, [`SrpError::OutOfRange`] for 0, 1, `N − 1` and beyond.
    pub fn parse_hex(group: Group, text: &str) -> Result<Self, SrpError> {
        Self::from_bytes(group, parse_hex_integer(text, group.len())?)
    }

    /// Takes big-endian bytes of exactly the group's length.
    ///
    /// # Errors
    /// [`SrpError::Encoding`] for another length, [`SrpError::OutOfRange`] for 0, 1, `N − 1` and beyond.
    pub fn from_bytes(group: Group, bytes: Vec<u8>) -> Result<Self, SrpError> {
        let bytes = Zeroizing::new(bytes);
        check_length(group, &bytes)?;
        // N is odd, so N − 1 differs in the last bit only.
        let mut one = vec![0; bytes.len()];
        let mut below = group.modulus().to_vec();
        if let (Some(last), Some(limit)) = (one.last_mut(), below.last_mut()) {
            *last = 1;
            *limit &= 0xfe;
        }
        // That a verifier is refused is told to whoever sent it; one that this crate computed never is.
        if public::verdict(is_less(&one, &bytes) & is_less(&bytes, &below)) {
            Ok(Self { group, bytes, comb: None })
        } else {
            Err(SrpError::OutOfRange)
        }
    }

    /// What this crate itself computed, of the right length.
    pub(super) const fn computed(group: Group, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { group, bytes, comb: None }
    }

    /// Powers of `v`, for a server that expects further proofs against it: as secret as `v`.
    #[must_use]
    pub fn to_comb(&self) -> Comb {
        engine::of(self.group).comb(&self.bytes)
    }

    /// Lets the check of a proof use powers of `v` that were kept. They must be this verifier's: with others, no proof
    /// is accepted.
    #[must_use]
    pub fn with_comb(self, comb: Arc<Comb>) -> Self {
        Self { comb: Some(comb), ..self }
    }

    /// The powers it was given.
    pub(super) fn comb(&self) -> Option<&Comb> {
        self.comb.as_deref()
    }

    /// The group it belongs to.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }

    /// Big-endian, of the group's length.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As it stands on the wire: hex of the group's length.
    #[must_use]
    pub fn to_hex(&self) -> String {
        to_hex(&self.bytes)
    }
}

fn check_length(group: Group, bytes: &[u8]) -> Result<(), SrpError> {
    match bytes.len().cmp(&group.len()) {
        core::cmp::Ordering::Less => Err(EncodingError::TooShort.into()),
        core::cmp::Ordering::Equal => Ok(()),
        core::cmp::Ordering::Greater => Err(EncodingError::TooLong.into()),
    }
}

/// `left < right` for two big-endian numbers of one length: the borrow of `left − right`, without a branch.
fn is_less(left: &[u8], right: &[u8]) -> Choice {
    // Lengths of all groups are whole words; what another had left over would come last.
    let ((first, left), (first_of_right, right)) = (left.as_rchunks::<8>(), right.as_rchunks::<8>());
    let borrow = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .fold(0, |borrow, (left, right)| borrow_of(u64::from_be_bytes(*left), u64::from_be_bytes(*right), borrow));
    let borrow = first
        .iter()
        .rev()
        .zip(first_of_right.iter().rev())
        .fold(borrow, |borrow, (left, right)| borrow_of(u64::from(*left), u64::from(*right), borrow));
    borrow.ct_eq(&1)
}

/// 1 where `left − right − borrow` is below zero, 0 elsewhere.
fn borrow_of(left: u64, right: u64, borrow: u8) -> u8 {
    let difference = u128::from(left).wrapping_sub(u128::from(right)).wrapping_sub(u128::from(borrow));
    difference.to_be_bytes()[0] & 1
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn agrees(left: &[u8], right: &[u8]) -> bool {
        bool::from(is_less(left, right)) == (BigUint::from_bytes_be(left) < BigUint::from_bytes_be(right))
    }

    #[test]
    fn a_borrow_goes_through_the_whole_length() {
        for len in [1, 7, 8, 9, 16, 23, 384] {
            let (zero, mut one, mut high) = (vec![0; len], vec![0; len], vec![0; len]);
            (one[len - 1], high[0]) = (1, 1);
            for (left, right) in [(&zero, &one), (&one, &high), (&high, &one), (&high, &zero), (&one, &one)] {
                assert!(agrees(left, right), "{left:?} {right:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn less_is_what_the_integers_say(pair in (1..64_usize).prop_flat_map(|len| {
            let bytes = || proptest::collection::vec(prop_oneof![Just(0), Just(255), any::<u8>()], len);
            (bytes(), bytes())
        })) {
            prop_assert!(agrees(&pair.0, &pair.1) && agrees(&pair.1, &pair.0));
        }
    }
}
