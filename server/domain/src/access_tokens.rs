//! Access tokens: JWTs by RFC 9068, signed here, checked here against the session each time.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation};
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tacit_store::accounts::Role;
use tacit_store::{AccountId, SessionId, Timestamp};
use uuid::Uuid;

use crate::core::Core;
use crate::fault::Internal;
use crate::signing_keys::KeySet;

/// How far a verifier's clock may differ from ours.
const LEEWAY_SECONDS: i64 = 5;
/// Tokens remembered at most. Beyond it those that are seldom shown are checked anew.
const SEEN_TOKENS: u64 = 50_000;

/// What an access token says (RFC 9068 §2.2).
#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: Uuid,
    pub(crate) sid: Uuid,
    pub(crate) jti: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) auth_time: i64,
    pub(crate) amr: Vec<String>,
    pub(crate) role: String,
}

/// What a token is to be made for.
pub(crate) struct Grant {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) role: Role,
    pub(crate) auth_time: Timestamp,
    pub(crate) amr: Vec<String>,
}

/// What of a token decides who asks.
#[derive(Clone)]
pub(crate) struct Bearer {
    kid: String,
    pub(crate) sub: Uuid,
    pub(crate) sid: Uuid,
    iat: i64,
    exp: i64,
}

/// Tokens whose signature was found good, by their digest.
///
/// A signature does not become bad: what can change, the time, the published keys, the session, is asked each time.
pub(crate) type SeenTokens = Cache<[u8; 32], Bearer>;

/// Room for [`SEEN_TOKENS`], some 200 bytes each.
pub(crate) fn seen_tokens(life: Duration) -> SeenTokens {
    Cache::builder().max_capacity(SEEN_TOKENS).time_to_live(life).build()
}

impl Core {
    /// Signs an access token; the second value is its life in seconds.
    pub(crate) async fn sign_access_token(&self, grant: Grant, now: Timestamp) -> Result<(String, u64), Internal> {
        let keys = self.key_set(now).await?;
        let life = self.settings.lifetimes.access_token.as_secs();
        let issued = now.as_millis().div_euclid(1000);
        let claims = Claims {
            iss: self.issuer().to_owned(),
            aud: self.settings.audience.clone(),
            sub: grant.account.as_uuid(),
            sid: grant.session.as_uuid(),
            jti: self.new_id(now).to_string(),
            iat: issued,
            exp: issued.saturating_add(i64::try_from(life).unwrap_or(i64::MAX)),
            auth_time: grant.auth_time.as_millis().div_euclid(1000),
            amr: grant.amr,
            role: grant.role.as_str().to_owned(),
        };
        Ok((keys.signing.sign(&claims)?, life))
    }

    /// Whose a token is, if we signed it and it is in force; whether its session still lives is for the caller to ask.
    pub(crate) async fn read_access_token(&self, token: &str, now: Timestamp) -> Result<Option<Bearer>, Internal> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let keys = self.key_set(now).await?;
        let bearer = if let Some(seen) = self.seen_tokens.get(&digest).await {
            seen
        } else {
            let Some(checked) = self.check_access_token(token, &keys) else { return Ok(None) };
            self.seen_tokens.insert(digest, checked.clone()).await;
            checked
        };
        let seconds = now.as_millis().div_euclid(1000);
        let in_force = bearer.exp > seconds - LEEWAY_SECONDS && bearer.iat <= seconds + LEEWAY_SECONDS;
        Ok(Some(bearer).filter(|bearer| in_force && keys.find(&bearer.kid).is_some()))
    }

    fn check_access_token(&self, token: &str, keys: &KeySet) -> Option<Bearer> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let kid = header.kid.filter(|_| header.typ.as_deref() == Some("at+jwt"))?;
        let key = keys.find(&kid)?;
        let validation = self.validation(key.algorithm);
        let Claims { sub, sid, iat, exp, .. } =
            jsonwebtoken::decode::<Claims>(token, &key.key, &validation).ok()?.claims;
        Some(Bearer { kid, sub, sid, iat, exp })
    }

    /// `iss`: the public URL without a trailing slash.
    pub(crate) fn issuer(&self) -> &str {
        self.settings.public_url.as_str().trim_end_matches('/')
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        // Times are checked against our own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[self.issuer()]);
        validation.set_audience(&[&self.settings.audience]);
        validation
    }
}
