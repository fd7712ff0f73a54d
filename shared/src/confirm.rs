//! `confirm`: the server's word, under the shared key, for the session it hands out.
//!
//! `M2` shows that the server knows the verifier, not that the tokens beside it are its own. A proxy that passes the
//! handshake through could swap them for those of another account; `confirm` covers what the answer carries.

use subtle::ConstantTimeEq;

use crate::{
    encoding::{EncodingError, fields},
    hash::{expand, mac},
    kdf::VERSION,
    srp::SessionKey,
};

/// What a finished login carries, as it stands in the answer.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// Lower-case, hyphenated.
    pub user_id: &'a str,
    /// Lower-case, hyphenated.
    pub session_id: &'a str,
    /// The access token.
    pub access_token: &'a str,
    /// The refresh token, where it is in the body.
    pub refresh_token: Option<&'a str>,
    /// `Bearer`
    pub token_type: &'a str,
    /// Seconds.
    pub expires_in: u64,
    /// The device's token, where the answer has one.
    pub device_token: Option<&'a str>,
}

/// `HMAC-SHA256(HKDF(K, F("tacit/v1", "confirm", "login")), F("session", user_id, session_id, …))`.
///
/// An answer with a device token has it as one more item; `F` counts the bytes of each, so the two forms never meet.
///
/// A session with an item of more than 65,535 bytes has no encoding: what comes back then verifies nowhere.
#[must_use]
pub fn compute(key: &SessionKey, session: &Session<'_>) -> [u8; 32] {
    authenticate(key, &message(session).unwrap_or_default())
}

/// Whether `confirm` covers this session, in constant time.
#[must_use]
pub fn verify(key: &SessionKey, session: &Session<'_>, confirm: &[u8; 32]) -> bool {
    message(session).is_ok_and(|message| authenticate(key, &message).ct_eq(confirm).into())
}

fn authenticate(key: &SessionKey, message: &[u8]) -> [u8; 32] {
    let info = fields(&[VERSION.as_bytes(), b"confirm", b"login"]).unwrap_or_default();
    *mac(&expand(key.as_bytes(), &info), &[message])
}

fn message(session: &Session<'_>) -> Result<Vec<u8>, EncodingError> {
    let expires_in = session.expires_in.to_string();
    let mut items = vec![
        b"session".as_slice(),
        session.user_id.as_bytes(),
        session.session_id.as_bytes(),
        session.access_token.as_bytes(),
        session.refresh_token.unwrap_or_default().as_bytes(),
        session.token_type.as_bytes(),
        expires_in.as_bytes(),
    ];
    items.extend(session.device_token.map(str::as_bytes));
    fields(&items)
}

#[cfg(test)]
mod tests;
