//! Which credential a challenge is made from: chosen by mask, after the same work for everyone.

use subtle::{Choice, ConditionallySelectable as _};
use tacit_shared::encoding;
use tacit_shared::preset::Preset;
use tacit_shared::srp::{Group, Verifier};
use tacit_store::credentials::CredentialRecord;
use tacit_store::logins::{SealedCredential, Standing};
use zeroize::Zeroizing;

use crate::core::Core;
use crate::decoys;
use crate::fault::Internal;
use crate::handshake::{self, Handshake, PUBLIC_MAX, Subject};
use crate::verifiers::{self, Place};

/// A credential of fixed size, whoever's it is.
pub(crate) struct Candidate {
    pub(crate) subject: u8,
    pub(super) owner: [u8; 16],
    pub(super) credential: [u8; 16],
    pub(super) version: i64,
    pub(super) identity: [u8; 16],
    pub(super) salt: [u8; 32],
    pub(super) preset: u16,
    verifier: Padded,
}

impl Candidate {
    /// The verifier, at its group's length.
    pub(super) fn verifier(&self, group: Group) -> Result<Verifier, Internal> {
        unpadded(&self.verifier, group)
    }

    /// `b` if `choice`, else `a`, without a branch.
    pub(crate) fn select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            subject: u8::conditional_select(&a.subject, &b.subject, choice),
            owner: <[u8; 16]>::conditional_select(&a.owner, &b.owner, choice),
            credential: <[u8; 16]>::conditional_select(&a.credential, &b.credential, choice),
            version: i64::conditional_select(&a.version, &b.version, choice),
            identity: <[u8; 16]>::conditional_select(&a.identity, &b.identity, choice),
            salt: <[u8; 32]>::conditional_select(&a.salt, &b.salt, choice),
            preset: u16::conditional_select(&a.preset, &b.preset, choice),
            verifier: select(&a.verifier, &b.verifier, choice),
        }
    }
}

impl Core {
    /// The credential of an account that is known to the caller.
    pub(super) fn candidate_of(&self, credential: &CredentialRecord) -> Result<Candidate, Internal> {
        self.opened(Some(Row::Account(credential)))
    }

    /// Opens the verifier of a handshake, which was read afresh; the second value says whether the credential is still the
    /// one that the challenge was made from. Where it is not, the work goes on with a stand-in.
    pub(super) fn verifier_of(
        &self,
        state: &Handshake,
        standing: &Standing,
        preset: &'static Preset,
    ) -> Result<(Verifier, bool), Internal> {
        let row = match state.subject {
            Subject::Pending => standing.pending.as_ref().map(Row::SignUp),
            Subject::Account | Subject::Decoy => standing.account.as_ref().map(Row::Found),
        };
        let read = self.opened(row)?;
        let same = read.subject == state.subject.byte()
            && read.credential == *state.credential.as_bytes()
            && read.version == state.version
            && read.identity == state.identity
            && read.salt == state.salt
            && read.preset == state.preset;
        let stand_in = padded(&decoys::verifier(&self.keyring.decoys, &state.attempt, preset)?);
        let chosen = select(&stand_in, &read.verifier, Choice::from(u8::from(same)));
        Ok((unpadded(&chosen, preset.group)?, same))
    }

    pub(crate) fn decoy(&self, attempt: &[u8; 32]) -> Result<Candidate, Internal> {
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
    pub(crate) fn opened(&self, row: Option<Row<'_>>) -> Result<Candidate, Internal> {
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
pub(crate) enum Row<'a> {
    Account(&'a CredentialRecord),
    StandIn(&'a CredentialRecord),
    /// An account's.
    Found(&'a SealedCredential),
    /// A sign-up's.
    SignUp(&'a SealedCredential),
}

impl Row<'_> {
    fn parts(&self) -> (Subject, Place<'_>, &[u8]) {
        match self {
            Self::Account(record) => (Subject::Account, Place::of_account(record), &record.verifier_sealed),
            Self::StandIn(record) => (Subject::Decoy, Place::of_account(record), &record.verifier_sealed),
            Self::Found(found) => (Subject::Account, Place::of(found), &found.verifier_sealed),
            Self::SignUp(found) => (Subject::Pending, Place::of(found), &found.verifier_sealed),
        }
    }
}

/// A verifier of fixed size.
type Padded = Zeroizing<[u8; PUBLIC_MAX]>;

fn padded(verifier: &Verifier) -> Padded {
    Zeroizing::new(handshake::pad(verifier.as_bytes()))
}

fn unpadded(padded: &Padded, group: Group) -> Result<Verifier, Internal> {
    let malformed = || Internal::Malformed("verifier");
    let bytes = handshake::unpad(padded, group.len()).ok_or_else(malformed)?;
    Verifier::from_bytes(group, bytes.to_vec()).map_err(|_| malformed())
}

fn select(a: &Padded, b: &Padded, choice: Choice) -> Padded {
    Zeroizing::new(<[u8; PUBLIC_MAX]>::conditional_select(a, b, choice))
}
