//! What every service shares: the store, the keys, the seams.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, RwLock};

use tacit_store::credentials::CredentialRecord;
use tacit_store::{Store, Timestamp};
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use crate::access_tokens::SeenTokens;
use crate::client_limits::Floods;
use crate::combs::Combs;
use crate::decoys::PresetShares;
use crate::health::Look;
use crate::keyring::{Keyring, mac};
use crate::proofs::InFlight;
use crate::providers::Providers;
use crate::seal::EpochKeys;
use crate::seams::{Clock, Fetch, SecureEntropy};
use crate::settings::Settings;
use crate::signing_keys::SigningKeyCache;
use crate::srp_pool::SrpPool;

/// Shared by all services of one [`Domain`](crate::Domain).
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) keyring: Keyring,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn SecureEntropy>,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) providers: Providers,
    pub(crate) epoch_keys: EpochKeys,
    pub(crate) signing_keys: SigningKeyCache,
    pub(crate) srp_pool: SrpPool,
    pub(crate) combs: Arc<Combs>,
    pub(crate) floods: Floods,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) seen_tokens: SeenTokens,
    pub(crate) preset_shares: RwLock<PresetShares>,
    /// When credentials may be counted for those again, in milliseconds.
    pub(crate) count_credentials_from: AtomicI64,
    /// A sealed credential of nobody.
    pub(crate) stand_in: CredentialRecord,
    /// Rung when an outbox row was committed.
    pub(crate) outbox_bell: Notify,
    /// Held by whoever looks at the database for all who ask whether it can be worked with.
    pub(crate) last_look: Mutex<Option<Look>>,
}

impl Core {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A UUID of version 7 (RFC 9562 §5.7): rows of one time lie together.
    pub(crate) fn new_id(&self, now: Timestamp) -> Uuid {
        let mut random = [0u8; 10];
        self.entropy.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.as_millis()).unwrap_or(0), &random).into_uuid()
    }

    /// The keyed hash that stands for an address wherever attempts are counted.
    pub(crate) fn address_hash(&self, scope: &str, address_key: &str) -> [u8; 32] {
        mac(&self.keyring.throttles, &[scope.as_bytes(), address_key.as_bytes()])
    }

    pub(crate) fn shares(&self) -> PresetShares {
        self.preset_shares.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
