//! What an unknown address answers with: a credential that nobody made, the same one each time.

use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use tacit_shared::encoding;
use tacit_shared::preset::{self, Preset};
use tacit_shared::srp::Verifier;
use zeroize::Zeroizing;

use crate::aead::Key;
use crate::fault::Internal;

/// How decoys are spread over presets, in 64ths, the weakest preset first.
///
/// All start at the default. Where the default is raised later, decoys follow as people upgrade, and only upwards: a real
/// credential never gets weaker, so a decoy that did would be known for one. The shares are in the database, the same for
/// every node; a draw of six bits fixes an address's place among them, so that a step moves few addresses, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PresetShares(Vec<(&'static Preset, u32)>);

const WHOLE: u32 = 64;

impl PresetShares {
    /// Before anything is known: the default for all.
    pub(crate) fn initial() -> Self {
        Self(vec![(preset::DEFAULT, WHOLE)])
    }

    /// As stored: `number:share` with spaces between.
    pub(crate) fn text(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(|(preset, share)| format!("{}:{share}", preset.number)).collect();
        parts.join(" ")
    }

    /// Reads what [`PresetShares::text`] wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut shares = Vec::new();
        for part in text.split(' ') {
            let (number, share) = part.split_once(':')?;
            shares.push((preset::find(number.parse().ok()?)?, share.parse().ok()?));
        }
        let whole = shares.iter().try_fold(0, |sum: u32, (_, share)| sum.checked_add(*share));
        (whole == Some(WHOLE)).then_some(Self(shares))
    }

    /// Whether there is a share below the default, the only kind that a look at the real credentials changes.
    pub(crate) fn can_shrink(&self) -> bool {
        self.0.iter().any(|(preset, _)| preset.is_below_default())
    }

    /// The shares after a look at the real credentials: what is below the default shrinks with theirs, and never grows.
    pub(crate) fn follow(&self, counts: &[(u16, u64)]) -> Self {
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        let real = |preset: &Preset| {
            let count: u64 = counts.iter().filter(|(number, _)| *number == preset.number).map(|(_, count)| count).sum();
            (count * u64::from(WHOLE)).div_ceil(total.max(1))
        };
        let mut shares = Vec::new();
        let mut rest = WHOLE;
        for (preset, share) in self.0.iter().filter(|(preset, _)| preset.is_below_default()) {
            let share = u32::try_from(real(preset)).unwrap_or(WHOLE).min(*share);
            if share > 0 {
                shares.push((*preset, share));
                rest -= share;
            }
        }
        shares.push((preset::DEFAULT, rest));
        Self(shares)
    }

    fn pick(&self, draw: u8) -> &'static Preset {
        let mut at = u32::from(draw) % WHOLE;
        for (preset, share) in &self.0 {
            if at < *share {
                return preset;
            }
            at -= share;
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
    let mut draw = [0u8; 1];
    expand(key, attempt, &[b"preset"], &mut draw);
    let preset = shares.pick(draw[0]);
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
    // All groups' moduli have their highest bit set (RFC 5054 appendix A): below 2^(n−1) is below N, and far above 1.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u16) -> &'static Preset {
        preset::find(number).unwrap()
    }

    /// As if the default had been raised from 3 to 1 after a while.
    fn all_weak() -> PresetShares {
        PresetShares(vec![(of(3), WHOLE)])
    }

    #[test]
    fn decoys_follow_upgrades_and_never_get_weaker() {
        let half = all_weak().follow(&[(1, 50), (3, 50)]);
        assert_eq!(half.text(), "3:32 1:32");
        assert_eq!(half.follow(&[(1, 10), (3, 90)]), half);
        assert_eq!(half.follow(&[(1, 100)]).text(), "1:64");
        assert_eq!(PresetShares::initial().follow(&[(3, 1_000)]), PresetShares::initial());
        assert_eq!(PresetShares::initial().follow(&[(2, 1_000)]), PresetShares::initial());
        for draw in 0..=u8::MAX {
            assert!(half.pick(draw).rank >= all_weak().pick(draw).rank);
        }
    }

    #[test]
    fn shares_read_back_as_they_were_written_and_nothing_else_does() {
        let half = all_weak().follow(&[(1, 50), (3, 50)]);
        assert_eq!(PresetShares::parse(&half.text()), Some(half));
        for text in ["", "1:63", "9:64", "1:64 3:1", "1", "x:64", "1:4294967295 3:65"] {
            assert_eq!(PresetShares::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn another_account_moves_no_decoy() {
        let key = Key::new([1; 32]);
        let one = PresetShares::initial().follow(&[(1, 10), (2, 3), (3, 5)]);
        let two = PresetShares::initial().follow(&[(1, 11), (2, 3), (3, 5)]);
        for number in 0..=u8::MAX {
            let (a, b) = (derive(&key, &[number; 32], &one), derive(&key, &[number; 32], &two));
            assert_eq!((a.identity, a.salt, a.preset.number), (b.identity, b.salt, b.preset.number));
            assert_ne!(a.salt[0], 0);
        }
    }
}
