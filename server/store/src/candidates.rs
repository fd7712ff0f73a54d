//! What a challenge can be made from: the credentials that an address, or a ticket, may stand for.

use sqlx::query_as;
use uuid::Uuid;

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::SecretHash;
use crate::in_place::Columns;
use crate::logins::SealedCredential;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// A credential by its address, or by what else names it.
#[derive(Clone, PartialEq, Eq)]
pub struct AddressedCredential {
    /// The address, in the form look-ups compare.
    pub email_key: String,
    /// When a sign-up's has had its time.
    pub expires_at: Option<Timestamp>,
    /// The credential.
    pub credential: SealedCredential,
}

/// What a challenge can be made from.
#[derive(Default)]
pub struct Candidates {
    /// The credential of the address itself; if it has none, that of the next address, and behind the last of the first:
    /// whatever the address is, one is read as long as there is any.
    pub nearest: Option<AddressedCredential>,
    /// The sign-up's of that ticket.
    pub shown: Option<AddressedCredential>,
}

// Of the first two parts one row is left, whatever the address.
const FIND: &str = "SELECT * FROM (SELECT * FROM (SELECT CAST(1 AS BIGINT) AS kind, version, created_at AS at, email_key, \
    account_id AS owner, id, identity, salt, preset, verifier_sealed FROM credentials WHERE email_key >= $1 \
    ORDER BY email_key LIMIT 1) AS here \
    UNION ALL SELECT * FROM (SELECT 2, version, created_at, email_key, account_id, \
    id, identity, salt, preset, verifier_sealed FROM credentials ORDER BY email_key LIMIT 1) AS around \
    ORDER BY kind LIMIT 1) AS nearest \
    UNION ALL SELECT 3, 0, expires_at, email_key, id, id, identity, salt, preset, verifier_sealed FROM pending_credentials \
    WHERE ticket_hash = $2";

pub(crate) const STATEMENTS: &[Statement] = listed![both: FIND];

/// The part of [`FIND`] that is a sign-up's.
const SIGN_UP: i64 = 3;

/// A row of [`FIND`].
#[derive(sqlx::FromRow)]
struct CandidateRow {
    kind: i64,
    version: i64,
    at: Timestamp,
    email_key: String,
    owner: Uuid,
    id: Uuid,
    identity: String,
    salt: Vec<u8>,
    #[sqlx(try_from = "i64")]
    preset: u16,
    verifier_sealed: Vec<u8>,
}

impl CandidateRow {
    fn read(columns: &mut Columns<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            kind: columns.next()?,
            version: columns.next()?,
            at: columns.next()?,
            email_key: columns.next()?,
            owner: columns.next()?,
            id: columns.next()?,
            identity: columns.next()?,
            salt: columns.next()?,
            preset: columns.next()?,
            verifier_sealed: columns.next()?,
        })
    }

    fn addressed(self) -> AddressedCredential {
        let Self { kind, version, at, email_key, owner, id, identity, salt, preset, verifier_sealed } = self;
        let credential = SealedCredential { owner, id, version, identity, salt, preset, verifier_sealed };
        AddressedCredential { email_key, expires_at: (kind == SIGN_UP).then_some(at), credential }
    }
}

/// What an address, and who shows this ticket, may be challenged with.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, email_key: &str, ticket_hash: SecretHash) -> Result<Candidates, StoreError> {
    let rows = match tx.rows_in_place(FIND, &[&email_key, &ticket_hash], CandidateRow::read) {
        Some(rows) => rows,
        None => on!(read tx, c => query_as::<_, CandidateRow>(FIND).bind(email_key).bind(ticket_hash).fetch_all(c))?,
    };
    let mut candidates = Candidates::default();
    for row in rows {
        match row.kind {
            SIGN_UP => candidates.shown = Some(row.addressed()),
            _ => candidates.nearest = Some(row.addressed()),
        }
    }
    Ok(candidates)
}

#[cfg(test)]
mod tests;
