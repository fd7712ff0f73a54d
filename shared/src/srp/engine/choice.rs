//! Which engine computes: chosen once, before the first use.

use std::sync::OnceLock;

use super::{
    Engine, Kernel, Powers, moduli,
    montgomery::{self, Montgomery},
};
use crate::srp::Group;

/// One engine for each group.
pub struct Engines {
    /// 2048 bits.
    pub g2048: Box<dyn Engine>,
    /// 3072 bits.
    pub g3072: Box<dyn Engine>,
    /// 4096 bits.
    pub g4096: Box<dyn Engine>,
}

/// Something was computed before the choice was made, or it was made before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an SRP engine is in use already")]
pub struct InUse;

static CHOSEN: OnceLock<Engines> = OnceLock::new();

/// Lets these compute from now on.
///
/// # Errors
/// [`InUse`], and nothing has changed: a process never mixes engines.
pub fn install(engines: Engines) -> Result<(), InUse> {
    CHOSEN.set(engines).map_err(|_| InUse)
}

/// The engine of a group; the portable one, where none was installed.
#[must_use]
pub fn of(group: Group) -> &'static dyn Engine {
    CHOSEN.get_or_init(portable).of(group)
}

impl Engines {
    /// The one of this group.
    #[must_use]
    pub fn of(&self, group: Group) -> &dyn Engine {
        match group {
            Group::G2048 => &*self.g2048,
            Group::G3072 => &*self.g3072,
            Group::G4096 => &*self.g4096,
        }
    }
}

/// The engines that run everywhere.
#[must_use]
pub fn portable() -> Engines {
    Engines {
        g2048: engine(Group::G2048, Montgomery::<montgomery::M2048, _>::new()),
        g3072: engine(Group::G3072, Montgomery::<montgomery::M3072, _>::new()),
        g4096: engine(Group::G4096, Montgomery::<montgomery::M4096, _>::new()),
    }
}

fn engine(group: Group, kernel: impl Kernel) -> Box<dyn Engine> {
    Box::new(Powers::with_table(kernel, moduli::generator(group)))
}
