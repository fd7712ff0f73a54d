//! From a person a provider knows to an account here: the rules of linking, and the session.
//!
//! - An identity that is linked opens its account.
//! - A provider that speaks for the address opens the account that has proved the same address here, and links itself. An
//!   administrator's is never opened so.
//! - An account whose address nobody has proved goes to whoever proves it, and loses first what it had: whoever made it may
//!   have waited for just that.
//! - A provider that merely names the address as verified makes an account where there is none, and opens none.
//! - Where it does not even do that, nothing is made, whether there is an account or not: nobody learns which.

use tacit_store::accounts::{self, AccountRecord, AccountStatus, Role};
use tacit_store::identities::{self, IdentityRecord};
use tacit_store::sessions::{self, RefreshDelivery, SessionRecord};
use tacit_store::{
    AccountId, IdentityId, SessionId, StoreErrorKind, Timestamp, Tx, credentials, email_changes, pending_credentials,
    refresh_tokens,
};

use super::{Granted, OauthError, SignedIn};
use crate::address::Address;
use crate::audit::{Event, EventType};
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::Internal;
use crate::providers::{Person, Word};
use crate::resets;
use crate::sessions::ended;

/// How a session by a provider's word is named in `amr`. RFC 8176 has no word for it; this one is in use for federation.
const AMR: &str = r#"["fed"]"#;

/// What a session is opened with.
pub(super) struct Newcomer {
    pub(super) delivery: RefreshDelivery,
    pub(super) device_name: Option<String>,
    pub(super) origin: Origin,
}

/// The account somebody comes in to, and what is to be recorded of it.
struct Entry<'a> {
    account: AccountRecord,
    created: bool,
    events: Vec<Event<'a>>,
}

/// What an account is to be called from now on.
pub(crate) struct Newly<'a> {
    email: &'a str,
    display_name: Option<&'a str>,
    language: &'a str,
}

impl<'a> From<&'a AccountRecord> for Newly<'a> {
    fn from(wanted: &'a AccountRecord) -> Self {
        Self { email: &wanted.email, display_name: wanted.display_name.as_deref(), language: &wanted.language }
    }
}

impl Core {
    /// Opens a session for a person, or says why not; all of it or nothing.
    pub(super) async fn settle(
        &self,
        provider: &str,
        person: &Person,
        granted: Option<&Granted>,
        newcomer: &Newcomer,
        now: Timestamp,
    ) -> Result<SignedIn, OauthError> {
        let mut tx = self.store.begin().await?;
        if let Some(granted) = granted
            && !granted.spend(&mut tx).await?
        {
            return Err(OauthError::Code);
        }
        let Entry { account, created, events } =
            self.account_of(&mut tx, provider, person, &newcomer.origin, now).await?;
        let session = self.federated_session(&account, provider, person, newcomer, now);
        sessions::insert(&mut tx, &session).await?;
        let (refresh_token, token) = self.first_refresh_token(&session, now);
        refresh_tokens::insert(&mut tx, &token).await?;
        let login = Event::of(account.id, EventType::Login, &newcomer.origin).in_session(session.id);
        for event in events.into_iter().chain([login]) {
            self.record(&mut tx, event.with("provider", provider), now).await?;
        }
        tx.commit().await?;
        self.outbox_bell.notify_one();
        let tokens = self.pair(&account, &session, refresh_token, now).await?;
        tracing::info!(account = %account.id, session = %session.id, provider, "signed in by a provider");
        Ok(SignedIn {
            account_id: account.id,
            session_id: session.id,
            tokens,
            provider: provider.to_owned(),
            created,
            delivery: newcomer.delivery,
        })
    }

    /// The account, locked.
    async fn account_of<'a>(
        &self,
        tx: &mut Tx,
        provider: &str,
        person: &Person,
        origin: &'a Origin,
        now: Timestamp,
    ) -> Result<Entry<'a>, OauthError> {
        if let Some(linked) = identities::find(tx, &person.issuer, &person.subject).await? {
            let account = accounts::lock(tx, linked.account_id).await?.ok_or(OauthError::Taken)?;
            // It may have been unlinked while the account's lock was waited for.
            if !identities::update_used(tx, linked.id, person.email.as_deref(), now).await? {
                return Err(OauthError::Taken);
            }
            let account = may_come(account)?;
            return Ok(Entry { account, created: false, events: Vec::new() });
        }
        let address = person.email.as_deref().and_then(|email| Address::parse(email).ok());
        let address = address.filter(|_| person.word != Word::None).ok_or(OauthError::EmailUnverified)?;
        let found = match accounts::find_by_key(tx, address.key()).await? {
            Some(found) => accounts::lock(tx, found.id).await?.filter(|account| account.email_key == address.key()),
            None => None,
        };
        let mut entry = match found {
            None => self.make_account(tx, person, &address, origin, now).await?,
            Some(account) => self.open_account(tx, account, person, &address, origin, now).await?,
        };
        let id = entry.account.id;
        let linked_at = self.next_moment(tx, id, now).await?;
        let identity = IdentityRecord { created_at: linked_at, ..self.identity(id, provider, person, now) };
        identities::insert(tx, &identity).await.map_err(taken)?;
        entry.events.push(Event::of(id, EventType::IdentityLinked, origin));
        if !entry.created {
            self.push_notice(tx, entry.account.id, crate::identities::notice(&entry.account, now), now).await?;
        }
        Ok(entry)
    }

    async fn make_account<'a>(
        &self,
        tx: &mut Tx,
        person: &Person,
        address: &Address,
        origin: &'a Origin,
        now: Timestamp,
    ) -> Result<Entry<'a>, OauthError> {
        if !self.settings.registration_enabled {
            return Err(OauthError::Closed);
        }
        let proved = person.word == Word::Binding;
        let account = AccountRecord {
            id: AccountId::from_uuid(self.new_id(now)),
            email: address.as_str().to_owned(),
            email_key: address.key().to_owned(),
            display_name: person.name.clone(),
            language: self.settings.default_language.clone(),
            role: Role::User,
            status: AccountStatus::Active,
            created_at: now,
            updated_at: now,
            activated_at: proved.then_some(now),
            disabled_at: None,
        };
        accounts::insert(tx, &account).await.map_err(taken)?;
        if proved {
            // Whoever signed up for the address and never answered its mail may be somebody else.
            pending_credentials::delete_by_key(tx, address.key()).await?;
        }
        let events = vec![Event::of(account.id, EventType::AccountCreated, origin)];
        Ok(Entry { account, created: true, events })
    }

    /// An account that exists, for a person whose identity is not linked to it.
    async fn open_account<'a>(
        &self,
        tx: &mut Tx,
        account: AccountRecord,
        person: &Person,
        address: &Address,
        origin: &'a Origin,
        now: Timestamp,
    ) -> Result<Entry<'a>, OauthError> {
        if person.word != Word::Binding || account.status == AccountStatus::Invited || account.role == Role::Admin {
            return Err(OauthError::LinkRequired);
        }
        let account = may_come(account)?;
        if account.activated_at.is_some() {
            return Ok(Entry { account, created: false, events: Vec::new() });
        }
        let newly =
            Newly { email: address.as_str(), display_name: person.name.as_deref(), language: &account.language };
        let events = vec![self.reclaim(tx, &account, &newly, origin, now).await?];
        pending_credentials::delete_by_key(tx, address.key()).await?;
        let account = accounts::find(tx, account.id).await?.ok_or(OauthError::Taken)?;
        Ok(Entry { account, created: false, events })
    }

    fn identity(&self, account: AccountId, provider: &str, person: &Person, now: Timestamp) -> IdentityRecord {
        IdentityRecord {
            id: IdentityId::from_uuid(self.new_id(now)),
            account_id: account,
            provider: provider.to_owned(),
            issuer: person.issuer.clone(),
            subject: person.subject.clone(),
            email: person.email.clone(),
            created_at: now,
            last_used_at: now,
        }
    }

    fn federated_session(
        &self,
        account: &AccountRecord,
        provider: &str,
        person: &Person,
        newcomer: &Newcomer,
        now: Timestamp,
    ) -> SessionRecord {
        // When the provider last saw a proof, where it says so: a visit alone is none.
        let seen = person.auth_time.and_then(|seconds| seconds.checked_mul(1000)).map(Timestamp::from_millis);
        SessionRecord {
            id: SessionId::from_uuid(self.new_id(now)),
            account_id: account.id,
            created_at: now,
            last_seen_at: now,
            auth_time: seen.map_or(now, |seen| seen.min(now)),
            stepped_up_at: None,
            expires_at: now + self.settings.lifetimes.session,
            ended_at: None,
            ended_reason: None,
            amr: AMR.to_owned(),
            user_agent: newcomer.origin.user_agent.clone(),
            ip_address: newcomer.origin.ip.map(|ip| ip.to_string()),
            device_name: newcomer.device_name.clone(),
            refresh_delivery: newcomer.delivery,
            provider: Some(provider.to_owned()),
        }
    }
}

impl Core {
    /// Gives an account whose address nobody had proved to whoever just did. It loses its credential, its identities, its
    /// sessions and what waits for it: all of that may be somebody's who made it in advance.
    ///
    /// Answers with what is to be recorded of it.
    pub(crate) async fn reclaim<'a>(
        &self,
        tx: &mut Tx,
        account: &AccountRecord,
        newly: &Newly<'_>,
        origin: &'a Origin,
        now: Timestamp,
    ) -> Result<Event<'a>, Internal> {
        credentials::delete(tx, account.id).await?;
        self.combs.forget(account.id.as_uuid());
        let identities = identities::delete_all(tx, account.id).await?;
        let sessions = sessions::end_all(tx, account.id, None, ended::RECLAIMED, now).await?;
        resets::void(tx, account).await?;
        email_changes::delete_waiting_of(tx, account.id).await?;
        email_changes::delete_confirmed_from(tx, account.id, Timestamp::from_millis(0)).await?;
        accounts::update_reclaimed(tx, account.id, newly.email, newly.display_name, newly.language, now).await?;
        let event = Event::by_mail(account.id, EventType::AccountReclaimed, origin);
        Ok(event.with("identities", identities).with("sessions_ended", sessions))
    }
}

/// Whether an account whose address is this one counts as nobody's until somebody proves the address.
pub(crate) fn is_unproved(account: &AccountRecord) -> bool {
    account.status == AccountStatus::Active && account.activated_at.is_none()
}

fn may_come(account: AccountRecord) -> Result<AccountRecord, OauthError> {
    match account.status {
        AccountStatus::Active => Ok(account),
        AccountStatus::Disabled | AccountStatus::Invited => Err(OauthError::Disabled),
    }
}

/// Another sign-in was faster; the next one finds what it made.
fn taken(error: tacit_store::StoreError) -> OauthError {
    match error.kind() {
        StoreErrorKind::UniqueViolation => OauthError::Taken,
        _ => error.into(),
    }
}
