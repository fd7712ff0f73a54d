//! A proof of the password, whatever it is for: the challenge is read, the password stretched, `A` and `M1` computed.

use tacit_shared::preset::{self, Preset};
use tacit_shared::srp::client::{self, ClientProof, Ephemeral};
use tacit_shared::srp::{Identity, PublicValue, Salt};
use zeroize::Zeroizing;

use crate::Error;
use crate::entropy::Platform;
use crate::password::{Password, Place};

/// One handshake, from the server's challenge to the client's proof.
pub(crate) struct Attempt {
    step: Step,
}

/// How far the handshake is.
enum Step {
    Derived(Box<Derived>),
    Proved(Box<ClientProof>),
}

/// What the proof is computed from.
struct Derived {
    identity: Identity,
    salt: Salt,
    preset: &'static Preset,
    server_public: PublicValue,
    private_key: Zeroizing<[u8; 32]>,
}

/// A challenge as it crossed into the wasm.
pub(crate) struct Challenge<'a> {
    pub(crate) identity: &'a str,
    pub(crate) salt: &'a str,
    pub(crate) preset: u32,
    pub(crate) server_public: &'a str,
}

impl Attempt {
    /// Reads the server's challenge and stretches the password as it says.
    pub(crate) fn derive(password: Password, place: &Place<'_>, challenge: &Challenge<'_>) -> Result<Self, Error> {
        let preset = find_preset(challenge.preset).ok_or(Error::PresetUnknown)?;
        let identity = Identity::parse(challenge.identity).map_err(|_| Error::ChallengeInvalid)?;
        let salt = Salt::parse(challenge.salt).map_err(|_| Error::ChallengeInvalid)?;
        let server_public =
            PublicValue::parse_hex(preset.group, challenge.server_public).map_err(|_| Error::ChallengeInvalid)?;
        let secrets = password.derive(place, &identity, &salt, preset)?;
        let private_key = client::private_key(&identity, &salt, secrets.login.as_bytes());
        Ok(Self { step: Step::Derived(Box::new(Derived { identity, salt, preset, server_public, private_key })) })
    }

    /// Draws the client's ephemeral value and computes the proof; once only.
    pub(crate) fn prove(&mut self) -> Result<(), Error> {
        let Step::Derived(derived) = &self.step else { return Err(Error::Internal) };
        let Derived { identity, salt, preset, server_public, private_key } = &**derived;
        let proof = Ephemeral::new(preset.group, &Platform)
            .prove(identity, salt, private_key, server_public)
            .map_err(|_| Error::ChallengeInvalid)?;
        self.step = Step::Proved(Box::new(proof));
        Ok(())
    }

    pub(crate) fn proof(&self) -> Result<&ClientProof, Error> {
        match &self.step {
            Step::Proved(proof) => Ok(proof),
            Step::Derived(_) => Err(Error::Internal),
        }
    }
}

/// The preset of a number that came from JavaScript; one that would wrap to another is none.
pub(crate) fn find_preset(number: u32) -> Option<&'static Preset> {
    u16::try_from(number).ok().and_then(preset::find)
}
