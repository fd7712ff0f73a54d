//! The client's arithmetic of a login by itself, for `client-wasm/bench`: no password, no network, no JavaScript in between.

use tacit_shared::kdf::{self, Memory};
use tacit_shared::preset;
use tacit_shared::srp::client::{self, Ephemeral};
use tacit_shared::srp::{Group, Identity, PublicValue, Salt};
use wasm_bindgen::prelude::wasm_bindgen;

struct Platform;

impl tacit_shared::Entropy for Platform {
    #[expect(clippy::disallowed_methods, clippy::expect_used, reason = "a measurement draws as the client does")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("randomness");
    }
}

/// Who logs in, and what the server sent.
#[wasm_bindgen]
pub struct Login {
    group: Group,
    identity: Identity,
    salt: Salt,
    x: [u8; 32],
    server_public: PublicValue,
}

#[wasm_bindgen]
impl Login {
    /// A login in the group of so many bits, with some `B`.
    #[must_use]
    pub fn of(bits: u32) -> Option<Login> {
        let group = Group::ALL.into_iter().find(|group| u32::try_from(group.bits()) == Ok(bits))?;
        let (identity, salt, x) = (Identity::random(&Platform), Salt::random(&Platform), [0xa5; 32]);
        let server_public = Ephemeral::new(group, &Platform).public().clone();
        Some(Self { group, identity, salt, x, server_public })
    }

    /// `A`, `k·g^x` and `S`, with the hashes between and behind them; some bytes of `M1`.
    #[must_use]
    pub fn run(&self) -> Option<Vec<u8>> {
        let ephemeral = Ephemeral::new(self.group, &Platform);
        let proof = ephemeral.prove(&self.identity, &self.salt, &self.x, &self.server_public).ok()?;
        Some(proof.proof.as_bytes().to_vec())
    }

    /// `v` of a new credential.
    #[must_use]
    pub fn verifier(&self) -> Vec<u8> {
        client::verifier(self.group, &self.x).as_bytes().to_vec()
    }

    /// The stretching of a password under a preset.
    #[must_use]
    pub fn stretch(&self, number: u16) -> Option<usize> {
        let preset = preset::find(number)?;
        let mut memory = Memory::default();
        let secrets =
            kdf::derive(&mut memory, "correct horse", &self.salt, preset, "example.com", &self.identity).ok()?;
        Some(secrets.login.len())
    }
}
