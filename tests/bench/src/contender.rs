//! What is timed: the steps of a login, and whoever does them.

use serde::Serialize;

use crate::handshake::Handshake;

/// A step of the server's work in one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// `B` and `S`: all of it.
    Login,
    /// `B = k·v + g^b`
    Public,
    /// `S = (A · v^u)^b`
    Secret,
    /// `g^b`
    GeneratorPower,
    /// `v^u`
    VerifierPower,
    /// `(·)^b`, with a base nobody has seen before.
    LastPower,
    /// `B` from a pair `(b, g^b)` that was made ahead.
    PublicFromPair,
    /// The powers of `v` that make every later `v^u` faster: once for each verifier, no part of a login.
    Comb,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 8] = [
        Self::Login,
        Self::Public,
        Self::Secret,
        Self::GeneratorPower,
        Self::VerifierPower,
        Self::LastPower,
        Self::PublicFromPair,
        Self::Comb,
    ];

    /// What the part must come to.
    #[must_use]
    pub fn expected(self, handshake: &Handshake) -> Vec<u8> {
        match self {
            Self::Login => [handshake.b_public.as_slice(), &handshake.secret].concat(),
            Self::Public | Self::PublicFromPair => handshake.b_public.clone(),
            Self::Secret | Self::LastPower => handshake.secret.clone(),
            Self::GeneratorPower => handshake.g_b.clone(),
            Self::VerifierPower => handshake.v_u.clone(),
            // Seen in the `S` of a login with it.
            Self::Comb => Vec::new(),
        }
    }
}

/// Whether it is one of ours or somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A kernel of this repository, or one it uses.
    Kernel,
    /// Another library, doing the same login.
    Peer,
}

/// Someone who computes the server's side of a login in one group.
pub trait Contender {
    /// As it stands in the table.
    fn name(&self) -> String;

    /// Ours or not.
    fn kind(&self) -> Kind;

    /// Whether its time is meant not to depend on the secrets, as far as its authors say.
    fn constant_time(&self) -> bool;

    /// Does the part, from bytes to bytes; nothing, where it has no such step.
    fn run(&self, part: Part, handshake: &Handshake) -> Option<Vec<u8>>;
}

/// Whether the contender gets from every handshake what it must, in every part it has; says where not.
///
/// # Errors
/// The first part that came to something else.
pub fn check(contender: &dyn Contender, handshakes: &[Handshake]) -> Result<(), String> {
    for (number, handshake) in handshakes.iter().enumerate() {
        for part in Part::ALL {
            match contender.run(part, handshake) {
                Some(value) if value != part.expected(handshake) => {
                    return Err(format!("{}: another {part:?} in handshake {number}", contender.name()));
                }
                None if part == Part::Login => return Err(format!("{}: no login", contender.name())),
                _ => {}
            }
        }
    }
    Ok(())
}
