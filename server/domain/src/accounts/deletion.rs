//! Deleting an account: nothing of its owner stays but that there was one.

use tacit_store::accounts::{self, AccountRecord};
use tacit_store::audit_events::{self, AuditResult};
use tacit_store::{
    AccountId, SessionId, StoreError, Timestamp, Tx, email_changes, outbox, pending_credentials, sessions,
};

use super::{Accounts, OwnAccountError};
use crate::address::Address;
use crate::audit::{Event, EventType};
use crate::caller::Caller;
use crate::core::Core;
use crate::fault::Internal;
use crate::mailbox;
use crate::outbox::{MailKind, NEWS_LIFE, NewMail};

impl Accounts {
    /// Deletes the caller's account with everything personal that is stored, and says farewell by mail. The address is free
    /// again at once. It is one step, before which sessions and tokens go some at a time where there are very many.
    ///
    /// # Errors
    /// [`OwnAccountError::StepUpRequired`].
    pub async fn delete(&self, caller: &Caller) -> Result<(), OwnAccountError> {
        Box::pin(self.erase(caller)).await
    }

    async fn erase(&self, caller: &Caller) -> Result<(), OwnAccountError> {
        let core = &self.0;
        let now = core.now();
        caller.require_step_up(now)?;
        self.delete_sessions(caller, now).await?;
        let mut tx = core.store.begin().await?;
        let account = caller.hold(&mut tx, now).await?.ok_or(OwnAccountError::SignedOut)?;

        core.forgive(&mut tx, &account).await?;
        core.forget_mails(&mut tx, &account).await?;
        pending_credentials::delete_by_key(&mut tx, &account.email_key).await?;
        core.erase(&mut tx, &account).await?;
        let farewell = NewMail {
            kind: MailKind::AccountDeleted,
            to: account.email,
            language: account.language,
            display_name: None,
            expires_at: now + NEWS_LIFE,
            secret: None,
        };
        core.push_mail(&mut tx, farewell, now).await?;
        // It outlives the account, so it says nothing of where its owner was.
        let event = Event::by(caller, EventType::AccountDeleted, AuditResult::Success).nowhere();
        core.record(&mut tx, event, now).await?;
        tx.commit().await?;
        core.combs.forget(account.id.as_uuid());
        core.outbox_bell.notify_one();
        tracing::info!(account = %account.id, "deleted");
        Ok(())
    }

    /// Where there are very many, the other sessions and the refresh tokens go before the account, some at a time.
    async fn delete_sessions(&self, caller: &Caller, now: Timestamp) -> Result<(), OwnAccountError> {
        loop {
            let mut tx = self.0.store.begin().await?;
            caller.hold(&mut tx, now).await?.ok_or(OwnAccountError::SignedOut)?;
            if !self.0.delete_some_sessions(tx, caller.account.id, Some(caller.session.id)).await? {
                return Ok(());
            }
        }
    }
}

impl Core {
    /// Deletes some of an account's sessions and tokens where there are more than go with it in one step; whether there were.
    /// Who has collected a million must not hold up whoever writes, and would in the end not be deleted at all.
    pub(crate) async fn delete_some_sessions(
        &self,
        mut tx: Tx,
        account: AccountId,
        but: Option<SessionId>,
    ) -> Result<bool, StoreError> {
        let are_many = sessions::delete_some_of(&mut tx, account, but, self.rows_at_once()).await?;
        // Few are left as they are: with the account they go in one step.
        if are_many {
            tx.commit().await?;
        }
        Ok(are_many)
    }

    /// Deletes an account, which is locked, and all that hangs on it.
    pub(crate) async fn erase(&self, tx: &mut Tx, account: &AccountRecord) -> Result<(), Internal> {
        accounts::delete(tx, account.id).await?;
        // After the account: whoever recorded something about it meanwhile was waited for.
        audit_events::delete_origins_of(tx, account.id).await?;
        Ok(())
    }

    /// Drops the mails of an account: to its address all that wait, to the addresses of its changes what is about these.
    async fn forget_mails(&self, tx: &mut Tx, account: &AccountRecord) -> Result<(), Internal> {
        outbox::delete_for(tx, &account.email_key).await?;
        if let Ok(own) = Address::parse(&account.email) {
            mailbox::empty(tx, &own).await?;
        }
        for change in email_changes::list_of(tx, account.id).await? {
            for (email, kind) in [(change.new_email, MailKind::EmailChange), (change.old_email, MailKind::EmailChanged)]
            {
                let Ok(address) = Address::parse(&email) else { continue };
                outbox::delete_kind_for(tx, address.key(), &kind.work()).await?;
                // Where another account has the address by now, the mailbox is its owner's.
                if accounts::find_by_key(tx, address.key()).await?.is_none() {
                    mailbox::empty(tx, &address).await?;
                }
            }
        }
        Ok(())
    }
}
