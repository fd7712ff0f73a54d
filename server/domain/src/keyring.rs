//! The master key and the independent keys that come from it.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tacit_shared::encoding;
use zeroize::Zeroizing;

use crate::aead::Key;

/// The one secret outside the database. Whoever loses it loses every password.
pub struct MasterKey(Key);

impl MasterKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Reads 64 hex characters, as a key file or the configuration has them; white space around them is ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        encoding::parse_hex_exact::<32>(text.trim()).ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// A public name of this key: it tells two keys apart and nothing else about them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let name = self.derive("fingerprint");
        encoding::to_hex(name.get(..16).unwrap_or_default())
    }

    fn derive(&self, label: &str) -> Key {
        let mut key = Zeroizing::new([0u8; 32]);
        let info = ["tacit/v1/master/", label].concat();
        // 32 bytes are below HKDF's 255 · 32 (RFC 5869 §2.3), so expanding cannot fail.
        let expanded = Hkdf::<Sha256>::new(None, &*self.0).expand(info.as_bytes(), &mut *key);
        debug_assert!(expanded.is_ok(), "HKDF gives 32 bytes");
        key
    }
}

/// One key a purpose, so that no two uses can be played against each other.
pub(crate) struct Keyring {
    /// Which master key these came from; stored in every row they seal.
    pub(crate) id: String,
    pub(crate) verifiers: Key,
    pub(crate) epochs: Key,
    pub(crate) decoys: Key,
    pub(crate) throttles: Key,
    pub(crate) secrets: Key,
    pub(crate) refresh_tokens: Key,
    pub(crate) signing_keys: Key,
    pub(crate) outbox: Key,
    pub(crate) devices: Key,
    pub(crate) audit: Key,
    pub(crate) oauth: Key,
}

impl Keyring {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self {
            id: master.fingerprint().chars().take(8).collect(),
            verifiers: master.derive("verifiers"),
            epochs: master.derive("epochs"),
            decoys: master.derive("decoys"),
            throttles: master.derive("throttles"),
            secrets: master.derive("secrets"),
            refresh_tokens: master.derive("refresh-tokens"),
            signing_keys: master.derive("signing-keys"),
            outbox: master.derive("outbox"),
            devices: master.derive("devices"),
            audit: master.derive("audit"),
            oauth: master.derive("oauth"),
        }
    }
}

/// HMAC-SHA256 over length-prefixed parts, so that no two lists of parts give the same input.
pub(crate) fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC pads a short key with zeros to the digest's block (RFC 2104 §2); this constructor takes it padded.
    let mut block = Zeroizing::new([0u8; 64]);
    for (to, from) in block.iter_mut().zip(key.iter()) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
