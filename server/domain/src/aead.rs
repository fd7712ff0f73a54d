//! Sealing at rest: XChaCha20-Poly1305 with a random 24-byte nonce in front.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use tacit_shared::Entropy;
use zeroize::Zeroizing;

use crate::fault::Internal;

/// Bytes a sealed text is longer than the plain one: nonce and tag.
pub(crate) const OVERHEAD: usize = NONCE + 16;
const NONCE: usize = 24;

/// A symmetric key; zeroised when dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Seals `plain` under `key`, bound to `aad`.
pub(crate) fn seal(key: &Key, aad: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, Internal> {
    let mut nonce = [0u8; NONCE];
    entropy.fill(&mut nonce);
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| Internal::Malformed("plain text, too long to seal"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] made; `None` for anything else.
pub(crate) fn open(key: &Key, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad }).ok().map(Zeroizing::new)
}
