//! Verifiers at rest: sealed, so that a stolen backup gives nothing to guess against.

use tacit_shared::Entropy;
use tacit_shared::encoding;
use tacit_shared::messages::ParsedCredential;
use tacit_shared::preset::Preset;
use tacit_shared::srp::{Identity, Salt, Verifier};
use tacit_store::credentials::CredentialRecord;
use tacit_store::logins::SealedCredential;
use tacit_store::pending_credentials::PendingCredentialRecord;
use uuid::Uuid;

use crate::aead;
use crate::fault::Internal;
use crate::keyring::Keyring;

/// Whose credential it is: bound into the seal, so that a row copied over another does not open.
pub(crate) struct Place<'a> {
    /// The account, or the pending credential itself before there is one.
    pub(crate) owner: Uuid,
    pub(crate) credential: Uuid,
    pub(crate) version: i64,
    pub(crate) identity: &'a str,
    pub(crate) salt: &'a [u8],
    pub(crate) preset: u16,
}

impl<'a> Place<'a> {
    /// Where an account's credential stands.
    pub(crate) fn of_account(record: &'a CredentialRecord) -> Self {
        Self {
            owner: record.account_id.as_uuid(),
            credential: record.id.as_uuid(),
            version: record.version,
            identity: &record.identity,
            salt: &record.salt,
            preset: record.preset,
        }
    }

    /// Where a credential stands, whatever it was found by.
    pub(crate) fn of(found: &'a SealedCredential) -> Self {
        Self {
            owner: found.owner,
            credential: found.id,
            version: found.version,
            identity: &found.identity,
            salt: &found.salt,
            preset: found.preset,
        }
    }

    /// Where a sign-up's credential stands: it owns itself until an account does.
    pub(crate) fn of_pending(record: &'a PendingCredentialRecord) -> Self {
        let id = record.id.as_uuid();
        Self {
            owner: id,
            credential: id,
            version: 0,
            identity: &record.identity,
            salt: &record.salt,
            preset: record.preset,
        }
    }

    fn aad(&self) -> Result<Vec<u8>, Internal> {
        encoding::fields(&[
            b"tacit/v1/verifier",
            self.owner.as_bytes(),
            self.credential.as_bytes(),
            &self.version.to_be_bytes(),
            self.identity.as_bytes(),
            self.salt,
            &self.preset.to_be_bytes(),
        ])
        .map_err(|_| Internal::Malformed("credential"))
    }
}

pub(crate) fn seal(
    keyring: &Keyring,
    place: &Place<'_>,
    verifier: &Verifier,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Internal> {
    aead::seal(&keyring.verifiers, &place.aad()?, verifier.as_bytes(), entropy)
}

pub(crate) fn open(keyring: &Keyring, place: &Place<'_>, preset: &Preset, sealed: &[u8]) -> Result<Verifier, Internal> {
    let plain = aead::open(&keyring.verifiers, &place.aad()?, sealed).ok_or(Internal::Sealed("verifier"))?;
    Verifier::from_bytes(preset.group, plain.to_vec()).map_err(|_| Internal::Malformed("verifier"))
}

/// A stored credential, read back.
pub(crate) struct Credential {
    pub(crate) identity: Identity,
    pub(crate) salt: Salt,
    pub(crate) preset: &'static Preset,
    pub(crate) verifier: Verifier,
}

/// Opens the credential that stands at `place`.
pub(crate) fn read(keyring: &Keyring, place: &Place<'_>, sealed: &[u8]) -> Result<Credential, Internal> {
    let malformed = || Internal::Malformed("credential");
    let preset = tacit_shared::preset::find(place.preset).ok_or_else(malformed)?;
    Ok(Credential {
        identity: Identity::parse(place.identity).map_err(|_| malformed())?,
        salt: Salt::from_bytes(place.salt.try_into().map_err(|_| malformed())?).map_err(|_| malformed())?,
        preset,
        verifier: open(keyring, place, preset, sealed)?,
    })
}

/// Where a new credential of a request will stand.
pub(crate) fn place(owner: Uuid, credential: Uuid, version: i64, parsed: &ParsedCredential) -> Place<'_> {
    Place {
        owner,
        credential,
        version,
        identity: parsed.identity.as_str(),
        salt: parsed.salt.as_bytes(),
        preset: parsed.preset.number,
    }
}
