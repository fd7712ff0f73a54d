//! Which credential a challenge is made from: chosen by mask, after the same work for everyone.

use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use tacit_shared::encoding;
use tacit_shared::preset::Preset;
use tacit_shared::srp::{Group, Verifier};
use tacit_store::accounts::{self, AccountStatus};
use tacit_store::credentials::{self, CredentialRecord};
use tacit_store::pending_credentials::{self, PendingCredentialRecord};
use tacit_store::{AccountId, PendingId, Timestamp};
use zeroize::Zeroizing;

use super::{LoginError, StartLogin};
use crate::core::Core;
use crate::decoys;
use crate::fault::Internal;
use crate::handshake::{self, Handshake, PUBLIC_MAX, Subject};
use crate::secrets::{self, Purpose};
use crate::verifiers::{self, Place};

/// A credential of fixed size, whoever's it is.
pub(super) struct Candidate {
    pub(super) subject: u8,
    pub(super) owner: [u8; 16],
    pub(super) credential: [u8; 16],
    pub(super) version: i64,
    pub(super) identity: [u8; 16],
    pub(super) salt: [u8; 32],
    pub(super) preset: u16,
    verifier: Zeroizing<[u8; PUBLIC_MAX]>,
}

impl Candidate {
    /// The verifier, at its group's length.
    pub(super) fn verifier(&self, group: Group) -> Result<Verifier, Internal> {
        let malformed = || Internal::Malformed("verifier");
        let bytes = handshake::unpad(&self.verifier, group.len()).ok_or_else(malformed)?;
        Verifier::from_bytes(group, bytes.to_vec()).map_err(|_| malformed())
    }

    /// `b` if `choice`, else `a`, without a branch.
    fn select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            subject: u8::conditional_select(&a.subject, &b.subject, choice),
            owner: <[u8; 16]>::conditional_select(&a.owner, &b.owner, choice),
            credential: <[u8; 16]>::conditional_select(&a.credential, &b.credential, choice),
            version: i64::conditional_select(&a.version, &b.version, choice),
            identity: <[u8; 16]>::conditional_select(&a.identity, &b.identity, choice),
            salt: <[u8; 32]>::conditional_select(&a.salt, &b.salt, choice),
            preset: u16::conditional_select(&a.preset, &b.preset, choice),
            verifier: Zeroizing::new(<[u8; PUBLIC_MAX]>::conditional_select(&a.verifier, &b.verifier, choice)),
        }
    }
}

impl Core {
    /// Finds the credential an address answers with: the pending one whose ticket was shown, else the account's, else
    /// a decoy.
    ///
    /// An address without an account has the nearest one's credential read, opened and then not chosen.
    ///
    /// # Errors
    /// With `reveal_accounts`, that there is none.
    pub(super) async fn candidate(
        &self,
        start: &StartLogin,
        attempt: &[u8; 32],
        now: Timestamp,
    ) -> Result<Candidate, LoginError> {
        let key = start.address.key();
        // Asked for in any case, so that a caller without a ticket costs the same.
        let ticket = start.ticket.as_deref().unwrap_or_default();
        let ticket_hash = secrets::token_hash(&self.keyring, Purpose::Ticket, ticket);
        let mut tx = self.store.read().await?;
        let nearest = accounts::find_nearest_credential(&mut tx, key).await?;
        let shown = pending_credentials::find_by_ticket(&mut tx, ticket_hash).await?;
        let pending = shown.filter(|pending| pending.email_key == key && pending.expires_at > now);
        if self.settings.reveal_accounts && pending.is_none() {
            match accounts::find_by_key(&mut tx, key).await? {
                Some(account) if account.status == AccountStatus::Invited => return Err(LoginError::NotActivated),
                Some(_) => {}
                None if pending_credentials::list_by_key(&mut tx, key, now).await?.is_empty() => {
                    return Err(LoginError::UnknownAccount);
                }
                None => return Err(LoginError::NotActivated),
            }
        }
        drop(tx);

        let decoy = self.decoy(attempt)?;
        let account = self.opened(nearest.as_ref().map(|nearest| Row::Account(&nearest.credential)))?;
        let pending = self.opened(pending.as_ref().map(Row::Pending))?;
        let same = nearest.map(|nearest| nearest.email_key).unwrap_or_default().as_bytes().ct_eq(key.as_bytes());
        let first = Candidate::select(&decoy, &account, same);
        Ok(Candidate::select(&first, &pending, is(pending.subject, Subject::Pending)))
    }

    /// Reads the verifier of a handshake afresh; the second value says whether the credential is still the one that the
    /// challenge was made from. Where it is not, the work goes on with a stand-in.
    pub(super) async fn verifier_of(
        &self,
        state: &Handshake,
        preset: &'static Preset,
    ) -> Result<(Verifier, bool), LoginError> {
        let mut tx = self.store.read().await?;
        let account = credentials::find(&mut tx, AccountId::from_uuid(state.owner)).await?;
        let pending = pending_credentials::find(&mut tx, PendingId::from_uuid(state.owner)).await?;
        drop(tx);
        let row = match state.subject {
            Subject::Pending => pending.as_ref().map(Row::Pending),
            Subject::Account | Subject::Decoy => account.as_ref().map(Row::Account),
        };
        let read = self.opened(row)?;
        let same = read.subject == state.subject.byte()
            && read.credential == *state.credential.as_bytes()
            && read.version == state.version
            && read.identity == state.identity
            && read.salt == state.salt
            && read.preset == state.preset;
        let stand_in = Candidate {
            verifier: padded(&decoys::verifier(&self.keyring.decoys, &state.attempt, preset)?),
            ..self.decoy(&state.attempt)?
        };
        let chosen = Candidate::select(&stand_in, &read, Choice::from(u8::from(same)));
        Ok((chosen.verifier(preset.group)?, same))
    }

    fn decoy(&self, attempt: &[u8; 32]) -> Result<Candidate, Internal> {
        let decoy = decoys::derive(&self.keyring.decoys, attempt, &self.shares());
        Ok(Candidate {
            subject: Subject::Decoy.byte(),
            owner: [0; 16],
            credential: [0; 16],
            version: 0,
            identity: decoy.identity,
            salt: decoy.salt,
            preset: decoy.preset.number,
            verifier: padded(&decoys::verifier(&self.keyring.decoys, attempt, decoy.preset)?),
        })
    }

    /// Opens a stored credential; where there is none, the stand-in row that was sealed at start.
    fn opened(&self, row: Option<Row<'_>>) -> Result<Candidate, Internal> {
        let row = row.unwrap_or(Row::StandIn(&self.stand_in));
        let (subject, place, sealed) = row.parts();
        let credential = verifiers::read(&self.keyring, &place, sealed)?;
        Ok(Candidate {
            subject: subject.byte(),
            owner: *place.owner.as_bytes(),
            credential: *place.credential.as_bytes(),
            version: place.version,
            identity: encoding::parse_hex_exact(credential.identity.as_str())
                .map_err(|_| Internal::Malformed("credential"))?,
            salt: *credential.salt.as_bytes(),
            preset: credential.preset.number,
            verifier: padded(&credential.verifier),
        })
    }
}

/// Where a credential stands.
enum Row<'a> {
    Account(&'a CredentialRecord),
    Pending(&'a PendingCredentialRecord),
    StandIn(&'a CredentialRecord),
}

impl Row<'_> {
    fn parts(&self) -> (Subject, Place<'_>, &[u8]) {
        match self {
            Self::Account(record) => (Subject::Account, Place::of_account(record), &record.verifier_sealed),
            Self::Pending(record) => (Subject::Pending, Place::of_pending(record), &record.verifier_sealed),
            Self::StandIn(record) => (Subject::Decoy, Place::of_account(record), &record.verifier_sealed),
        }
    }
}

fn is(subject: u8, wanted: Subject) -> Choice {
    Choice::from(u8::from(subject == wanted.byte()))
}

fn padded(verifier: &Verifier) -> Zeroizing<[u8; PUBLIC_MAX]> {
    Zeroizing::new(handshake::pad(verifier.as_bytes()))
}
