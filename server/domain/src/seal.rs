//! Seals handshakes under epoch keys, so that step one of a login writes nothing.
//!
//! Whoever can open a handshake can log in without the password. So its keys are random, are used for an hour, and are
//! destroyed minutes after the last handshake under them has expired: a master key stolen later opens nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hkdf::Hkdf;
use sha2::Sha256;
use tacit_shared::encoding;
use tacit_store::Timestamp;
use tacit_store::epoch_keys::{self, EpochKeyRecord};
use zeroize::Zeroizing;

use crate::aead::{self, Key};
use crate::core::Core;
use crate::fault::Internal;
use crate::handshake::{self, DESTROY_AFTER_MS, EPOCH_MS, Handshake};

const EPOCH: usize = 8;
const TAG: usize = 8;
/// The use that was there first has no name; [`Core::seal_for`]'s others have one each.
const HANDSHAKE: &[u8] = b"";
/// Of base64url without padding.
const HANDSHAKE_CHARACTERS: usize = ((EPOCH + TAG + handshake::LENGTH + aead::OVERHEAD) * 4).div_ceil(3);

/// The epoch keys this node has seen; nothing of them outlives the process on a single node.
#[derive(Default)]
pub(crate) struct EpochKeys(Mutex<BTreeMap<i64, EpochKey>>);

#[derive(Clone)]
struct EpochKey {
    key: Key,
    /// Names the key, so that one from before a restart is told from a forgery.
    tag: [u8; TAG],
}

/// Why a handshake does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its key is gone, or its time is over.
    Expired,
    /// It is not ours, or was altered, or comes from the future.
    Invalid,
}

impl Core {
    /// Seals the state of a handshake for whoever answers it, this node or another.
    pub(crate) async fn seal_handshake(&self, state: &Handshake, now: Timestamp) -> Result<String, Internal> {
        self.seal_for(HANDSHAKE, &state.encode(), now).await
    }

    /// Opens a handshake and checks its times. The outer error is ours to mend, the inner one the caller's.
    pub(crate) async fn open_handshake(
        &self,
        text: &str,
        now: Timestamp,
    ) -> Result<Result<Handshake, Refused>, Internal> {
        // All are of one length: nothing else is worth a look at the keys.
        if text.len() != HANDSHAKE_CHARACTERS {
            return Ok(Err(Refused::Invalid));
        }
        let plain = match self.open_for(HANDSHAKE, text, now).await? {
            Ok(plain) => plain,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(state) = Handshake::decode(&plain) else { return Ok(Err(Refused::Invalid)) };
        let age = now.as_millis() - state.issued_at.as_millis();
        if age < -handshake::SKEW_MS {
            return Ok(Err(Refused::Invalid));
        }
        if age > handshake::LIFETIME_MS {
            return Ok(Err(Refused::Expired));
        }
        Ok(Ok(state))
    }

    /// Seals what a browser or a client carries for us from one request to another, for this use only.
    pub(crate) async fn seal_for(&self, what: &[u8], plain: &[u8], now: Timestamp) -> Result<String, Internal> {
        let epoch = now.as_millis().div_euclid(EPOCH_MS);
        let key = match self.epoch_key(epoch).await? {
            Some(key) => key,
            None => self.make_epoch_key(epoch).await?,
        };
        let header = [epoch.to_be_bytes(), key.tag].concat();
        let sealed = aead::seal(&key.key, &[header.as_slice(), what].concat(), plain, &*self.entropy)?;
        Ok(encoding::to_base64url(&[header, sealed].concat()))
    }

    /// Opens what [`Core::seal_for`] sealed for the same use; its time is for the caller to look at.
    pub(crate) async fn open_for(
        &self,
        what: &[u8],
        text: &str,
        now: Timestamp,
    ) -> Result<Result<Zeroizing<Vec<u8>>, Refused>, Internal> {
        let Some(Parts { epoch, tag, header, sealed }) = Parts::of(text) else { return Ok(Err(Refused::Invalid)) };
        let current = now.as_millis().div_euclid(EPOCH_MS);
        // Only epochs that can hold something living are looked up at all.
        if epoch > current + 1 {
            return Ok(Err(Refused::Invalid));
        }
        if epoch < current - 1 {
            return Ok(Err(Refused::Expired));
        }
        let Some(key) = self.epoch_key(epoch).await?.filter(|key| key.tag == tag) else {
            return Ok(Err(Refused::Expired));
        };
        Ok(aead::open(&key.key, &[header.as_slice(), what].concat(), &sealed).ok_or(Refused::Invalid))
    }

    /// Destroys the keys of epochs that are over.
    pub(crate) async fn destroy_epoch_keys(&self, now: Timestamp) -> Result<(), Internal> {
        let oldest = (now.as_millis() - DESTROY_AFTER_MS).div_euclid(EPOCH_MS);
        self.epoch_keys.lock().retain(|epoch, _| *epoch >= oldest);
        if self.store.engine().is_shared() {
            let mut tx = self.store.begin().await?;
            epoch_keys::delete_expired(&mut tx, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn epoch_key(&self, epoch: i64) -> Result<Option<EpochKey>, Internal> {
        if let Some(key) = self.epoch_keys.lock().get(&epoch) {
            return Ok(Some(key.clone()));
        }
        if !self.store.engine().is_shared() {
            return Ok(None);
        }
        let Some(record) = epoch_keys::find(&mut self.store.read().await?, epoch).await? else { return Ok(None) };
        let plain =
            aead::open(&self.keyring.epochs, &wrap_aad(epoch), &record.sealed).ok_or(Internal::Sealed("epoch key"))?;
        let bytes = plain.as_slice().try_into().map_err(|_| Internal::Malformed("epoch key"))?;
        let key = EpochKey::new(Zeroizing::new(bytes));
        self.epoch_keys.lock().insert(epoch, key.clone());
        Ok(Some(key))
    }

    /// Makes the key of this epoch; where several nodes share a database, the first one's holds for all.
    async fn make_epoch_key(&self, epoch: i64) -> Result<EpochKey, Internal> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        self.entropy.fill(&mut *bytes);
        if self.store.engine().is_shared() {
            let record = EpochKeyRecord {
                epoch,
                key_id: self.keyring.id.clone(),
                sealed: aead::seal(&self.keyring.epochs, &wrap_aad(epoch), &*bytes, &*self.entropy)?,
                destroy_at: Timestamp::from_millis((epoch + 1) * EPOCH_MS + DESTROY_AFTER_MS),
            };
            let mut tx = self.store.begin().await?;
            epoch_keys::insert_if_absent(&mut tx, &record).await?;
            tx.commit().await?;
            return self.epoch_key(epoch).await?.ok_or(Internal::Malformed("epoch key"));
        }
        // Two tasks may come here at once: the first key in holds for both.
        Ok(self.epoch_keys.lock().entry(epoch).or_insert_with(|| EpochKey::new(bytes)).clone())
    }
}

impl EpochKeys {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<i64, EpochKey>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl EpochKey {
    fn new(key: Key) -> Self {
        let mut tag = [0u8; TAG];
        // 8 bytes are below HKDF's limit, so expanding cannot fail.
        let expanded = Hkdf::<Sha256>::new(None, &*key).expand(b"tacit/v1/epoch/tag", &mut tag);
        debug_assert!(expanded.is_ok(), "HKDF gives 8 bytes");
        Self { key, tag }
    }
}

fn wrap_aad(epoch: i64) -> Vec<u8> {
    [b"tacit/v1/epoch/".as_slice(), &epoch.to_be_bytes()].concat()
}

/// What is sealed, taken apart.
pub(crate) struct Parts {
    pub(crate) epoch: i64,
    pub(crate) tag: [u8; TAG],
    /// Both of them, as they stand there.
    pub(crate) header: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(text: &str) -> Option<Self> {
        let bytes = encoding::from_base64url(text).ok()?;
        let (header, sealed) = bytes.split_at_checked(EPOCH + TAG)?;
        let (epoch, tag) = header.split_first_chunk::<EPOCH>()?;
        let tag = tag.try_into().ok()?;
        Some(Self { epoch: i64::from_be_bytes(*epoch), tag, header: header.to_vec(), sealed: sealed.to_vec() })
    }
}
