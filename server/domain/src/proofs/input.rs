//! What the second step of a handshake says, parsed as far as it can be before the handshake is open.

use tacit_shared::FieldCode;
use tacit_shared::messages;
use tacit_shared::srp::Proof;

use crate::fault::InvalidInput;

/// A proof as it was shown.
pub(crate) struct ShownProof {
    pub(crate) handshake: String,
    pub(crate) public: String,
    pub(crate) proof: Proof,
}

impl ShownProof {
    pub(crate) fn parse(handshake: String, public: String, proof: &str) -> Result<Self, InvalidInput> {
        let proof = Proof::parse(proof).map_err(|_| InvalidInput::field("M1", FieldCode::Malformed))?;
        Ok(Self { handshake, public, proof })
    }
}

/// A proof, and what it authorises.
pub struct Authorisation {
    pub(crate) shown: ShownProof,
    pub(crate) sealed: String,
}

impl TryFrom<messages::SealedProof> for Authorisation {
    type Error = InvalidInput;

    fn try_from(message: messages::SealedProof) -> Result<Self, InvalidInput> {
        Ok(Self { shown: ShownProof::parse(message.handshake, message.a, &message.m1)?, sealed: message.sealed })
    }
}
