//! Rows as the statements of a login answer them.

use uuid::Uuid;

use super::{LockedLogin, SealedCredential, Standing};
use crate::accounts::{AccountRecord, AccountStatus, Role};
use crate::audit_events::AuditHeadRecord;
use crate::ids::{AccountId, CredentialId};
use crate::in_place::Columns;
use crate::proof_failures::ProofFailures;
use crate::timestamp::Timestamp;

/// A row of [`LOOK`](super): which part it is of, and what that part has.
#[derive(sqlx::FromRow)]
pub(super) struct LookRow {
    kind: i64,
    number: i64,
    at: Option<Timestamp>,
    owner: Option<Uuid>,
    id: Option<Uuid>,
    identity: Option<String>,
    salt: Option<Vec<u8>>,
    preset: Option<i64>,
    verifier_sealed: Option<Vec<u8>>,
}

impl LookRow {
    pub(super) fn read(columns: &mut Columns<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            kind: columns.next()?,
            number: columns.next()?,
            at: columns.next()?,
            owner: columns.next()?,
            id: columns.next()?,
            identity: columns.next()?,
            salt: columns.next()?,
            preset: columns.next()?,
            verifier_sealed: columns.next()?,
        })
    }

    /// What all rows tell, and whether the attempt was counted.
    pub(super) fn gather(rows: Vec<Self>) -> (Standing, bool) {
        let (mut standing, mut with_this, mut is_counted) = (Standing::default(), None, false);
        for row in rows {
            match row.kind {
                1 => standing.account = row.credential(),
                2 => standing.pending = row.credential(),
                3 => standing.failures = ProofFailures { failures: row.number, last_at: row.at },
                4 => standing.together = ProofFailures { failures: row.number, last_at: row.at },
                5 => standing.counted = row.number,
                7 => with_this = Some(row.number),
                8 => is_counted = true,
                _ => standing.is_spent = true,
            }
        }
        // Others may have been counted, or taken back, since the look.
        standing.counted = with_this.unwrap_or(standing.counted);
        (standing, is_counted)
    }

    fn credential(self) -> Option<SealedCredential> {
        Some(SealedCredential {
            owner: self.owner?,
            id: self.id?,
            version: self.number,
            identity: self.identity?,
            salt: self.salt?,
            preset: self.preset?.try_into().ok()?,
            verifier_sealed: self.verifier_sealed?,
        })
    }
}

#[derive(Clone, sqlx::FromRow)]
pub(super) struct LockRow {
    id: AccountId,
    email: String,
    email_key: String,
    display_name: Option<String>,
    language: String,
    role: Role,
    status: AccountStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    activated_at: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
    credential_id: CredentialId,
    credential_version: i64,
    chain: i64,
    sequence: i64,
    hash: Vec<u8>,
    seal: Vec<u8>,
}

impl LockRow {
    pub(super) fn read(columns: &mut Columns<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: columns.next()?,
            email: columns.next()?,
            email_key: columns.next()?,
            display_name: columns.next()?,
            language: columns.next()?,
            role: columns.next()?,
            status: columns.next()?,
            created_at: columns.next()?,
            updated_at: columns.next()?,
            activated_at: columns.next()?,
            disabled_at: columns.next()?,
            credential_id: columns.next()?,
            credential_version: columns.next()?,
            chain: columns.next()?,
            sequence: columns.next()?,
            hash: columns.next()?,
            seal: columns.next()?,
        })
    }

    pub(super) const fn account(&self) -> AccountId {
        self.id
    }

    pub(super) fn split(self) -> LockedLogin {
        let Self { id, email, email_key, display_name, language, role, status, created_at, updated_at, .. } = self;
        let (activated_at, disabled_at) = (self.activated_at, self.disabled_at);
        let (chain, sequence, hash, seal) = (self.chain, self.sequence, self.hash, self.seal);
        LockedLogin {
            account: AccountRecord {
                id,
                email,
                email_key,
                display_name,
                language,
                role,
                status,
                created_at,
                updated_at,
                activated_at,
                disabled_at,
            },
            credential_id: self.credential_id,
            credential_version: self.credential_version,
            head: AuditHeadRecord { chain, sequence, hash, seal },
        }
    }
}
