//! From a secret shown to an account that can log in.

use tacit_shared::FieldCode;
use tacit_shared::messages::ParsedCredential;
use tacit_store::accounts::{self, AccountRecord, AccountStatus, Role};
use tacit_store::credentials::{self, CredentialRecord};
use tacit_store::pending_credentials::{self, PendingCredentialRecord};
use tacit_store::{AccountId, CredentialId, StoreError, StoreErrorKind, Timestamp, Tx, invitations};

use super::SignUpError;
use super::input::ActivationSecret;
use crate::address::Address;
use crate::audit::{Event, EventType};
use crate::caller::{Meter, Origin};
use crate::core::Core;
use crate::fault::{Internal, InvalidInput};
use crate::oauth::{Newly, is_unproved};
use crate::secrets::{self, Purpose};
use crate::throttle::Window;
use crate::verifiers::{self, Place};

const CODES: &str = "activation_code";

impl Core {
    /// Refuses what can be refused without writing: strangers who guess must not take the writer from others.
    pub(super) async fn may_activate(&self, secret: &ActivationSecret, now: Timestamp) -> Result<(), SignUpError> {
        let mut tx = self.store.read().await?;
        match secret {
            ActivationSecret::Link(link) => {
                let hash = secrets::token_hash(&self.keyring, Purpose::ActivationLink, link);
                let invitation = secrets::token_hash(&self.keyring, Purpose::Invitation, link);
                let is_known = pending_credentials::find_by_link(&mut tx, hash).await?.is_some()
                    || invitations::find(&mut tx, invitation).await?.is_some();
                if is_known { Ok(()) } else { Err(SignUpError::ActivationInvalid) }
            }
            ActivationSecret::Code { address, .. } => {
                let attempts = self.activation_codes(address, now);
                let is_open = attempts.is_open(&mut tx, &Meter::default()).await?;
                if is_open { Ok(()) } else { Err(SignUpError::Throttled(attempts.remaining(now))) }
            }
        }
    }

    /// The codes an address may be tried with.
    pub(super) fn activation_codes(&self, address: &Address, now: Timestamp) -> Window {
        let (hash, limits) = (self.address_hash(CODES, address.key()), &self.settings.limits);
        Window::at(CODES, hash, limits.code_attempts, limits.code_window, now)
    }

    pub(super) async fn pending_with_code(
        &self,
        tx: &mut Tx,
        address: &Address,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<PendingCredentialRecord>, SignUpError> {
        let waiting = pending_credentials::list_by_key(tx, address.key(), now).await?;
        // A sign-up without an activation mail has a code too, and nobody who knows it.
        Ok(waiting.into_iter().find(|pending| {
            let shown = secrets::code_hash(&self.keyring, Purpose::ActivationCode, pending.id.as_uuid(), code);
            secrets::same(shown, pending.code_hash)
        }))
    }

    pub(super) async fn no_such_code(&self, address: &Address) -> Result<SignUpError, SignUpError> {
        if !self.settings.reveal_accounts {
            return Ok(SignUpError::ActivationInvalid);
        }
        let mut tx = self.store.read().await?;
        let known = accounts::find_by_key(&mut tx, address.key()).await?.is_some()
            || !pending_credentials::list_by_key(&mut tx, address.key(), Timestamp::from_millis(0)).await?.is_empty();
        Ok(if known { SignUpError::ActivationInvalid } else { SignUpError::Unknown })
    }

    pub(super) async fn activate_pending(
        &self,
        mut tx: Tx,
        pending: PendingCredentialRecord,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Address, SignUpError> {
        if !pending.activatable || pending.expires_at <= now {
            return Err(SignUpError::ActivationInvalid);
        }
        let held = verifiers::read(&self.keyring, &Place::of_pending(&pending), &pending.verifier_sealed)?;
        let parsed =
            ParsedCredential { identity: held.identity, salt: held.salt, preset: held.preset, verifier: held.verifier };
        let account = AccountRecord {
            id: AccountId::from_uuid(self.new_id(now)),
            email: pending.email.clone(),
            email_key: pending.email_key.clone(),
            display_name: pending.display_name.clone(),
            language: pending.language.clone(),
            role: Role::User,
            status: AccountStatus::Active,
            created_at: now,
            updated_at: now,
            activated_at: Some(now),
            disabled_at: None,
        };
        let held = self.lock_unproved(&mut tx, &pending.email_key).await?;
        let id = held.as_ref().map_or(account.id, |held| held.id);
        let reclaimed = if let Some(held) = &held {
            Some(self.reclaim(&mut tx, held, &Newly::from(&account), origin, now).await?)
        } else {
            accounts::insert(&mut tx, &account).await.map_err(not_activated)?;
            None
        };
        credentials::insert(&mut tx, &self.credential(id, &parsed, now)?).await?;
        pending_credentials::delete_by_key(&mut tx, &pending.email_key).await?;
        for event in reclaimed.into_iter().chain([Event::by_mail(id, EventType::AccountActivated, origin)]) {
            self.record(&mut tx, event, now).await?;
        }
        tx.commit().await?;
        tracing::info!(account = %id, "activated");
        Ok(Address::parse(&account.email)?)
    }

    /// The account that a provider made for the address without proving it: it gives way to whoever answers a mail there.
    pub(crate) async fn lock_unproved(
        &self,
        tx: &mut Tx,
        email_key: &str,
    ) -> Result<Option<AccountRecord>, StoreError> {
        let Some(found) = accounts::find_by_key(tx, email_key).await?.filter(is_unproved) else {
            return Ok(None);
        };
        let locked = accounts::lock(tx, found.id).await?;
        Ok(locked.filter(|account| is_unproved(account) && account.email_key == email_key))
    }

    pub(super) async fn activate_invited(
        &self,
        mut tx: Tx,
        link: &str,
        credential: Option<ParsedCredential>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Address, SignUpError> {
        let hash = secrets::token_hash(&self.keyring, Purpose::Invitation, link);
        let found = invitations::find(&mut tx, hash).await?;
        let invitation = found.filter(|it| it.expires_at > now).ok_or(SignUpError::ActivationInvalid)?;
        let Some(credential) = credential else {
            return Err(InvalidInput::field("credential", FieldCode::Required).into());
        };
        let account = accounts::lock(&mut tx, invitation.account_id).await?.ok_or(SignUpError::ActivationInvalid)?;
        let taken = invitations::take(&mut tx, hash, now).await?.is_none();
        if taken || account.status != AccountStatus::Invited {
            return Err(SignUpError::ActivationInvalid);
        }
        credentials::insert(&mut tx, &self.credential(account.id, &credential, now)?).await?;
        accounts::update_activated(&mut tx, account.id, now).await?;
        invitations::delete_for(&mut tx, account.id).await?;
        pending_credentials::delete_by_key(&mut tx, &account.email_key).await?;
        self.record(&mut tx, Event::by_mail(account.id, EventType::AccountActivated, origin), now).await?;
        tx.commit().await?;
        tracing::info!(account = %account.id, "invited account activated");
        Ok(Address::parse(&account.email)?)
    }

    /// A first credential for an account.
    pub(crate) fn credential(
        &self,
        account: AccountId,
        parsed: &ParsedCredential,
        now: Timestamp,
    ) -> Result<CredentialRecord, Internal> {
        let id = CredentialId::from_uuid(self.new_id(now));
        let version = 1;
        let place = verifiers::place(account.as_uuid(), id.as_uuid(), version, parsed);
        Ok(CredentialRecord {
            account_id: account,
            id,
            version,
            identity: parsed.identity.as_str().to_owned(),
            salt: parsed.salt.as_bytes().to_vec(),
            preset: parsed.preset.number,
            key_id: self.keyring.id.clone(),
            verifier_sealed: verifiers::seal(&self.keyring, &place, &parsed.verifier, &*self.entropy)?,
            created_at: now,
        })
    }
}

/// Another activation for the address was faster.
fn not_activated(error: StoreError) -> SignUpError {
    match error.kind() {
        StoreErrorKind::UniqueViolation => SignUpError::ActivationInvalid,
        _ => error.into(),
    }
}
