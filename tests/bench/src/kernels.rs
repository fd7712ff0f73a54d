//! The kernels of this repository that this machine can run, each without and with a comb of the verifier.

use std::{iter, rc::Rc};

use tacit_engine::Choice;
use tacit_shared::srp::{
    Group,
    engine::{Comb, Engine, Engines, Limbs28, Powers, Scalar},
};

use crate::{
    contender::{Contender, Kind, Part},
    handshake::{Handshake, multiplier},
};

/// The kernels in one group, the fastest last. A comb is kept between logins, so those of `handshakes` are made here.
#[must_use]
pub fn of(group: Group, handshakes: &[Handshake]) -> Vec<Box<dyn Contender>> {
    let mut contenders: Vec<Box<dyn Contender>> = Vec::new();
    for engine in engines(group) {
        let combs = handshakes.iter().map(|handshake| engine.comb(&handshake.v)).collect();
        for combs in [Vec::new(), combs] {
            contenders.push(Box::new(Kernel { k: multiplier(group), engine: Rc::clone(&engine), combs }));
        }
    }
    contenders
}

/// That of browsers, which no server uses, and those a server can choose from.
fn engines(group: Group) -> Vec<Rc<dyn Engine>> {
    let browsers: Rc<dyn Engine> = Rc::new(Powers::with_table(Limbs28::new(group), group.generator()));
    let available = Choice::ALL.into_iter().rev().filter(|choice| choice.is_available());
    let servers = available.map(|choice| {
        let Engines { g2048, g3072, g4096 } = choice.engines().expect("it is available");
        Rc::from(match group {
            Group::G2048 => g2048,
            Group::G3072 => g3072,
            Group::G4096 => g4096,
        })
    });
    iter::once(browsers).chain(servers).collect()
}

struct Kernel {
    k: Scalar,
    engine: Rc<dyn Engine>,
    /// By the number of the handshake; empty, where none are used.
    combs: Vec<Comb>,
}

impl Kernel {
    fn public(&self, handshake: &Handshake) -> Vec<u8> {
        let power = self.engine.power(&handshake.b);
        self.engine.server_public(&self.k, &handshake.v, &power).to_vec()
    }

    fn secret(&self, handshake: &Handshake) -> Vec<u8> {
        let Handshake { a_public, v, u, b, .. } = handshake;
        self.engine.server_secret(a_public, v, self.combs.get(handshake.number), u, b).to_vec()
    }
}

impl Contender for Kernel {
    fn name(&self) -> String {
        let comb = if self.combs.is_empty() { "" } else { ", comb" };
        format!("{}{comb}", self.engine.name())
    }

    fn kind(&self) -> Kind {
        Kind::Kernel
    }

    fn constant_time(&self) -> bool {
        true
    }

    fn run(&self, part: Part, handshake: &Handshake) -> Option<Vec<u8>> {
        let engine = &self.engine;
        match part {
            Part::Login => Some([self.public(handshake), self.secret(handshake)].concat()),
            Part::Public => Some(self.public(handshake)),
            Part::Secret => Some(self.secret(handshake)),
            Part::GeneratorPower => Some(engine.power(&handshake.b).to_vec()),
            // An engine has no such step of its own; it is what `S` takes beyond the last power.
            Part::VerifierPower => None,
            // A scrambler of zero leaves the base as it is, but for some products that prepare what is not used then.
            Part::LastPower => {
                let Handshake { base, v, b, .. } = handshake;
                Some(engine.server_secret(base, v, None, &[0; 32], b).to_vec())
            }
            Part::PublicFromPair => {
                Some(engine.server_public(&self.k, &handshake.v, &handshake.g_b.clone().into()).to_vec())
            }
            Part::Comb if self.combs.is_empty() => None,
            Part::Comb => {
                drop(engine.comb(&handshake.v));
                Some(Vec::new())
            }
        }
    }
}
