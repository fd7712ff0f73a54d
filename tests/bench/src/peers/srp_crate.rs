//! The crate `srp` 0.6, called as its documentation shows: the second step computes `B` once more, and hashes.

use sha2_010::Sha256;
use srp::{
    groups::{G_2048, G_3072, G_4096},
    server::SrpServer,
};
use tacit_shared::srp::Group;

use crate::{
    contender::{Contender, Kind, Part},
    handshake::Handshake,
};

pub(super) struct AsDocumented {
    server: SrpServer<'static, Sha256>,
}

impl AsDocumented {
    pub(super) fn new(group: Group) -> Self {
        let parameters = match group {
            Group::G2048 => &*G_2048,
            Group::G3072 => &*G_3072,
            Group::G4096 => &*G_4096,
        };
        Self { server: SrpServer::new(parameters) }
    }

    fn secret(&self, handshake: &Handshake) -> Vec<u8> {
        let verifier = self.server.process_reply(&handshake.b, &handshake.v, &handshake.a_public);
        let mut trimmed = verifier.expect("A is not zero").key().to_vec();
        let zeros = handshake.v.len() - trimmed.len();
        trimmed.splice(..0, std::iter::repeat_n(0, zeros));
        trimmed
    }
}

impl Contender for AsDocumented {
    fn name(&self) -> String {
        "crate srp 0.6 as used".to_owned()
    }

    fn kind(&self) -> Kind {
        Kind::Peer
    }

    fn constant_time(&self) -> bool {
        false
    }

    fn run(&self, part: Part, handshake: &Handshake) -> Option<Vec<u8>> {
        match part {
            Part::Login => {
                let public = self.server.compute_public_ephemeral(&handshake.b, &handshake.v);
                Some([public, self.secret(handshake)].concat())
            }
            Part::Public => Some(self.server.compute_public_ephemeral(&handshake.b, &handshake.v)),
            Part::Secret => Some(self.secret(handshake)),
            Part::GeneratorPower | Part::VerifierPower | Part::LastPower | Part::PublicFromPair | Part::Comb => None,
        }
    }
}
