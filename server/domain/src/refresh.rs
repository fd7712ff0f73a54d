//! Renewal of tokens: each refresh token is used once, and a second use ends the session.

use std::sync::Arc;
use std::time::Duration;

use tacit_shared::codes::Code;
use tacit_store::accounts::{self, AccountRecord, AccountStatus};
use tacit_store::refresh_tokens::{self, RefreshTokenRecord};
use tacit_store::sessions::{self, SessionRecord};
use tacit_store::{StoreError, Timestamp, Tx};
use zeroize::Zeroizing;

use crate::audit::{Event, EventType};
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::{Fault, Internal};
use crate::keyring::mac;
use crate::secrets::{self, Purpose};
use crate::sessions::ended;
use crate::throttle::Window;
use crate::tokens::TokenPair;

/// Two tabs may use one token together: within this time a repeat gets the same successor.
const REPEAT: Duration = Duration::from_secs(10);

/// The name of a session's window for renewals.
const BY_SESSION: &str = "refresh";

/// Renewal of tokens.
#[derive(Clone)]
pub struct Refresh(pub(crate) Arc<Core>);

/// Why tokens are not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Unknown, expired, or its session has ended.
    #[error("the refresh token is not valid")]
    Invalid,
    /// Used before: whoever comes second, thief or owner, ends the session.
    #[error("the refresh token was used before")]
    Reused,
    /// One session is renewed too often.
    #[error("the session is renewed too often")]
    TooMany(Duration),
    /// Ours to mend.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Fault for RefreshError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid => Code::RefreshInvalid,
            Self::Reused => Code::RefreshReused,
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
}

impl Refresh {
    /// Exchanges a refresh token for a new pair.
    ///
    /// The claim is one statement in the database, so of many that use a token together one rotates it and the rest
    /// read what that one wrote.
    ///
    /// # Errors
    /// [`RefreshError::Invalid`], [`RefreshError::Reused`], [`RefreshError::TooMany`].
    pub async fn refresh(&self, token: &str, origin: &Origin) -> Result<TokenPair, RefreshError> {
        let core = &self.0;
        let now = core.now();
        let hash = secrets::token_hash(&core.keyring, Purpose::RefreshToken, token);
        // Looked for before anything is held: strangers who guess must not take the writer from others.
        let found = refresh_tokens::find(&mut core.store.read().await?, hash).await?;
        let record = found.filter(|record| record.expires_at > now).ok_or(RefreshError::Invalid)?;
        let mut tx = core.store.begin().await?;
        let (session, account) = self.living(&mut tx, &record, now).await?;
        let window = core.refreshes(&session, now);
        let within = window.count_openly(&mut tx, &origin.meter).await?;

        let nonce = core.refresh_nonce();
        if within && refresh_tokens::claim(&mut tx, hash, &nonce, now).await? {
            let next = core.succeed_refresh_token(&mut tx, token, &nonce, &session, now).await?;
            sessions::update_seen(&mut tx, session.id, now).await?;
            tx.commit().await?;
            return Ok(core.pair(&account, &session, next, now).await?);
        }
        let used = refresh_tokens::find(&mut tx, hash).await?.ok_or(RefreshError::Invalid)?;
        let repeated = self.repeated(&mut tx, token, &used, now).await?;
        // A reuse is told apart first: or a thief would use the window up, and nobody would notice that there are two.
        if !within && (used.used_at.is_none() || repeated.is_some()) {
            return Err(RefreshError::TooMany(window.remaining(now)));
        }
        if let Some(next) = repeated {
            tx.commit().await?;
            return Ok(core.pair(&account, &session, next, now).await?);
        }
        sessions::end(&mut tx, session.id, account.id, ended::REUSED, now).await?;
        let event = Event::by_mail(account.id, EventType::RefreshReused, origin).failed().in_session(session.id);
        core.record(&mut tx, event, now).await?;
        tx.commit().await?;
        tracing::warn!(account = %account.id, session = %session.id, "a used refresh token came back: session ended");
        Err(RefreshError::Reused)
    }

    /// The successor of a token that came twice, if that was a moment ago and nobody has used the successor yet.
    ///
    /// Who uses the successor has got it, so an older token that still comes is nobody's lost answer.
    async fn repeated(
        &self,
        tx: &mut Tx,
        token: &str,
        used: &RefreshTokenRecord,
        now: Timestamp,
    ) -> Result<Option<Zeroizing<String>>, RefreshError> {
        let core = &self.0;
        let (Some(used_at), Some(nonce)) = (used.used_at, &used.successor_nonce) else { return Ok(None) };
        // In both directions: nodes differ by a little, and a clock that was set back must not reopen old windows.
        if now.since(used_at) > REPEAT || used_at.since(now) > REPEAT {
            return Ok(None);
        }
        let next = core.successor(token, nonce);
        let hash = secrets::token_hash(&core.keyring, Purpose::RefreshToken, &next);
        let unused = refresh_tokens::find(tx, hash).await?.is_some_and(|next| next.used_at.is_none());
        Ok(unused.then_some(next))
    }

    async fn living(
        &self,
        tx: &mut Tx,
        record: &RefreshTokenRecord,
        now: Timestamp,
    ) -> Result<(SessionRecord, AccountRecord), RefreshError> {
        let (_, account) = sessions::find_active(tx, record.session_id, now).await?.ok_or(RefreshError::Invalid)?;
        // Held against a disabling, a reset or a logout elsewhere: what they ended is looked at after they have.
        accounts::lock(tx, account.id).await?;
        let found = sessions::find_active(tx, record.session_id, now).await?;
        found.filter(|(_, account)| account.status == AccountStatus::Active).ok_or(RefreshError::Invalid)
    }
}

impl Core {
    fn refreshes(&self, session: &SessionRecord, now: Timestamp) -> Window {
        let key = mac(&self.keyring.throttles, &[BY_SESSION.as_bytes(), session.id.as_uuid().as_bytes()]);
        let limits = &self.settings.limits;
        Window::at(BY_SESSION, key, limits.session_refreshes, limits.refresh_window, now)
    }
}
