//! Big-endian numbers at the edges of a group, and the proofs of somebody who only guesses what `S` came to.

use sha2::{Digest as _, Sha256};
use tacit_shared::encoding::to_hex;
use tacit_shared::srp::Group;
use tacit_tests::Handshake;

/// `n + 1`.
pub(super) fn successor(n: &[u8]) -> Vec<u8> {
    let mut sum = n.to_vec();
    for byte in sum.iter_mut().rev() {
        let (next, carried) = byte.overflowing_add(1);
        *byte = next;
        if !carried {
            return sum;
        }
    }
    [vec![1], sum].concat()
}

/// `n − 1`, of an odd number.
pub(super) fn predecessor(n: &[u8]) -> Vec<u8> {
    let (last, rest) = n.split_last().unwrap();
    [rest, &[last - 1]].concat()
}

/// `2 n`, one byte longer where the highest bit is set.
pub(super) fn doubled(n: &[u8]) -> Vec<u8> {
    let mut bits = Vec::with_capacity(n.len() + 1);
    let mut carried = 0;
    for byte in n.iter().rev() {
        bits.push((byte << 1) | carried);
        carried = byte >> 7;
    }
    bits.push(carried);
    bits.reverse();
    bits
}

/// The number as long as the group wants it.
pub(super) fn padded(group: Group, n: &[u8]) -> Vec<u8> {
    [vec![0; group.len() - n.len()], n.to_vec()].concat()
}

/// Every form of `M1` that the server takes, for a guessed `S`: {bare `g`, `PAD(g)`} × {padded, trimmed}.
pub(super) fn proofs_for(group: Group, handshake: &Handshake, a: &[u8], guessed_s: &[u8]) -> Vec<String> {
    let b = tacit_shared::srp::PublicValue::parse_hex(group, &handshake.server_public).unwrap();
    let generator = if group == Group::G2048 { 2_u8 } else { 5 };
    let (a, s) = (padded(group, a), padded(group, guessed_s));
    let mut proofs = Vec::new();
    for hashed_g in [Sha256::digest([generator]), Sha256::digest(padded(group, &[generator]))] {
        let mixed: Vec<u8> = Sha256::digest(group.modulus()).iter().zip(hashed_g).map(|(n, g)| n ^ g).collect();
        for (a, b, s) in [(&*a, b.as_bytes(), &*s), (trimmed(&a), trimmed(b.as_bytes()), trimmed(&s))] {
            let m1 = Sha256::new()
                .chain_update(&mixed)
                .chain_update(Sha256::digest(handshake.identity.as_str()))
                .chain_update(handshake.salt.as_bytes())
                .chain_update(a)
                .chain_update(b)
                .chain_update(Sha256::digest(s));
            proofs.push(to_hex(&m1.finalize()));
        }
    }
    proofs
}

fn trimmed(n: &[u8]) -> &[u8] {
    &n[n.iter().take_while(|byte| **byte == 0).count()..]
}
