//! A code for a session: the one-time code of a callback, or the provider's own from an application.

use tacit_shared::{FieldCode, messages};
use tacit_store::sessions::RefreshDelivery;

use super::challenge::is_verifier;
use super::flow::open_code;
use super::settle::Newcomer;
use super::{Oauth, OauthError, SignedIn};
use crate::caller::Origin;
use crate::fault::InvalidInput;
use crate::providers::{Expected, Grant, Person};
use crate::text;
use crate::tokens::delivery_of;

/// A one-time code, parsed.
pub struct Exchange {
    code: String,
    verifier: String,
    delivery: RefreshDelivery,
    device_name: Option<String>,
}

impl Exchange {
    /// How the caller wants its refresh token.
    #[must_use]
    pub const fn delivery(&self) -> RefreshDelivery {
        self.delivery
    }
}

impl TryFrom<messages::CodeExchange> for Exchange {
    type Error = InvalidInput;

    fn try_from(message: messages::CodeExchange) -> Result<Self, InvalidInput> {
        Ok(Self {
            code: message.code,
            verifier: verifier(message.code_verifier)?,
            delivery: delivery_of(message.refresh_delivery),
            device_name: text::device_name(message.device_name)?,
        })
    }
}

/// An application's code, parsed.
pub struct Mobile {
    code: String,
    verifier: String,
    redirect_uri: Option<String>,
    nonce: Option<String>,
    device_name: Option<String>,
}

impl TryFrom<messages::MobileExchange> for Mobile {
    type Error = InvalidInput;

    fn try_from(message: messages::MobileExchange) -> Result<Self, InvalidInput> {
        Ok(Self {
            code: message.code,
            verifier: verifier(message.code_verifier)?,
            redirect_uri: message.redirect_uri,
            nonce: message.nonce,
            device_name: text::device_name(message.device_name)?,
        })
    }
}

fn verifier(text: String) -> Result<String, InvalidInput> {
    if is_verifier(&text) { Ok(text) } else { Err(InvalidInput::field("code_verifier", FieldCode::Malformed)) }
}

impl Oauth {
    /// Exchanges a one-time code for a session.
    ///
    /// # Errors
    /// [`OauthError::Code`]; [`OauthError::EmailUnverified`], [`OauthError::LinkRequired`], [`OauthError::Disabled`],
    /// [`OauthError::Closed`].
    pub async fn exchange(&self, exchange: Exchange, origin: Origin) -> Result<SignedIn, OauthError> {
        Box::pin(self.redeem(exchange, origin)).await
    }

    async fn redeem(&self, exchange: Exchange, origin: Origin) -> Result<SignedIn, OauthError> {
        let core = &self.0;
        let now = core.now();
        core.admit_login_start(&origin, now)?;
        let granted = open_code(core, &exchange.code, &exchange.verifier, now).await?.ok_or(OauthError::Code)?;
        // What was asked for in a session is finished in that session.
        if granted.visit.is_some() {
            return Err(OauthError::Code);
        }
        let person = Person {
            issuer: granted.issuer.clone(),
            subject: granted.subject.clone(),
            email: granted.email.clone(),
            word: granted.word(),
            name: granted.name.clone(),
            auth_time: granted.auth_time,
        };
        let newcomer = Newcomer { delivery: exchange.delivery, device_name: exchange.device_name, origin };
        core.settle(&granted.provider, &person, Some(&granted), &newcomer, now).await
    }

    /// Exchanges a code that an application of its own got from a provider.
    ///
    /// # Errors
    /// [`OauthError::Provider`], and what [`Oauth::exchange`] ends in.
    pub async fn mobile(&self, provider: &str, mobile: Mobile, origin: Origin) -> Result<SignedIn, OauthError> {
        Box::pin(self.redeem_of_application(provider, mobile, origin)).await
    }

    async fn redeem_of_application(
        &self,
        provider: &str,
        mobile: Mobile,
        origin: Origin,
    ) -> Result<SignedIn, OauthError> {
        let core = &self.0;
        let now = core.now();
        let provider = core.providers.find(provider).ok_or(OauthError::UnknownProvider)?;
        let settings = &provider.settings;
        let unlisted = || InvalidInput::field("redirect_uri", FieldCode::OutOfRange);
        let listed = match &mobile.redirect_uri {
            Some(wanted) => settings.mobile_redirect_uris.iter().find(|listed| *listed == wanted),
            None => settings.mobile_redirect_uris.first(),
        };
        let redirect_uri = listed.ok_or_else(unlisted)?;
        core.admit_login_start(&origin, now)?;
        let public_client = settings.mobile_client_id.as_deref();
        let grant = Grant { code: &mobile.code, verifier: &mobile.verifier, redirect_uri, public_client };
        let client_id = public_client.unwrap_or(&settings.client_id);
        let expected = Expected { client_id, nonce: mobile.nonce.as_deref(), not_before: None };
        let person = provider.person_of(core, &grant, &expected, now).await?;
        let newcomer = Newcomer { delivery: RefreshDelivery::Body, device_name: mobile.device_name, origin };
        core.settle(&settings.name, &person, None, &newcomer, now).await
    }
}
