//! What a login's two requests say, parsed.

use tacit_shared::messages;

use crate::address::Address;
use crate::fault::InvalidInput;
use crate::proofs::ShownProof;
use crate::text;
use crate::tokens::delivery_of;
use tacit_store::sessions::RefreshDelivery;

/// Step one, parsed.
pub struct StartLogin {
    pub(super) address: Address,
    pub(super) ticket: Option<String>,
}

impl TryFrom<messages::LoginStart> for StartLogin {
    type Error = InvalidInput;

    fn try_from(message: messages::LoginStart) -> Result<Self, InvalidInput> {
        Ok(Self { address: Address::parse(&message.auth_id)?, ticket: message.ticket })
    }
}

/// Step two, parsed as far as it can be before the handshake is open.
pub struct ProveLogin {
    pub(super) shown: ShownProof,
    pub(super) delivery: RefreshDelivery,
    pub(super) device_name: Option<String>,
    pub(super) device_token: Option<String>,
    pub(super) remember_device: bool,
}

impl ProveLogin {
    /// How the caller wants its refresh token.
    #[must_use]
    pub const fn delivery(&self) -> RefreshDelivery {
        self.delivery
    }
}

impl TryFrom<messages::LoginProof> for ProveLogin {
    type Error = InvalidInput;

    fn try_from(message: messages::LoginProof) -> Result<Self, InvalidInput> {
        let shown = ShownProof::parse(message.handshake, message.a, &message.m1)?;
        Ok(Self {
            shown,
            delivery: delivery_of(message.refresh_delivery),
            device_name: text::device_name(message.device_name)?,
            device_token: message.device_token,
            remember_device: message.remember_device.unwrap_or_default(),
        })
    }
}
