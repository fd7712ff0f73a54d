//! The groups of RFC 5054 appendix A.

use super::engine;

/// A safe-prime group. `N` and `g` come from this table on either side, never from the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// 2048 bits, `g = 2`.
    G2048,
    /// 3072 bits, `g = 5`; the default.
    G3072,
    /// 4096 bits, `g = 5`.
    G4096,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 3] = [Self::G2048, Self::G3072, Self::G4096];

    /// Bits of `N`.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::G2048 => 2048,
            Self::G3072 => 3072,
            Self::G4096 => 4096,
        }
    }

    /// Bytes of `N`, and of every value padded to it.
    #[expect(clippy::len_without_is_empty, reason = "the length of its elements; a group is never empty")]
    #[must_use]
    pub const fn len(self) -> usize {
        self.bits() / 8
    }

    /// The group's name in `info`: `3072`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::G2048 => "2048",
            Self::G3072 => "3072",
            Self::G4096 => "4096",
        }
    }

    /// `N`, big-endian.
    #[must_use]
    pub const fn modulus(self) -> &'static [u8] {
        engine::modulus(self)
    }

    /// `g`.
    #[must_use]
    pub const fn generator(self) -> u32 {
        engine::generator(self)
    }
}
