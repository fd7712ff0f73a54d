//! Sealed bodies: what a proof authorises, encrypted under the key that the proof shows.

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, AeadInOut, Payload},
};
use zeroize::Zeroizing;

use crate::{
    Entropy,
    encoding::{EncodingError, fields, from_base64url, to_base64url},
    hash::expand,
    kdf::VERSION,
    srp::SessionKey,
};

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// What a handshake is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Opens a session.
    Login,
    /// Changes the password.
    Change,
    /// Renews the credential with today's preset.
    Upgrade,
    /// Shows the password again before something dangerous.
    StepUp,
    /// Resets the password with a recovery key.
    Recovery,
}

impl Purpose {
    /// The purpose in `info`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Change => "change",
            Self::Upgrade => "upgrade",
            Self::StepUp => "step_up",
            Self::Recovery => "recovery",
        }
    }

    /// Method and path of the request that carries a body sealed for this purpose; a login carries none, and for
    /// recovery there is no operation yet.
    #[must_use]
    pub const fn request(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Login | Self::Recovery => None,
            Self::Change | Self::Upgrade => Some(("POST", "/api/auth/srp/password/change/confirm")),
            Self::StepUp => Some(("POST", "/api/auth/srp/step-up/confirm")),
        }
    }
}

/// What a sealed body is bound to: opened anywhere else, it is noise.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What the handshake was begun for.
    pub purpose: Purpose,
    /// The caller's session, hyphenated and lower-case; empty where there is none.
    pub session_id: &'a str,
    /// The HTTP method in upper case.
    pub method: &'a str,
    /// The path without host and query.
    pub path: &'a str,
}

impl<'a> Context<'a> {
    /// The context of a purpose in a session; `None` for a purpose without a sealed body.
    #[must_use]
    pub fn of(purpose: Purpose, session_id: &'a str) -> Option<Self> {
        let (method, path) = purpose.request()?;
        Some(Self { purpose, session_id, method, path })
    }
}

/// Why a body could not be sealed or opened; one that was altered says no more than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// Not base64url, or a part of the context too long.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// Altered, too short, or sealed under another key or for another context.
    #[error("the sealed body does not open")]
    Rejected,
}

/// Seals `plaintext`: `base64url(nonce | XChaCha20-Poly1305(key, nonce, plaintext, info))`.
///
/// # Errors
/// [`SealedError::Encoding`] for a context too long, [`SealedError::Rejected`] for a plaintext beyond the cipher.
pub fn seal(
    key: &SessionKey,
    context: Context<'_>,
    plaintext: &[u8],
    entropy: &dyn Entropy,
) -> Result<String, SealedError> {
    let info = info(context)?;
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    // In one place, and room for all of it at once: a buffer that grows would leave a copy of the plaintext behind.
    let mut sealed = Vec::with_capacity(NONCE_BYTES.saturating_add(plaintext.len()).saturating_add(TAG_BYTES));
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let message = sealed.get_mut(NONCE_BYTES..).ok_or(SealedError::Rejected)?;
    let tag = cipher(key, &info)
        .encrypt_inout_detached(&XNonce::from(nonce), &info, message.into())
        .map_err(|_| SealedError::Rejected)?;
    sealed.extend_from_slice(&tag);
    Ok(to_base64url(&sealed))
}

/// Opens what [`seal`] made, in the same context.
///
/// # Errors
/// [`SealedError`] for anything else.
pub fn open(key: &SessionKey, context: Context<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealedError> {
    let info = info(context)?;
    let bytes = from_base64url(sealed)?;
    let (nonce, message) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(SealedError::Rejected)?;
    cipher(key, &info)
        .decrypt(&XNonce::from(*nonce), Payload { msg: message, aad: &info })
        .map(Zeroizing::new)
        .map_err(|_| SealedError::Rejected)
}

/// `info = F("tacit/v1", "sealed", purpose, session_id, METHOD, path)`, for the key and as associated data.
fn info(context: Context<'_>) -> Result<Vec<u8>, EncodingError> {
    fields(&[
        VERSION.as_bytes(),
        b"sealed",
        context.purpose.as_str().as_bytes(),
        context.session_id.as_bytes(),
        context.method.as_bytes(),
        context.path.as_bytes(),
    ])
}

fn cipher(key: &SessionKey, info: &[u8]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*expand(key.as_bytes(), info)))
}

#[cfg(test)]
mod tests;
