//! Which credential an address answers with: chosen by mask, after the same work for everyone.

use subtle::{Choice, ConstantTimeEq as _};
use tacit_store::accounts::{self, AccountStatus};
use tacit_store::candidates::{self, Candidates};
use tacit_store::{Timestamp, pending_credentials};

use super::{LoginError, StartLogin};
use crate::core::Core;
use crate::handshake::Subject;
use crate::proofs::{Candidate, Row};
use crate::secrets::{self, Purpose};

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
        let Candidates { nearest, shown } = candidates::find(&mut tx, key, ticket_hash).await?;
        let pending =
            shown.filter(|pending| pending.email_key == key && pending.expires_at.is_some_and(|end| end > now));
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
        let row = nearest.as_ref().map(|nearest| Row::Found(&nearest.credential));
        let same = nearest.as_ref().map_or("", |nearest| &nearest.email_key).as_bytes().ct_eq(key.as_bytes());
        let account = match self.opened(row) {
            // A row of somebody else's that was tampered with must not show at addresses nobody has.
            Err(error) if !bool::from(same) => {
                tracing::error!(%error, "a credential cannot be read; its account cannot log in");
                self.opened(None)?
            }
            opened => opened?,
        };
        let pending = self.opened(pending.as_ref().map(|pending| Row::SignUp(&pending.credential)))?;
        let first = Candidate::select(&decoy, &account, same);
        Ok(Candidate::select(&first, &pending, is(pending.subject, Subject::Pending)))
    }
}

fn is(subject: u8, wanted: Subject) -> Choice {
    Choice::from(u8::from(subject == wanted.byte()))
}
