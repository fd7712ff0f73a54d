//! Verification of an ID token (OpenID Connect Core 1.0 §3.1.3.7): who signed it, for whom, when, and for which sign-in.

use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;
use tacit_store::Timestamp;

use super::claims::Claims;
use super::{Provider, ProviderError};
use crate::core::Core;

/// How far a provider's clock may differ from ours, in seconds.
const LEEWAY: i64 = 60;
/// A token issued longer ago is not the answer to a question of today, in seconds.
const OLDEST: i64 = 24 * 60 * 60;
/// Bytes of a token at most.
const LONGEST: usize = 32 * 1024;

/// What a token must be for.
pub(crate) struct Expected<'a> {
    /// Our name at the provider.
    pub(crate) client_id: &'a str,
    /// What the authorization request carried; absent where an application made the request without one.
    pub(crate) nonce: Option<&'a str>,
    /// The person must have shown who they are no earlier.
    pub(crate) not_before: Option<Timestamp>,
}

impl Provider {
    /// What a token says, if all of it holds.
    pub(super) async fn verify(
        &self,
        core: &Core,
        token: &str,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Claims, ProviderError> {
        let refused = |why| ProviderError::Token(self.settings.name.clone(), why);
        if token.len() > LONGEST {
            return Err(refused("it is too long"));
        }
        // What is no signature by a public key is unknown to this reader, `none` among it.
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused("its header is not one"))?;
        if matches!(header.alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) {
            return Err(refused("its signature is symmetric"));
        }
        if header.crit.is_some() {
            return Err(refused("its header asks for what we do not know"));
        }
        let found = self.key_for(core, header.kid.as_deref(), header.alg, now).await?;
        let key = found.key().ok_or_else(|| refused("no key"))?;
        let mut validation = Validation::new(header.alg);
        // Times are checked against our own clock, and the rest by our own rules.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key.verifying, &validation);
        let claims = Claims(decoded.map_err(|_| refused("its signature does not verify"))?.claims);
        let issuer = self.issuer_of(&claims).ok_or_else(|| refused("its issuer or tenant is another"))?;
        // A key that is one tenant's must not speak for another.
        let may_sign = |of: &String| *of == self.settings.issuer || *of == issuer;
        if !key.issuer.as_ref().is_none_or(may_sign) {
            return Err(refused("its key is another issuer's"));
        }
        check(&claims, expected, now).map_err(refused)?;
        Ok(claims)
    }

    /// The issuer a token names, if it is this provider.
    fn issuer_of(&self, claims: &Claims) -> Option<String> {
        let named = claims.text("iss")?;
        let own = if self.settings.has_tenants() {
            let tenant = claims.text("tid").filter(|tenant| self.settings.admits(tenant))?;
            self.settings.issuer_of(tenant)
        } else {
            self.settings.issuer.clone()
        };
        (named == own).then_some(own)
    }
}

fn check(claims: &Claims, expected: &Expected<'_>, now: Timestamp) -> Result<(), &'static str> {
    audience(claims, expected.client_id)?;
    times(claims, expected, now)?;
    match expected.nonce {
        Some(nonce) => {
            let same = claims.text("nonce").unwrap_or_default().as_bytes().ct_eq(nonce.as_bytes());
            if !bool::from(same) {
                return Err("its nonce is another sign-in's");
            }
        }
        None if claims.0.contains_key("nonce") => return Err("it has a nonce that nobody named"),
        None => {}
    }
    Ok(())
}

fn audience(claims: &Claims, client_id: &str) -> Result<(), &'static str> {
    let (is_ours, is_alone) = match claims.0.get("aud") {
        Some(Value::String(one)) => (one == client_id, true),
        Some(Value::Array(all)) => (all.iter().any(|one| one == client_id), all.len() == 1),
        _ => (false, true),
    };
    if !is_ours {
        return Err("its audience is another client");
    }
    match claims.0.get("azp") {
        Some(party) if party != client_id => Err("it was made for another client"),
        None if !is_alone => Err("it has several audiences and names none of them as its party"),
        _ => Ok(()),
    }
}

fn times(claims: &Claims, expected: &Expected<'_>, now: Timestamp) -> Result<(), &'static str> {
    let seconds = now.as_millis().div_euclid(1000);
    let time = |name| claims.number(name);
    if time("exp").is_none_or(|end| end.saturating_add(LEEWAY) <= seconds) {
        return Err("it has expired");
    }
    if time("nbf").is_some_and(|begin| begin > seconds.saturating_add(LEEWAY)) {
        return Err("it is not valid yet");
    }
    if time("iat").is_none_or(|at| at > seconds.saturating_add(LEEWAY) || at < seconds.saturating_sub(OLDEST)) {
        return Err("it was issued in the future, or long ago");
    }
    if let Some(begun) = expected.not_before {
        let earliest = begun.as_millis().div_euclid(1000).saturating_sub(LEEWAY);
        if time("auth_time").is_none_or(|at| at < earliest || at > seconds.saturating_add(LEEWAY)) {
            return Err("the person did not show anew who they are");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
