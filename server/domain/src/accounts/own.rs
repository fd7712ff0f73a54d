//! What people change about their own account.

use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_shared::{FieldCode, FieldError, limits, messages};
use tacit_store::accounts::{self, AccountRecord};
use tacit_store::audit_events::AuditResult;
use tacit_store::{StoreError, Timestamp, Tx};
use tokio::time::Instant;

use super::Accounts;
use crate::address::Address;
use crate::audit::{Event, EventType};
use crate::caller::Caller;
use crate::core::Core;
use crate::fault::{Fault, Internal, InvalidInput};
use crate::grid;
use crate::step_ups::StepUpRequired;
use crate::text;

/// What is to be different, parsed.
pub struct Update {
    /// Empty to take the name away.
    display_name: Option<String>,
    language: Option<String>,
    address: Option<Address>,
}

impl TryFrom<messages::AccountUpdate> for Update {
    type Error = InvalidInput;

    fn try_from(message: messages::AccountUpdate) -> Result<Self, InvalidInput> {
        let is_name = |name: &String| name.is_empty() || text::is_line(name, limits::DISPLAY_NAME_MAX);
        if !message.display_name.as_ref().is_none_or(is_name) {
            return Err(InvalidInput::field("display_name", FieldCode::Malformed));
        }
        if !message.language.as_ref().is_none_or(|tag| text::is_language(tag)) {
            return Err(InvalidInput::field("language", FieldCode::Malformed));
        }
        let address = message.email.map(|email| Address::parse_member("email", &email)).transpose()?;
        Ok(Self { display_name: message.display_name, language: message.language, address })
    }
}

/// Why an account is not changed, handed out or deleted.
#[derive(Debug, thiserror::Error)]
pub enum OwnAccountError {
    /// The session ended, or the account was shut, since the request came in.
    #[error("not signed in any more")]
    SignedOut,
    /// The session has not shown the password of late.
    #[error(transparent)]
    StepUpRequired(#[from] StepUpRequired),
    /// One client, or one account, asks too often.
    #[error("too many requests")]
    TooMany(Duration),
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for OwnAccountError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for OwnAccountError {
    fn code(&self) -> Code {
        match self {
            Self::SignedOut => Code::Unauthenticated,
            Self::StepUpRequired(error) => error.code(),
            Self::TooMany(_) => Code::TooManyRequests,
            Self::Internal(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) => Some(*wait),
            Self::Internal(error) => error.retry_after(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

impl Accounts {
    /// Changes name and language at once, and begins a change of address: all of it or nothing.
    ///
    /// # Errors
    /// [`OwnAccountError::StepUpRequired`] with another address; [`OwnAccountError::TooMany`].
    pub async fn update(&self, caller: &Caller, update: Update) -> Result<(), OwnAccountError> {
        let arrived = Instant::now();
        let asks_for_mail = update.address.is_some();
        let result = Box::pin(self.apply(caller, update)).await;
        if asks_for_mail {
            // Whether another account has the address is nobody's business.
            grid::release(arrived).await;
        }
        result
    }

    async fn apply(&self, caller: &Caller, update: Update) -> Result<(), OwnAccountError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let stored = caller.hold(&mut tx, now).await?.ok_or(OwnAccountError::SignedOut)?;
        let address = update.address.as_ref().filter(|address| address.as_str() != stored.email);
        if address.is_some() {
            caller.require_step_up(now)?;
        }
        let wanted = update.of(&stored);
        let changed = changes(&stored, &wanted);
        if let Some(address) = address {
            core.request_email_change(&mut tx, caller, &wanted, address, now).await?;
        }
        if !changed.is_empty() {
            let window = core.session_window(caller.session.id, now);
            if !window.count(&mut tx).await? {
                return Err(OwnAccountError::TooMany(window.remaining(now)));
            }
            update_profile(&mut tx, &wanted, now).await?;
            let event = Event::by(caller, EventType::AccountUpdated, AuditResult::Success).with("changed", changed);
            core.record(&mut tx, event, now).await?;
        }
        if address.is_some() {
            let event = Event::by(caller, EventType::EmailChangeRequested, AuditResult::Success);
            core.record(&mut tx, event, now).await?;
        }
        tx.commit().await?;
        core.outbox_bell.notify_one();
        Ok(())
    }
}

impl Update {
    /// The account as it is to be, but for its address.
    fn of(&self, stored: &AccountRecord) -> AccountRecord {
        let name = match &self.display_name {
            None => stored.display_name.clone(),
            Some(name) => Some(name.clone()).filter(|name| !name.is_empty()),
        };
        let language = self.language.as_ref().unwrap_or(&stored.language).clone();
        AccountRecord { display_name: name, language, ..stored.clone() }
    }
}

/// Which members differ; their names only, for the record.
fn changes(stored: &AccountRecord, wanted: &AccountRecord) -> Vec<&'static str> {
    let differ = [
        ("display_name", stored.display_name != wanted.display_name),
        ("language", stored.language != wanted.language),
    ];
    differ.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}

async fn update_profile(tx: &mut Tx, wanted: &AccountRecord, now: Timestamp) -> Result<(), StoreError> {
    let name = wanted.display_name.as_deref();
    accounts::update_profile(tx, wanted.id, name, &wanted.language, now).await.map(drop)
}

impl Core {
    /// What one account asks for is counted under.
    pub(crate) fn account_key(&self, scope: &str, account: &AccountRecord) -> [u8; 32] {
        self.address_hash(scope, &account.id.to_string())
    }
}
