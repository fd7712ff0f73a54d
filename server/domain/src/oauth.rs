//! Signing in with somebody else's account, by way of the browser or of an application.
//!
//! Nothing is written before the end: what must be remembered while the browser is at the provider is sealed into a cookie,
//! and what came of it into a one-time code. Only the exchange of that code, or the answer to a caller that asked for none,
//! touches an account.

mod begin;
mod callback;
mod challenge;
mod error;
mod exchange;
mod flow;
mod settle;
mod visits;

use std::sync::Arc;

use tacit_store::sessions::RefreshDelivery;
use tacit_store::{AccountId, SessionId};
use url::Url;

pub use self::begin::{Begin, Surface};
pub use self::callback::{Failed, Finished, HandOver, Returned};
pub use self::error::OauthError;
pub use self::exchange::{Exchange, Mobile};
pub(crate) use self::flow::{Granted, open_code};
pub(crate) use self::settle::{Newly, is_unproved};
pub use self::visits::{StartVisit, VisitError};
use crate::core::Core;
use crate::providers::StepUpBy;
use crate::tokens::TokenPair;

/// Signing in with a provider.
#[derive(Clone)]
pub struct Oauth(pub(crate) Arc<Core>);

/// A provider as people see it.
pub struct ProviderInfo {
    /// Its name in addresses.
    pub name: String,
    /// What people read.
    pub label: String,
    /// Whether it can be asked to prove anew who somebody is.
    pub step_up: bool,
}

/// A sign-in that was begun.
pub struct Begun {
    /// Where the browser goes.
    pub location: Url,
    /// What it brings back in a cookie.
    pub cookie: String,
    /// Whether the answer comes back in a form that the provider's page posts.
    pub posted: bool,
    /// Seconds it may take.
    pub expires_in: u64,
}

/// A session that a provider's word opened.
pub struct SignedIn {
    /// Whose it is.
    pub account_id: AccountId,
    /// The session.
    pub session_id: SessionId,
    /// Its tokens.
    pub tokens: TokenPair,
    /// The provider.
    pub provider: String,
    /// Whether the account was made just now.
    pub created: bool,
    /// How the refresh token is to travel.
    pub delivery: RefreshDelivery,
}

impl Oauth {
    /// The providers, in the order of the configuration.
    #[must_use]
    pub fn providers(&self) -> Vec<ProviderInfo> {
        let shown = |provider: &crate::providers::Provider| ProviderInfo {
            name: provider.settings.name.clone(),
            label: provider.settings.label.clone(),
            step_up: provider.settings.step_up != StepUpBy::None,
        };
        self.0.providers.all().map(shown).collect()
    }
}
