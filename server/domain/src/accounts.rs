//! Accounts: what their owners see and do, and what an operator does to them on the command line.

mod deletion;
mod export;
mod own;

use std::sync::Arc;

use tacit_store::accounts::{self, AccountRecord, AccountStatus, Role};
use tacit_store::invitations::{self, InvitationRecord};
use tacit_store::{AccountId, StoreError, Timestamp, sessions};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::audit::{Event, EventType};
use crate::caller::Caller;
use crate::core::Core;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::secrets::{self, Purpose};
use crate::sessions::ended;
use tacit_shared::FieldError;
use tacit_shared::codes::Code;

pub use self::export::{Export, ExportedMail};
pub use self::own::{OwnAccountError, Update};

/// Accounts.
#[derive(Clone)]
pub struct Accounts(pub(crate) Arc<Core>);

/// An account as its owner sees it.
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The address, as it was written.
    pub email: String,
    /// What the person wants to be called.
    pub display_name: Option<String>,
    /// The language of mails, a BCP 47 tag.
    pub language: String,
    /// What it may do.
    pub role: Role,
    /// Whether it can be used.
    pub status: AccountStatus,
    /// Whether the address was shown to be its owner's.
    pub is_email_verified: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How an operator names an account.
pub enum AccountName {
    /// By its id.
    Id(AccountId),
    /// By its address.
    Address(Address),
}

impl AccountName {
    /// Reads an id or an address.
    ///
    /// # Errors
    /// Neither.
    pub fn parse(text: &str) -> Result<Self, InvalidInput> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => Address::parse(text).map(Self::Address),
        }
    }
}

/// Why an operator's command does not go on.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name does not parse.
    #[error(transparent)]
    Invalid(#[from] InvalidInput),
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// There is an account already, and it is active.
    #[error("there is an active account with this address")]
    Exists,
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for AccountError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(error) => error.code(),
            Self::Unknown => Code::AccountUnknown,
            Self::Exists => Code::AccountExists,
            Self::Internal(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(error) => error.fields(),
            _ => Vec::new(),
        }
    }
}

impl Accounts {
    /// The account that asks.
    #[must_use]
    pub fn me(&self, caller: &Caller) -> Account {
        caller.account.clone().into()
    }

    /// Makes an account with the role `admin` that waits for a credential, and the secret of a link that gives it one.
    /// For one that still waits, the older link is void.
    ///
    /// # Errors
    /// [`AccountError::Exists`] if the account is active or disabled.
    pub async fn invite_admin(&self, address: &Address) -> Result<Zeroizing<String>, AccountError> {
        let core = &self.0;
        let now = core.now();
        let secret = secrets::random_token("", &*core.entropy);
        let mut tx = core.store.begin().await?;
        let id = match accounts::find_by_key(&mut tx, address.key()).await? {
            Some(account) if account.status == AccountStatus::Invited => account.id,
            Some(_) => return Err(AccountError::Exists),
            None => {
                let account = core.invited(address, now);
                accounts::insert(&mut tx, &account).await?;
                account.id
            }
        };
        invitations::delete_for(&mut tx, id).await?;
        let invitation = InvitationRecord {
            link_hash: secrets::token_hash(&core.keyring, Purpose::Invitation, &secret),
            account_id: id,
            created_at: now,
            expires_at: now + core.settings.lifetimes.invitation,
        };
        invitations::insert(&mut tx, &invitation).await?;
        let event = Event::by_operator(id, EventType::AccountInvited).with("role", Role::Admin.as_str());
        core.record(&mut tx, event, now).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// An account, and how many sessions it has.
    ///
    /// # Errors
    /// [`AccountError::Unknown`].
    pub async fn show(&self, name: &AccountName) -> Result<(Account, u64), AccountError> {
        let core = &self.0;
        let mut tx = core.store.read().await?;
        let account = find(&mut tx, name).await?;
        let sessions = sessions::count_active(&mut tx, account.id, core.now()).await?;
        Ok((account.into(), u64::try_from(sessions).unwrap_or(0)))
    }

    /// Disables an account and ends its sessions, in one step; says how many ended.
    ///
    /// # Errors
    /// [`AccountError::Unknown`].
    pub async fn disable(&self, name: &AccountName) -> Result<u64, AccountError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let account = lock(&mut tx, name).await?;
        accounts::update_status(&mut tx, account.id, AccountStatus::Disabled, now).await?;
        invitations::delete_for(&mut tx, account.id).await?;
        let ended = sessions::end_all(&mut tx, account.id, None, ended::DISABLED, now).await?;
        let event = Event::by_operator(account.id, EventType::AccountDisabled).with("sessions_ended", ended);
        core.record(&mut tx, event, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends all sessions of an account; says how many.
    ///
    /// # Errors
    /// [`AccountError::Unknown`].
    pub async fn revoke_sessions(&self, name: &AccountName) -> Result<u64, AccountError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let account = lock(&mut tx, name).await?;
        let ended = sessions::end_all(&mut tx, account.id, None, ended::ADMIN, now).await?;
        let event = Event::by_operator(account.id, EventType::SessionsRevoked).with("sessions_ended", ended);
        core.record(&mut tx, event, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Forgets the failed proofs of an account, so that its owner need not wait; says how many in a row there were.
    ///
    /// # Errors
    /// [`AccountError::Unknown`].
    pub async fn unlock(&self, name: &AccountName) -> Result<u64, AccountError> {
        let core = &self.0;
        let mut tx = core.store.begin().await?;
        // First, as whoever logs in does.
        let account = lock(&mut tx, name).await?;
        let failures = core.forgive(&mut tx, &account).await?;
        let event = Event::by_operator(account.id, EventType::AccountUnlocked).with("failures", failures);
        core.record(&mut tx, event, core.now()).await?;
        tx.commit().await?;
        Ok(u64::try_from(failures).unwrap_or(0))
    }
}

impl Core {
    pub(crate) fn invited(&self, address: &Address, now: Timestamp) -> AccountRecord {
        AccountRecord {
            id: AccountId::from_uuid(self.new_id(now)),
            email: address.as_str().to_owned(),
            email_key: address.key().to_owned(),
            display_name: None,
            language: self.settings.default_language.clone(),
            role: Role::Admin,
            status: AccountStatus::Invited,
            created_at: now,
            updated_at: now,
            activated_at: None,
            disabled_at: None,
        }
    }
}

impl From<AccountRecord> for Account {
    fn from(record: AccountRecord) -> Self {
        Self {
            id: record.id,
            email: record.email,
            display_name: record.display_name,
            language: record.language,
            role: record.role,
            status: record.status,
            is_email_verified: record.activated_at.is_some(),
            created_at: record.created_at,
        }
    }
}

async fn find(tx: &mut tacit_store::Tx, name: &AccountName) -> Result<AccountRecord, AccountError> {
    let found = match name {
        AccountName::Id(id) => accounts::find(tx, *id).await?,
        AccountName::Address(address) => accounts::find_by_key(tx, address.key()).await?,
    };
    found.ok_or(AccountError::Unknown)
}

/// The account, held against a login that is about to open a session.
async fn lock(tx: &mut tacit_store::Tx, name: &AccountName) -> Result<AccountRecord, AccountError> {
    let found = find(tx, name).await?;
    accounts::lock(tx, found.id).await?.ok_or(AccountError::Unknown)
}
