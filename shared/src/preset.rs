//! Numbered combinations of group and password hashing.
//!
//! Numbers on the wire, the table on either side: parameters of a new credential never come from the other side, and a
//! number that is not in the table is refused. A line is never changed or removed; new ones get new numbers.

use crate::srp::Group;

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The number on the wire.
    pub number: u16,
    /// The group of RFC 5054 appendix A.
    pub group: Group,
    /// Memory of Argon2id in KiB.
    pub memory_kib: u32,
    /// Passes of Argon2id.
    pub passes: u32,
    /// Order of strength; a credential whose rank is below the default's is renewed after a login.
    pub rank: u16,
}

/// Every preset, by number. The server takes new credentials of any of them.
pub const ALL: &[Preset] = &[
    Preset { number: 1, group: Group::G3072, memory_kib: 47_104, passes: 3, rank: 2 },
    Preset { number: 2, group: Group::G4096, memory_kib: 65_536, passes: 3, rank: 3 },
    Preset { number: 3, group: Group::G2048, memory_kib: 19_456, passes: 2, rank: 1 },
];

/// What a client uses for a new credential: 46 MiB, three passes, the 3072-bit group.
pub const DEFAULT: &Preset = &Preset { number: 1, group: Group::G3072, memory_kib: 47_104, passes: 3, rank: 2 };

/// The preset of this number, if there is one.
#[must_use]
pub fn find(number: u16) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.number == number)
}

impl Preset {
    /// Whether a credential of this preset is weaker than today's default.
    #[must_use]
    pub const fn is_below_default(&self) -> bool {
        self.rank < DEFAULT.rank
    }

    /// The text of the hashing parameters in `info`: `argon2id;v=19;m=47104;t=3;p=1`.
    #[must_use]
    pub fn kdf_text(&self) -> String {
        // Joined, not formatted: the wasm is to do without the machinery of formatting.
        ["argon2id;v=19;m=", &self.memory_kib.to_string(), ";t=", &self.passes.to_string(), ";p=1"].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranks_occur_once_and_the_default_is_in_the_table() {
        for preset in ALL {
            assert_eq!(
                ALL.iter().filter(|other| other.number == preset.number || other.rank == preset.rank).count(),
                1
            );
            assert_eq!(find(preset.number), Some(preset));
        }
        assert_eq!(find(DEFAULT.number), Some(DEFAULT));
        assert_eq!(find(0), None);
        assert_eq!(find(4), None);
    }

    #[test]
    fn none_is_below_the_floor_of_19_mib_and_two_passes() {
        assert!(ALL.iter().all(|preset| preset.memory_kib >= 19 * 1024 && preset.passes >= 2));
    }

    #[test]
    fn three_is_below_one_and_one_below_two() {
        let rank = |number| find(number).map(|preset| preset.rank);
        assert!(rank(3) < rank(1) && rank(1) < rank(2));
        let below: Vec<u16> =
            ALL.iter().filter(|preset| preset.is_below_default()).map(|preset| preset.number).collect();
        assert_eq!(below, [3]);
    }

    #[test]
    fn the_parameters_are_spelt_as_in_the_profile() {
        assert_eq!(DEFAULT.kdf_text(), "argon2id;v=19;m=47104;t=3;p=1");
        assert_eq!(DEFAULT.group.id(), "3072");
    }
}
