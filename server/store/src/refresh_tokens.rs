//! Refresh tokens: only their hashes. A session's tokens are one family, each used once.

use rusqlite::{Connection, params};
use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{SecretHash, SessionId};
use crate::statements::{Statement, listed};
use crate::thread::execute;
use crate::timestamp::Timestamp;

/// One refresh token, used or not.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RefreshTokenRecord {
    /// Hash of the token.
    pub hash: SecretHash,
    /// The session it prolongs.
    pub session_id: SessionId,
    /// When it was given out.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was exchanged for its successor.
    pub used_at: Option<Timestamp>,
    /// From which the same successor can be derived again, for a second tab a moment later.
    pub successor_nonce: Option<Vec<u8>>,
}

const INSERT: &str = "INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, used_at, successor_nonce) \
    VALUES ($1, $2, $3, $4, $5, $6)";

const FIND: &str = "SELECT hash, session_id, created_at, expires_at, used_at, successor_nonce FROM refresh_tokens \
    WHERE hash = $1";

const CLAIM: &str = "UPDATE refresh_tokens SET used_at = $3, successor_nonce = $2 \
    WHERE hash = $1 AND used_at IS NULL AND expires_at > $3";

const DELETE_EXPIRED: &str = "DELETE FROM refresh_tokens WHERE expires_at <= $1 AND hash IN (\
    SELECT hash FROM refresh_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![both: INSERT, FIND, CLAIM, DELETE_EXPIRED];

/// Adds a token.
///
/// # Errors
/// [`ForeignKey`](crate::StoreErrorKind::ForeignKey) when there is no such session; any failure of the database.
pub async fn insert(tx: &mut Tx, token: &RefreshTokenRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(token.hash)
        .bind(token.session_id)
        .bind(token.created_at)
        .bind(token.expires_at)
        .bind(token.used_at)
        .bind(&token.successor_nonce))?;
    Ok(())
}

/// The same on the writer's thread.
pub(crate) fn insert_whole(connection: &Connection, token: &RefreshTokenRecord) -> Result<(), StoreError> {
    execute(
        connection,
        INSERT,
        params![token.hash, token.session_id, token.created_at, token.expires_at, token.used_at, token.successor_nonce,],
    )?;
    Ok(())
}

/// The token with this hash, used or expired ones included.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, hash: SecretHash) -> Result<Option<RefreshTokenRecord>, StoreError> {
    on!(read tx, c => query_as::<_, RefreshTokenRecord>(FIND).bind(hash).fetch_optional(c))
}

/// Marks an unused, unexpired token as used; `false` if it was neither. Of two claims one wins.
///
/// # Errors
/// Any failure of the database.
pub async fn claim(tx: &mut Tx, hash: SecretHash, nonce: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(CLAIM).bind(hash).bind(nonce).bind(now))? == 1)
}

/// Drops what no longer works, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
