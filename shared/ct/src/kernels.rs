//! Every kernel that valgrind can run, the browser's too.

use tacit_engine::Choice;
use tacit_shared::srp::Group;
use tacit_shared::srp::engine::{self, Engine, Engines, Limbs28, Powers};

/// Lets the kernel of this name compute.
pub fn install(name: &str) -> Result<(), String> {
    if name == "limbs28" {
        return engine::install(as_in_a_browser()).map_err(|error| error.to_string());
    }
    let choice: Choice = name.parse().map_err(|_| "there is no such kernel".to_owned())?;
    tacit_engine::install(choice).map_err(|error| error.to_string())
}

/// Without a table for `g`: its powers are made of squares and small factors there.
fn as_in_a_browser() -> Engines {
    let engine =
        |group: Group| -> Box<dyn Engine> { Box::new(Powers::without_table(Limbs28::new(group), group.generator())) };
    Engines { g2048: engine(Group::G2048), g3072: engine(Group::G3072), g4096: engine(Group::G4096) }
}
