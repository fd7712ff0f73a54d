//! The keys that sign access tokens, in three states: published, signing, retired but still published.
//!
//! A key is published before it signs, so that a verifier that caches the key set knows it when the first token comes;
//! it stays published after it retired, until the last token it signed has expired. Nodes read the keys now and then, so
//! one that was made a moment ago does not sign yet, whatever its state: another node could neither publish nor accept it.

mod signer;
mod withdrawal;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use tacit_store::signing_keys::{self, KeyState, SigningKeyRecord};
use tacit_store::{Timestamp, Tx, instance};

use self::signer::Signer;
pub use self::withdrawal::{Withdraw, WithdrawError};
use crate::aead;
use crate::core::Core;
use crate::fault::Internal;
use crate::settings::SigningAlgorithm;

/// What is written where the first keys were made.
const MADE: &str = "signing_keys";
/// How long a node may not notice that another rotated the keys.
const CACHE_MS: i64 = 10_000;
/// How long a key is in the database before it signs: by then every node has read it, clocks a little apart included.
const KNOWN_AFTER: Duration = Duration::from_secs(20);
/// How long a retired key stays published beyond the life of the tokens it signed.
const RETIRED_MARGIN: Duration = Duration::from_hours(1);

/// The keys, as surfaces and operators see them.
#[derive(Clone)]
pub struct SigningKeys(pub(crate) Arc<Core>);

impl SigningKeys {
    /// The public keys that tokens in force may be signed with, as a JWK Set (RFC 7517 §5).
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn jwks(&self) -> Result<JwkSet, Internal> {
        let set = self.0.key_set(self.0.now()).await?;
        Ok(JwkSet { keys: set.verifying.iter().map(|key| key.jwk.clone()).collect() })
    }

    /// All keys, the oldest first, as an operator sees them.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn list(&self) -> Result<Vec<SigningKeyState>, Internal> {
        let records = signing_keys::list(&mut self.0.store.read().await?).await?;
        Ok(records.into_iter().map(SigningKeyState::from).collect())
    }

    /// Lets the next key sign, and publishes the one after it. Returns the id of the key that signs from now on, or as
    /// soon as every node knows it, if it was published a moment ago.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn rotate(&self) -> Result<String, Internal> {
        self.0.rotate_signing_keys(self.0.now()).await
    }
}

/// A key, and where it stands in its life.
pub struct SigningKeyState {
    /// Its name, in the header of what it signed.
    pub kid: String,
    /// `published`, `signing` or `retired`.
    pub state: &'static str,
    /// Since when.
    pub since: Timestamp,
}

impl From<SigningKeyRecord> for SigningKeyState {
    fn from(record: SigningKeyRecord) -> Self {
        Self { kid: record.kid, state: record.state.as_str(), since: record.state_changed_at }
    }
}

/// The keys as last read.
#[derive(Default)]
pub(crate) struct SigningKeyCache(RwLock<Option<Arc<KeySet>>>);

/// All published keys, and the one that signs.
pub(crate) struct KeySet {
    read_at: Timestamp,
    pub(crate) signing: Signer,
    verifying: Vec<Verifying>,
}

pub(crate) struct Verifying {
    pub(crate) jwk: Jwk,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
    kid: String,
}

impl KeySet {
    pub(crate) fn find(&self, kid: &str) -> Option<&Verifying> {
        self.verifying.iter().find(|key| key.kid == kid)
    }
}

impl Core {
    /// The keys, at most [`CACHE_MS`] old.
    pub(crate) async fn key_set(&self, now: Timestamp) -> Result<Arc<KeySet>, Internal> {
        if let Some(set) = self.signing_keys.read() {
            let age = now.as_millis() - set.read_at.as_millis();
            if (0..CACHE_MS).contains(&age) {
                return Ok(set);
            }
        }
        let records = signing_keys::list(&mut self.store.read().await?).await?;
        let set = Arc::new(self.read_keys(&records, now)?);
        self.signing_keys.write(Some(Arc::clone(&set)));
        Ok(set)
    }

    /// Makes the first keys, if there are none.
    pub(crate) async fn ensure_signing_keys(&self, now: Timestamp) -> Result<(), Internal> {
        if lacking(&signing_keys::list(&mut self.store.read().await?).await?).is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        // Of two nodes that start over an empty database, the second waits here until the first has made them.
        instance::insert_if_absent(&mut tx, MADE, "made").await?;
        for state in lacking(&signing_keys::list(&mut tx).await?) {
            signing_keys::insert(&mut tx, &self.make_key(state, now)?).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The published key signs from now on, the signing one retires, a new one is published.
    pub(crate) async fn rotate_signing_keys(&self, now: Timestamp) -> Result<String, Internal> {
        let mut tx = self.store.begin().await?;
        let records = signing_keys::list(&mut tx).await?;
        let fresh = self.make_key(KeyState::Published, now)?;
        let next = match records.iter().find(|record| record.state == KeyState::Published) {
            Some(record) => record.kid.clone(),
            None => return Err(Internal::Malformed("set of signing keys")),
        };
        for record in records.iter().filter(|record| record.state == KeyState::Signing) {
            change(&mut tx, &record.kid, KeyState::Signing, KeyState::Retired, now).await?;
        }
        change(&mut tx, &next, KeyState::Published, KeyState::Signing, now).await?;
        signing_keys::insert(&mut tx, &fresh).await?;
        tx.commit().await?;
        self.signing_keys.write(None);
        Ok(next)
    }

    /// Rotates when the signing key is old, and forgets keys whose last token has expired.
    pub(crate) async fn tend_signing_keys(&self, now: Timestamp) -> Result<(), Internal> {
        let records = signing_keys::list(&mut self.store.read().await?).await?;
        let old = |record: &&SigningKeyRecord| now.since(record.state_changed_at) > self.settings.lifetimes.signing_key;
        if records.iter().filter(|record| record.state == KeyState::Signing).any(|record| old(&record)) {
            let kid = self.rotate_signing_keys(now).await?;
            tracing::info!(kid, "signing keys rotated");
        }
        let keep = self.settings.lifetimes.access_token + RETIRED_MARGIN;
        for record in records.iter().filter(|record| record.state == KeyState::Retired) {
            if now.since(record.state_changed_at) > keep {
                let mut tx = self.store.begin().await?;
                signing_keys::delete(&mut tx, &record.kid).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    fn make_key(&self, state: KeyState, now: Timestamp) -> Result<SigningKeyRecord, Internal> {
        let failed = || Internal::Malformed("signing key");
        let (name, algorithm, der) = match self.settings.algorithm {
            SigningAlgorithm::EdDsa => {
                let mut seed = zeroize::Zeroizing::new([0u8; 32]);
                self.entropy.fill(&mut *seed);
                let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(|_| failed())?;
                ("EdDSA", Algorithm::EdDSA, pair.to_pkcs8v1().map_err(|_| failed())?.as_ref().to_vec())
            }
            SigningAlgorithm::Es256 => {
                // aws-lc draws P-256 keys itself; its generator is the operating system's, as ours is.
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| failed())?;
                let der = pair.to_pkcs8v1().map_err(|_| failed())?;
                ("ES256", Algorithm::ES256, der.as_ref().to_vec())
            }
        };
        let der = zeroize::Zeroizing::new(der);
        let mut jwk = Jwk::from_encoding_key(&encoding_key(algorithm, &der), algorithm).map_err(Internal::Signing)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(Internal::Signing)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_algorithm = Some(if name == "EdDSA" { KeyAlgorithm::EdDSA } else { KeyAlgorithm::ES256 });
        Ok(SigningKeyRecord {
            private_sealed: aead::seal(&self.keyring.signing_keys, kid.as_bytes(), &der, &*self.entropy)?,
            kid,
            algorithm: name.to_owned(),
            state,
            public_jwk: serde_json::to_string(&jwk).map_err(|_| failed())?,
            key_id: self.keyring.id.clone(),
            created_at: now,
            state_changed_at: now,
        })
    }

    fn read_keys(&self, records: &[SigningKeyRecord], now: Timestamp) -> Result<KeySet, Internal> {
        let signer = signer(records, now).ok_or(Internal::Malformed("set of signing keys"))?;
        let mut signing = None;
        let mut verifying = Vec::with_capacity(records.len());
        for record in records {
            let algorithm = match record.algorithm.as_str() {
                "EdDSA" => Algorithm::EdDSA,
                "ES256" => Algorithm::ES256,
                _ => return Err(Internal::Malformed("signing key")),
            };
            let jwk: Jwk = serde_json::from_str(&record.public_jwk).map_err(|_| Internal::Malformed("signing key"))?;
            let key = DecodingKey::from_jwk(&jwk).map_err(Internal::Signing)?;
            verifying.push(Verifying { jwk, algorithm, key, kid: record.kid.clone() });
            if record.kid == signer.kid {
                let der = aead::open(&self.keyring.signing_keys, record.kid.as_bytes(), &record.private_sealed)
                    .ok_or(Internal::Sealed("signing key"))?;
                signing = Some(Signer::read(&record.kid, algorithm, &der)?);
            }
        }
        let signing = signing.ok_or(Internal::Malformed("set of signing keys"))?;
        Ok(KeySet { read_at: now, signing, verifying })
    }
}

impl SigningKeyCache {
    fn read(&self) -> Option<Arc<KeySet>> {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn write(&self, set: Option<Arc<KeySet>>) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = set;
    }
}

/// The key that signs: the one in the state for it, or while nodes may not know that one, the last before it that they do.
fn signer(records: &[SigningKeyRecord], now: Timestamp) -> Option<&SigningKeyRecord> {
    let is_known = |record: &&SigningKeyRecord| now.since(record.created_at) >= KNOWN_AFTER;
    let signing = records.iter().find(|record| record.state == KeyState::Signing)?;
    let retired = || records.iter().filter(|record| record.state == KeyState::Retired);
    let known = Some(signing).filter(is_known);
    let known = known.or_else(|| retired().filter(is_known).max_by_key(|record| record.state_changed_at));
    // In a young installation none is: the first keys were made together, before any node read them.
    known.or_else(|| retired().chain([signing]).min_by_key(|record| record.created_at))
}

/// The states that there is always a key in, and is none.
fn lacking(records: &[SigningKeyRecord]) -> Vec<KeyState> {
    let wanted = [KeyState::Signing, KeyState::Published];
    wanted.into_iter().filter(|state| !records.iter().any(|record| record.state == *state)).collect()
}

async fn change(tx: &mut Tx, kid: &str, from: KeyState, to: KeyState, now: Timestamp) -> Result<(), Internal> {
    if signing_keys::update_state(tx, kid, from, to, now).await? {
        Ok(())
    } else {
        // Another rotation was faster; the transaction is dropped with it.
        Err(Internal::Malformed("set of signing keys"))
    }
}

fn encoding_key(algorithm: Algorithm, der: &[u8]) -> EncodingKey {
    match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_der(der),
        _ => EncodingKey::from_ed_der(der),
    }
}
