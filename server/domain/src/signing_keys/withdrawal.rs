//! Keys that somebody else may have: out of use at once, and all that they signed with them.

use tacit_store::signing_keys::{self, KeyState, SigningKeyRecord};
use tacit_store::{StoreError, Timestamp, Tx};

use super::SigningKeys;
use crate::audit::{Event, EventType};
use crate::core::Core;
use crate::fault::Internal;

/// Which keys are withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdraw {
    /// The one of this name.
    One(String),
    /// Every one there is.
    All,
}

/// Why no key is withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// There is no key of this name.
    #[error("there is no signing key {0}")]
    Unknown(String),
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for WithdrawError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl SigningKeys {
    /// Forgets keys, so that nothing they signed verifies any more, and puts others in their place. Returns the names of
    /// those that are gone. Sessions go on: their clients renew what was refused.
    ///
    /// # Errors
    /// [`WithdrawError::Unknown`].
    pub async fn withdraw(&self, which: &Withdraw) -> Result<Vec<String>, WithdrawError> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let (gone, mut left): (Vec<_>, Vec<_>) =
            signing_keys::list(&mut tx).await?.into_iter().partition(|key| which.includes(&key.kid));
        if let (Withdraw::One(kid), true) = (which, gone.is_empty()) {
            return Err(WithdrawError::Unknown(kid.clone()));
        }
        for key in &gone {
            signing_keys::delete(&mut tx, &key.kid).await?;
            core.record(
                &mut tx,
                Event::of_the_server(EventType::SigningKeyWithdrawn).with("kid", key.kid.as_str()),
                now,
            )
            .await?;
        }
        core.fill_up(&mut tx, &mut left, now).await?;
        tx.commit().await?;
        core.signing_keys.write(None);
        Ok(gone.into_iter().map(|key| key.kid).collect())
    }
}

impl Withdraw {
    fn includes(&self, kid: &str) -> bool {
        match self {
            Self::One(wanted) => wanted == kid,
            Self::All => true,
        }
    }
}

impl Core {
    /// Sees to it that there is a key that signs, and one to be the next.
    async fn fill_up(&self, tx: &mut Tx, keys: &mut Vec<SigningKeyRecord>, now: Timestamp) -> Result<(), Internal> {
        let find = |keys: &[SigningKeyRecord], state| keys.iter().position(|key| key.state == state);
        if find(keys, KeyState::Signing).is_none() {
            // Verifiers know the next one for long.
            let next = find(keys, KeyState::Published).map(|at| keys.swap_remove(at));
            match next {
                Some(next) => super::change(tx, &next.kid, KeyState::Published, KeyState::Signing, now).await?,
                None => signing_keys::insert(tx, &self.make_key(KeyState::Signing, now)?).await?,
            }
        }
        if find(keys, KeyState::Published).is_none() {
            signing_keys::insert(tx, &self.make_key(KeyState::Published, now)?).await?;
        }
        Ok(())
    }
}
