//! Sign-up in zero-knowledge form: a credential waits, pending, until somebody proves that the address is theirs.

mod activation;
mod error;
mod input;

use std::sync::Arc;

use tacit_store::accounts::{self, AccountStatus};
use tacit_store::pending_credentials::{self, PendingCredentialRecord};
use tacit_store::{PendingId, StoreError, Timestamp, Tx};
use tokio::time::Instant;
use zeroize::Zeroizing;

pub use self::error::SignUpError;
use self::input::ActivationSecret;
pub use self::input::{Activation, CheckAddress, ResendActivation, SignUp};
use crate::address::Address;
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::Internal;
use crate::grid;
use crate::oauth::is_unproved;
use crate::outbox::{MailKind, MailSecret, NewMail};
use crate::secrets::{self, MailedSecrets, Purpose};
use crate::throttle::Window;
use crate::verifiers;

const TICKET_PREFIX: &str = "tk_";
const MAILS: &str = "sign_up_mail";
const RESENT_MAILS: &str = "resent_mail";
const SIGN_UPS: &str = "sign_up";
const BY_CLIENT: &str = "client_sign_up";
pub(crate) const MAILS_BY_CLIENT: &str = "client_mail";

/// Sign-up and activation.
#[derive(Clone)]
pub struct SignUps(pub(crate) Arc<Core>);

/// What a check of an address may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// This server does not tell who has an account.
    Undisclosed,
    /// Nobody has an account with this address; said only with `reveal_accounts`.
    Available,
}

/// A sign-up that waits for its activation.
pub struct Accepted {
    /// Shows later that this is the same sign-up: for another mail, and at login.
    pub ticket: Zeroizing<String>,
    /// Seconds until the activation expires.
    pub expires_in: u64,
    /// Seconds until another mail may be asked for.
    pub resend_after: u64,
}

impl SignUps {
    /// Says whether an address is free, if this server tells that at all.
    ///
    /// # Errors
    /// [`SignUpError::Exists`], only with `reveal_accounts`.
    pub async fn check(&self, check: CheckAddress) -> Result<Availability, SignUpError> {
        let core = &self.0;
        if !core.settings.reveal_accounts {
            return Ok(Availability::Undisclosed);
        }
        let taken = is_taken(&mut core.store.read().await?, &check.address).await?;
        if taken { Err(SignUpError::Exists) } else { Ok(Availability::Available) }
    }

    /// Takes a credential, to wait until the address is shown to be the caller's.
    ///
    /// An address that has an account gets the same answer, the same row and a mail of its own; only its owner learns.
    ///
    /// # Errors
    /// [`SignUpError::Closed`]; [`SignUpError::TooMany`]; [`SignUpError::Exists`] only with `reveal_accounts`.
    pub async fn sign_up(&self, sign_up: SignUp, origin: &Origin) -> Result<Accepted, SignUpError> {
        let arrived = Instant::now();
        let result = Box::pin(self.accept(sign_up, origin)).await;
        grid::release(arrived).await;
        result
    }

    async fn accept(&self, sign_up: SignUp, origin: &Origin) -> Result<Accepted, SignUpError> {
        let core = &self.0;
        if !core.settings.registration_enabled {
            return Err(SignUpError::Closed);
        }
        let now = core.now();
        let ticket = secrets::random_token(TICKET_PREFIX, &*core.entropy);
        let id = PendingId::from_uuid(core.new_id(now));
        let activation = core.activation_secrets(id);
        let mut pending = core.pending(&sign_up, id, &ticket, &activation, now)?;

        let mut tx = core.store.begin().await?;
        core.count_sign_up(&mut tx, &sign_up.address, origin, now).await?;
        let taken = is_taken(&mut tx, &sign_up.address).await?;
        if taken && core.settings.reveal_accounts {
            return Err(SignUpError::Exists);
        }
        pending.activatable = !taken;
        pending_credentials::insert(&mut tx, &pending).await?;
        // Silent when exceeded: who asks must not learn how often somebody asked for this address.
        if core.mails(MAILS, &sign_up.address, now).count(&mut tx).await? {
            core.push_mail(&mut tx, mail_of(&pending, activation), now).await?;
        }
        tx.commit().await?;
        core.outbox_bell.notify_one();
        Ok(Accepted {
            ticket,
            expires_in: core.settings.lifetimes.activation.as_secs(),
            resend_after: core.settings.limits.resend_after.as_secs(),
        })
    }

    /// Sends the activation mail of a sign-up again, with fresh secrets; the older ones are void.
    ///
    /// A sign-up is known by its ticket; by the address alone only with `reveal_accounts`. Unknown ones get the same
    /// answer and no mail. Returns the seconds until the next may be asked for.
    ///
    /// # Errors
    /// [`SignUpError::TooSoon`]; [`SignUpError::TooMany`]; [`SignUpError::Unknown`] and [`SignUpError::Activated`] only with `reveal_accounts`.
    pub async fn resend(&self, resend: ResendActivation, origin: &Origin) -> Result<u64, SignUpError> {
        let arrived = Instant::now();
        let result = Box::pin(self.send_again(resend, origin)).await;
        grid::release(arrived).await;
        result
    }

    async fn send_again(&self, resend: ResendActivation, origin: &Origin) -> Result<u64, SignUpError> {
        let core = &self.0;
        let now = core.now();
        let limits = &core.settings.limits;
        let pause = limits.resend_after;
        let mut tx = core.store.begin().await?;
        let asked = core.client_window(MAILS_BY_CLIENT, origin, limits.client_mails, limits.mail_window, now);
        if !asked.count_openly(&mut tx, &origin.meter).await? {
            return Err(SignUpError::TooMany(asked.remaining(now)));
        }
        let Some(pending) = core.pending_to_resend(&mut tx, &resend, now).await? else {
            tx.commit().await?;
            return Ok(pause.as_secs());
        };
        if pending.mailed_at + pause > now {
            tx.commit().await?;
            return Err(SignUpError::TooSoon((pending.mailed_at + pause).since(now)));
        }
        // A budget of its own, and one mail beside it for each sign-up: others must not use up the mails that the owner asks
        // for again, neither by signing up nor by asking.
        let is_first = pending.mailed_at == pending.created_at;
        let within = is_first || core.mails(RESENT_MAILS, &resend.address, now).count(&mut tx).await?;
        let activation = core.activation_secrets(pending.id);
        // Beyond it the pause begins anew all the same, and the mail that was sent last keeps its secrets.
        let (link_hash, code_hash) =
            if within { (activation.link_hash, activation.code_hash) } else { (pending.link_hash, pending.code_hash) };
        if !pending_credentials::update_mailed(&mut tx, pending.id, link_hash, code_hash, now, now - pause).await? {
            return Err(SignUpError::TooSoon(pause));
        }
        if within {
            core.push_mail(&mut tx, mail_of(&pending, activation), now).await?;
        }
        tx.commit().await?;
        core.outbox_bell.notify_one();
        Ok(pause.as_secs())
    }

    /// Makes an account of the sign-up whose secret was shown, and drops every other one for the address.
    ///
    /// # Errors
    /// [`SignUpError::ActivationInvalid`] for a secret that is wrong, expired or used.
    pub async fn activate(&self, activation: Activation, origin: &Origin) -> Result<Address, SignUpError> {
        let arrived = Instant::now();
        let result = Box::pin(self.redeem(activation, origin)).await;
        if result.is_err() {
            grid::release(arrived).await;
        }
        result
    }

    async fn redeem(&self, activation: Activation, origin: &Origin) -> Result<Address, SignUpError> {
        let core = &self.0;
        let now = core.now();
        core.may_activate(&activation.secret, now).await?;
        match activation.secret {
            ActivationSecret::Link(link) => {
                let link_hash = secrets::token_hash(&core.keyring, Purpose::ActivationLink, &link);
                let mut tx = core.store.begin().await?;
                match pending_credentials::find_by_link(&mut tx, link_hash).await? {
                    Some(pending) => core.activate_pending(tx, pending, origin, now).await,
                    None => core.activate_invited(tx, &link, activation.credential, origin, now).await,
                }
            }
            ActivationSecret::Code { address, code } => {
                let attempts = core.activation_codes(&address, now);
                let mut tx = core.store.begin().await?;
                if !attempts.count(&mut tx).await? {
                    return Err(SignUpError::Throttled(attempts.remaining(now)));
                }
                let Some(pending) = core.pending_with_code(&mut tx, &address, &code, now).await? else {
                    tx.commit().await?;
                    return Err(core.no_such_code(&address).await?);
                };
                attempts.refund(&mut tx).await?;
                core.activate_pending(tx, pending, origin, now).await
            }
        }
    }
}

impl Core {
    fn mails(&self, scope: &'static str, address: &Address, now: Timestamp) -> Window {
        let (hash, limits) = (self.address_hash(scope, address.key()), &self.settings.limits);
        Window::at(scope, hash, limits.mails, limits.mail_window, now)
    }

    /// Both windows are told: neither depends on whether the address has an account.
    async fn count_sign_up(
        &self,
        tx: &mut Tx,
        address: &Address,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), SignUpError> {
        let limits = &self.settings.limits;
        let client = self.client_window(BY_CLIENT, origin, limits.client_sign_ups, limits.sign_up_window, now);
        if !client.count_openly(tx, &origin.meter).await? {
            return Err(SignUpError::TooMany(client.remaining(now)));
        }
        // Rows that wait for one address are read together when a code is typed, so they must be few.
        let hash = self.address_hash(SIGN_UPS, address.key());
        let waiting = Window::at(SIGN_UPS, hash, limits.address_sign_ups, limits.mail_window, now);
        if waiting.count(tx).await? { Ok(()) } else { Err(SignUpError::TooMany(waiting.remaining(now))) }
    }

    fn activation_secrets(&self, id: PendingId) -> MailedSecrets {
        let (link, code) = (Purpose::ActivationLink, Purpose::ActivationCode);
        MailedSecrets::draw(&self.keyring, link, code, id.as_uuid(), &*self.entropy)
    }

    fn pending(
        &self,
        sign_up: &SignUp,
        id: PendingId,
        ticket: &str,
        activation: &MailedSecrets,
        now: Timestamp,
    ) -> Result<PendingCredentialRecord, Internal> {
        let credential = &sign_up.credential;
        let place = verifiers::place(id.as_uuid(), id.as_uuid(), 0, credential);
        let verifier_sealed = verifiers::seal(&self.keyring, &place, &credential.verifier, &*self.entropy)?;
        Ok(PendingCredentialRecord {
            id,
            email: sign_up.address.as_str().to_owned(),
            email_key: sign_up.address.key().to_owned(),
            display_name: sign_up.display_name.clone(),
            language: sign_up.language.clone().unwrap_or_else(|| self.settings.default_language.clone()),
            identity: credential.identity.as_str().to_owned(),
            salt: credential.salt.as_bytes().to_vec(),
            preset: credential.preset.number,
            key_id: self.keyring.id.clone(),
            verifier_sealed,
            ticket_hash: secrets::token_hash(&self.keyring, Purpose::Ticket, ticket),
            link_hash: activation.link_hash,
            code_hash: activation.code_hash,
            activatable: true,
            created_at: now,
            expires_at: now + self.settings.lifetimes.activation,
            mailed_at: now,
        })
    }

    async fn pending_to_resend(
        &self,
        tx: &mut Tx,
        resend: &ResendActivation,
        now: Timestamp,
    ) -> Result<Option<PendingCredentialRecord>, SignUpError> {
        let key = resend.address.key();
        if let Some(ticket) = &resend.ticket {
            let hash = secrets::token_hash(&self.keyring, Purpose::Ticket, ticket);
            let found = pending_credentials::find_by_ticket(tx, hash).await?;
            return Ok(found.filter(|pending| pending.email_key == key && pending.expires_at > now));
        }
        if !self.settings.reveal_accounts {
            return Ok(None);
        }
        if accounts::find_by_key(tx, key)
            .await?
            .is_some_and(|account| account.status != AccountStatus::Invited && !is_unproved(&account))
        {
            return Err(SignUpError::Activated);
        }
        let newest = pending_credentials::list_by_key(tx, key, now).await?.into_iter().max_by_key(|p| p.created_at);
        newest.map(Some).ok_or(SignUpError::Unknown)
    }
}

/// Whether somebody has proved that the address is theirs. An account that a provider made without that keeps nobody out.
async fn is_taken(tx: &mut Tx, address: &Address) -> Result<bool, StoreError> {
    let found = accounts::find_by_key(tx, address.key()).await?;
    Ok(found.is_some_and(|account| !is_unproved(&account)))
}

/// The mail that goes with a sign-up: its secrets, or the news that there is an account already.
fn mail_of(pending: &PendingCredentialRecord, activation: MailedSecrets) -> NewMail {
    let kind = if pending.activatable { MailKind::Activation } else { MailKind::AlreadyRegistered };
    let secret = pending.activatable.then_some(MailSecret { link: activation.link, code: Some(activation.code) });
    NewMail {
        kind,
        to: pending.email.clone(),
        language: pending.language.clone(),
        display_name: pending.display_name.clone(),
        expires_at: pending.expires_at,
        secret,
    }
}
