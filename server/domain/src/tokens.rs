//! The pair of tokens a session holds.

use hkdf::Hkdf;
use sha2::Sha256;
use tacit_shared::messages;
use tacit_store::accounts::AccountRecord;
use tacit_store::refresh_tokens::{self, RefreshTokenRecord};
use tacit_store::sessions::{RefreshDelivery, SessionRecord};
use tacit_store::{Timestamp, Tx};
use zeroize::Zeroizing;

use crate::access_tokens::Grant;
use crate::core::Core;
use crate::fault::Internal;
use crate::secrets::{self, Purpose};

/// Tokens as handed out.
pub struct TokenPair {
    /// A JWT.
    pub access_token: Zeroizing<String>,
    /// Opaque; `rt_` and 43 characters.
    pub refresh_token: Zeroizing<String>,
    /// Life of the access token in seconds.
    pub expires_in: u64,
    /// Life of the refresh token in seconds, for a cookie's `Max-Age`.
    pub refresh_expires_in: u64,
}

/// What stands before every refresh token.
const PREFIX: &str = "rt_";

impl Core {
    /// The first refresh token of a session, and its row.
    pub(crate) fn first_refresh_token(
        &self,
        session: &SessionRecord,
        now: Timestamp,
    ) -> (Zeroizing<String>, RefreshTokenRecord) {
        let token = secrets::random_token(PREFIX, &*self.entropy);
        let record = self.refresh_token_record(&token, session, now);
        (token, record)
    }

    /// Writes the token that follows `token`; the same one for the same nonce.
    pub(crate) async fn succeed_refresh_token(
        &self,
        tx: &mut Tx,
        token: &str,
        nonce: &[u8; 32],
        session: &SessionRecord,
        now: Timestamp,
    ) -> Result<Zeroizing<String>, Internal> {
        let next = self.successor(token, nonce);
        self.insert_refresh_token(tx, &next, session, now).await?;
        Ok(next)
    }

    /// The token that follows `token`: a keyed function of it and of a stored nonce.
    ///
    /// So a repeat of the old token can be answered alike without any token being stored; whoever holds only the old
    /// token, or only the database, cannot compute it.
    pub(crate) fn successor(&self, token: &str, nonce: &[u8]) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        let kdf = Hkdf::<Sha256>::new(Some(nonce), &*self.keyring.refresh_tokens);
        let info: [&[u8]; 2] = [b"tacit/v1/refresh/", token.as_bytes()];
        // 32 bytes are below HKDF's limit (RFC 5869 §2.3), so expanding cannot fail.
        let expanded = kdf.expand_multi_info(&info, &mut *bytes);
        debug_assert!(expanded.is_ok(), "HKDF gives 32 bytes");
        secrets::token_of(PREFIX, &bytes)
    }

    pub(crate) fn refresh_nonce(&self) -> [u8; 32] {
        let mut nonce = [0u8; 32];
        self.entropy.fill(&mut nonce);
        nonce
    }

    /// Signs the access token that goes with `refresh_token`.
    pub(crate) async fn pair(
        &self,
        account: &AccountRecord,
        session: &SessionRecord,
        refresh_token: Zeroizing<String>,
        now: Timestamp,
    ) -> Result<TokenPair, Internal> {
        let grant = Grant {
            account: account.id,
            session: session.id,
            role: account.role,
            auth_time: session.auth_time,
            amr: amr_of(session)?,
        };
        let (access_token, expires_in) = self.sign_access_token(grant, now).await?;
        let refresh_expires_in = self.refresh_end(session, now).since(now).as_secs();
        Ok(TokenPair { access_token: Zeroizing::new(access_token), refresh_token, expires_in, refresh_expires_in })
    }

    async fn insert_refresh_token(
        &self,
        tx: &mut Tx,
        token: &str,
        session: &SessionRecord,
        now: Timestamp,
    ) -> Result<(), Internal> {
        Ok(refresh_tokens::insert(tx, &self.refresh_token_record(token, session, now)).await?)
    }

    fn refresh_token_record(&self, token: &str, session: &SessionRecord, now: Timestamp) -> RefreshTokenRecord {
        RefreshTokenRecord {
            hash: secrets::token_hash(&self.keyring, Purpose::RefreshToken, token),
            session_id: session.id,
            created_at: now,
            expires_at: self.refresh_end(session, now),
            used_at: None,
            successor_nonce: None,
        }
    }

    fn refresh_end(&self, session: &SessionRecord, now: Timestamp) -> Timestamp {
        (now + self.settings.lifetimes.refresh_token).min(session.expires_at)
    }
}

/// How a client asked for its refresh token; in the body, where it says nothing.
pub(crate) fn delivery_of(asked: Option<messages::RefreshDelivery>) -> RefreshDelivery {
    match asked.unwrap_or_default() {
        messages::RefreshDelivery::Body => RefreshDelivery::Body,
        messages::RefreshDelivery::Cookie => RefreshDelivery::Cookie,
    }
}

/// How the session's owner proved who they are (RFC 8176).
pub(crate) fn amr_of(session: &SessionRecord) -> Result<Vec<String>, Internal> {
    serde_json::from_str(&session.amr).map_err(|_| Internal::Malformed("session"))
}
