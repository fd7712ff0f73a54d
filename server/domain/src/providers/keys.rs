//! A provider's keys (RFC 7517), kept for an hour, and asked for again when a token names one that is not among them.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tacit_store::Timestamp;
use tokio::sync::Mutex;

use super::metadata::{PAUSE, is_younger, json_of};
use super::{Provider, ProviderError};
use crate::core::Core;

/// How long keys are kept: one that was withdrawn counts no longer than this.
const KEPT: Duration = Duration::from_hours(1);
/// Time between two looks for a key that is not there: forged tokens must not make us ask all the time.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Keys of a set that are looked at.
const MOST: usize = 64;

/// A provider's keys, and when they were asked for.
#[derive(Default)]
pub(super) struct KeyCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    keys: Option<(Arc<Vec<Key>>, Timestamp)>,
    failed_at: Option<Timestamp>,
}

/// A key that signs tokens.
pub(super) struct Key {
    id: Option<String>,
    pub(super) algorithms: Vec<Algorithm>,
    /// The issuer it may sign for, where a set is many issuers' (Microsoft's).
    pub(super) issuer: Option<String>,
    pub(super) verifying: DecodingKey,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Provider {
    /// The one key a token's header names.
    pub(super) async fn key_for(
        &self,
        core: &Core,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Found, ProviderError> {
        let mut kept = self.keys.0.lock().await;
        let fresh = kept.keys.as_ref().filter(|(_, at)| is_younger(*at, KEPT, now));
        if let Some((keys, at)) = fresh {
            let found = choose(keys, id, algorithm);
            if !matches!(found, Choice::Unknown) || is_younger(*at, LOOK_AGAIN, now) {
                return self.chosen(keys, found);
            }
        }
        if kept.failed_at.is_some_and(|at| is_younger(at, PAUSE, now)) {
            return Err(self.unavailable("keys: it failed a moment ago"));
        }
        match self.ask_for_keys(core, now).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *kept = Kept { keys: Some((Arc::clone(&keys), now)), failed_at: None };
                self.chosen(&keys, choose(&keys, id, algorithm))
            }
            Err(error) => {
                kept.failed_at = Some(now);
                Err(error)
            }
        }
    }

    async fn ask_for_keys(&self, core: &Core, now: Timestamp) -> Result<Vec<Key>, ProviderError> {
        let metadata = self.metadata(core, now).await?;
        let url = metadata.keys.as_ref().ok_or_else(|| self.unavailable("it has no keys"))?;
        let answer = self.get(core, url, "keys").await?;
        let set: KeySet = json_of(&answer).ok_or_else(|| self.unavailable("keys: no key set"))?;
        Ok(set.keys.into_iter().take(MOST).filter_map(Key::read).collect())
    }

    fn chosen(&self, keys: &Arc<Vec<Key>>, choice: Choice) -> Result<Found, ProviderError> {
        let refused = |why| Err(ProviderError::Token(self.settings.name.clone(), why));
        match choice {
            Choice::One(at) => Ok(Found { keys: Arc::clone(keys), at }),
            Choice::Unknown => refused("no key of the provider has its key id and algorithm"),
            Choice::Several => refused("several keys of the provider have its key id"),
        }
    }
}

/// A key of a set.
pub(super) struct Found {
    keys: Arc<Vec<Key>>,
    at: usize,
}

impl Found {
    pub(super) fn key(&self) -> Option<&Key> {
        self.keys.get(self.at)
    }
}

#[derive(Clone, Copy)]
enum Choice {
    One(usize),
    Unknown,
    Several,
}

/// The key with this id that signs by this algorithm; without an id the only one that does. Where two have the id nobody
/// can say whose word it is, and none is taken.
fn choose(keys: &[Key], id: Option<&str>, algorithm: Algorithm) -> Choice {
    let fits = |key: &Key| key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id);
    let mut fitting = keys.iter().enumerate().filter(|(_, key)| fits(key)).map(|(at, _)| at);
    match (fitting.next(), fitting.next()) {
        (Some(at), None) => Choice::One(at),
        (None, _) => Choice::Unknown,
        (Some(_), Some(_)) => Choice::Several,
    }
}

impl Key {
    /// A public key for signatures; `None` for any other, as a set may hold.
    fn read(value: Value) -> Option<Self> {
        let issuer = value.get("issuer").and_then(Value::as_str).map(str::to_owned);
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        if jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
            return None;
        }
        let able = able_to(&jwk)?;
        let algorithms = match jwk.common.key_algorithm {
            // The key says itself what it is for.
            Some(named) => able.iter().copied().filter(|it| Algorithm::try_from(named) == Ok(*it)).collect(),
            None => able.to_vec(),
        };
        Some(Self { id: jwk.common.key_id.clone(), algorithms, issuer, verifying: DecodingKey::from_jwk(&jwk).ok()? })
    }
}

/// What a key of a kind can sign by. Symmetric keys are none: a public key taken for one would be known to everybody.
fn able_to(jwk: &Jwk) -> Option<&'static [Algorithm]> {
    use jsonwebtoken::jwk::EllipticCurve;
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Some(&[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ]),
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P256 => Some(&[Algorithm::ES256]),
        AlgorithmParameters::EllipticCurve(it) if it.curve == EllipticCurve::P384 => Some(&[Algorithm::ES384]),
        AlgorithmParameters::OctetKeyPair(_) => Some(&[Algorithm::EdDSA]),
        _ => None,
    }
}
