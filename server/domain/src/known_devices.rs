//! Devices that have logged in before: each has a token that sets it apart from whoever guesses at the same account.
//!
//! A token is no credential and opens nothing: it is worth a count of failed proofs of its own. So nothing is stored; it
//! carries its time and a nonce under a MAC that binds both to the account's credential: with a new password, all devices are new.

use std::time::Duration;

use subtle::ConstantTimeEq as _;
use tacit_shared::encoding;
use tacit_store::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::core::Core;
use crate::keyring::mac;

const PREFIX: &str = "dt_";
/// A device that has not logged in for so long is no longer known.
const LIFE: Duration = Duration::from_hours(365 * 24);
/// A token is replaced at a login when it is older.
const RENEWED_AFTER: Duration = Duration::from_hours(30 * 24);

/// A token that was found good.
pub(crate) struct KnownDevice {
    issued_at: Timestamp,
    nonce: [u8; 16],
}

impl Core {
    /// The device a token stands for, if it has logged in with this credential.
    pub(crate) fn known_device(&self, token: Option<&str>, credential: Uuid, now: Timestamp) -> Option<KnownDevice> {
        // Computed in any case, so that a caller without a token costs the same.
        let shown = token.and_then(parse);
        let Parts { issued_at, nonce, tag } = shown.clone().unwrap_or_default();
        let genuine: bool = self.device_mac(credential, issued_at, &nonce).ct_eq(&tag).into();
        let issued_at = Timestamp::from_millis(i64::from_be_bytes(issued_at));
        (genuine && shown.is_some() && issued_at + LIFE > now).then_some(KnownDevice { issued_at, nonce })
    }

    /// A token for the next login, unless the one that was shown is good for a while yet.
    pub(crate) fn device_token(
        &self,
        known: Option<&KnownDevice>,
        credential: Uuid,
        now: Timestamp,
    ) -> Option<Zeroizing<String>> {
        if known.is_some_and(|device| device.issued_at + RENEWED_AFTER > now) {
            return None;
        }
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce);
        let issued_at = now.as_millis().to_be_bytes();
        let tag = self.device_mac(credential, issued_at, &nonce);
        let bytes = Zeroizing::new([issued_at.as_slice(), &nonce, &tag].concat());
        Some(Zeroizing::new([PREFIX, &Zeroizing::new(encoding::to_base64url(&bytes))].concat()))
    }

    /// What failed proofs of this device are counted under.
    pub(crate) fn device_key(&self, device: &KnownDevice) -> [u8; 32] {
        mac(&self.keyring.throttles, &[b"device", &device.nonce])
    }

    fn device_mac(&self, credential: Uuid, issued_at: [u8; 8], nonce: &[u8; 16]) -> [u8; 32] {
        mac(&self.keyring.devices, &[credential.as_bytes(), &issued_at, nonce])
    }
}

/// What a token is made of, 56 bytes in base64url.
#[derive(Clone, Default)]
struct Parts {
    issued_at: [u8; 8],
    nonce: [u8; 16],
    tag: [u8; 32],
}

fn parse(token: &str) -> Option<Parts> {
    let bytes = encoding::from_base64url(token.strip_prefix(PREFIX)?).ok()?;
    let (issued_at, rest) = bytes.split_first_chunk()?;
    let (nonce, tag) = rest.split_first_chunk()?;
    Some(Parts { issued_at: *issued_at, nonce: *nonce, tag: tag.try_into().ok()? })
}
