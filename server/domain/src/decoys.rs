//! What an unknown address answers with: a credential that nobody made, the same one each time.

use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use tacit_shared::encoding;
use tacit_shared::preset::{self, Preset};
use tacit_shared::srp::Verifier;
use zeroize::Zeroizing;

use crate::aead::Key;
use crate::fault::Internal;

/// How the presets of real credentials are spread, so that a decoy's tells nothing.
#[derive(Clone)]
pub(crate) struct PresetShares(Vec<(u16, u64)>);

impl PresetShares {
    /// From the counts in the database; before the first account, all decoys use the default.
    pub(crate) fn new(counts: Vec<(u16, u64)>) -> Self {
        if counts.iter().any(|(_, count)| *count > 0) { Self(counts) } else { Self(vec![(preset::DEFAULT.number, 1)]) }
    }

    fn pick(&self, draw: u64) -> &'static Preset {
        let total: u64 = self.0.iter().map(|(_, count)| count).sum();
        let mut at = draw.checked_rem(total).unwrap_or(0);
        for (number, count) in &self.0 {
            if at < *count {
                return preset::find(*number).unwrap_or(preset::DEFAULT);
            }
            at -= count;
        }
        preset::DEFAULT
    }
}

/// A credential derived from an address.
pub(crate) struct Decoy {
    pub(crate) identity: [u8; 16],
    pub(crate) salt: [u8; 32],
    pub(crate) preset: &'static Preset,
}

/// Derives the decoy of an address; `attempt` is the keyed hash of the address.
///
/// The preset enters the rest: where the shares move and an address gets another preset, its identity and salt change
/// too, as a real account's do when its credential is upgraded.
pub(crate) fn derive(key: &Key, attempt: &[u8; 32], shares: &PresetShares) -> Decoy {
    let mut draw = [0u8; 8];
    expand(key, attempt, &[b"preset"], &mut draw);
    let preset = shares.pick(u64::from_be_bytes(draw));
    let mut identity = [0u8; 16];
    let mut salt = [0u8; 32];
    // Clients redraw until neither the salt nor H(I) starts with a zero byte; a decoy that did would be known for one.
    for round in 0..=u8::MAX {
        let label: [&[u8]; 3] = [b"credential", &preset.number.to_be_bytes(), &[round]];
        let mut bytes = [0u8; 48];
        expand(key, attempt, &label, &mut bytes);
        let (head, tail) = bytes.split_at(16);
        identity.copy_from_slice(head);
        salt.copy_from_slice(tail);
        let hash = Sha256::digest(encoding::to_hex(&identity));
        if salt[0] != 0 && hash.first() != Some(&0) {
            break;
        }
    }
    Decoy { identity, salt, preset }
}

/// The stand-in verifier of an address: a number of unknown logarithm, so that nobody can prove anything against it.
pub(crate) fn verifier(key: &Key, attempt: &[u8; 32], preset: &Preset) -> Result<Verifier, Internal> {
    let mut bytes = Zeroizing::new(vec![0u8; preset.group.len()]);
    expand(key, attempt, &[b"verifier", &preset.number.to_be_bytes()], &mut bytes);
    // All groups' moduli start with 64 one bits (RFC 5054 appendix A): below 2^(n−1) is below N, and far above 1.
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Verifier::from_bytes(preset.group, bytes.to_vec()).map_err(|_| Internal::Malformed("stand-in verifier"))
}

fn expand(key: &Key, attempt: &[u8; 32], label: &[&[u8]], out: &mut [u8]) {
    // At most 512 bytes are asked for, HKDF gives 8,160 (RFC 5869 §2.3).
    let expanded = Hkdf::<Sha256>::new(Some(attempt), &**key).expand_multi_info(label, out);
    debug_assert!(expanded.is_ok(), "HKDF gives 512 bytes");
}
