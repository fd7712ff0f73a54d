//! Puts accounts into a database, faster than people sign up.
//!
//! Rows go in through the store; the verifier is sealed here, as docs/protocol.md and `domain::verifiers` have it, so that
//! each of these accounts can log in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use tacit_domain::keyring::MasterKey;
use tacit_shared::encoding::fields;
use tacit_shared::entropy::Entropy as _;
use tacit_shared::preset;
use tacit_shared::srp::{Identity, Salt};
use tacit_store::accounts::{self, AccountRecord, AccountStatus, Role};
use tacit_store::credentials::{self, CredentialRecord};
use tacit_store::{AccountId, CredentialId, DatabaseSettings, Engine, Store, Timestamp};
use tacit_tests::{OsEntropy, random};
use uuid::Uuid;

use crate::srp::Cheap;

/// The master key of every server here: 64 hex digits.
pub(crate) const MASTER_KEY: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// Rows in one transaction.
const AT_ONCE: u32 = 2_000;

/// Where the accounts were made; long enough ago for nothing to be young.
const SINCE: i64 = 1_700_000_000_000;

/// The address of an account.
pub(crate) fn address(number: u32) -> String {
    format!("person-{number}@load.example")
}

/// Adds accounts until there are `to`, and says how many there were.
pub(crate) async fn fill(url: &str, to: u32, preset: u16) -> u32 {
    let store = Store::connect(&DatabaseSettings { url: url.to_owned(), max_connections: 8 }).await.unwrap();
    store.migrate().await.unwrap();
    let there = accounts::count(&mut store.read().await.unwrap()).await.unwrap();
    let from = u32::try_from(there).unwrap();
    assert!(from <= to, "there are {from} accounts, more than the {to} that are asked for");
    let writers = if store.engine() == Engine::Postgres { 4 } else { 1 };
    let next = Arc::new(AtomicU32::new(from));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..writers {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let seal = Seal::new(preset);
            loop {
                let first = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                if first >= to {
                    return;
                }
                let mut tx = store.begin().await.unwrap();
                for number in first..to.min(first + AT_ONCE) {
                    let (account, credential) = seal.account(number);
                    accounts::insert(&mut tx, &account).await.unwrap();
                    credentials::insert(&mut tx, &credential).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    store.close().await;
    from
}

struct Seal {
    preset: u16,
    verifier: Vec<u8>,
    key_id: String,
    cipher: XChaCha20Poly1305,
}

impl Seal {
    fn new(preset: u16) -> Self {
        let mut key = [0; 32];
        let master = [0x5a; 32];
        Hkdf::<Sha256>::new(None, &master).expand(b"tacit/v1/master/verifiers", &mut key).unwrap();
        Self {
            preset,
            verifier: Cheap::new(preset::find(preset).unwrap().group).verifier().to_vec(),
            key_id: MasterKey::parse(MASTER_KEY).unwrap().fingerprint()[..8].to_owned(),
            cipher: XChaCha20Poly1305::new(&key.into()),
        }
    }

    fn account(&self, number: u32) -> (AccountRecord, CredentialRecord) {
        let created_at = Timestamp::from_millis(SINCE + i64::from(number));
        let id = || {
            uuid::Builder::from_unix_timestamp_millis(created_at.as_millis().try_into().unwrap(), &random()).into_uuid()
        };
        let address = address(number);
        let account = AccountRecord {
            id: AccountId::from_uuid(id()),
            email: address.clone(),
            email_key: address,
            display_name: None,
            language: "en".to_owned(),
            role: Role::User,
            status: AccountStatus::Active,
            created_at,
            updated_at: created_at,
            activated_at: Some(created_at),
            disabled_at: None,
        };
        let mut credential = CredentialRecord {
            account_id: account.id,
            id: CredentialId::from_uuid(id()),
            version: 1,
            identity: Identity::random(&OsEntropy).as_str().to_owned(),
            salt: Salt::random(&OsEntropy).as_bytes().to_vec(),
            preset: self.preset,
            key_id: self.key_id.clone(),
            verifier_sealed: Vec::new(),
            created_at,
        };
        credential.verifier_sealed = self.seal(&credential);
        (account, credential)
    }

    fn seal(&self, credential: &CredentialRecord) -> Vec<u8> {
        let of = |id: Uuid| *id.as_bytes();
        let aad = fields(&[
            b"tacit/v1/verifier",
            &of(credential.account_id.as_uuid()),
            &of(credential.id.as_uuid()),
            &credential.version.to_be_bytes(),
            credential.identity.as_bytes(),
            &credential.salt,
            &credential.preset.to_be_bytes(),
        ]);
        let mut nonce = [0; 24];
        OsEntropy.fill(&mut nonce);
        let payload = Payload { msg: &self.verifier, aad: &aad.unwrap() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
        [nonce.as_slice(), &sealed].concat()
    }
}

/// A random account of so many.
pub(crate) fn anybody(accounts: u32) -> String {
    address(u32::from_be_bytes(random()) % accounts)
}

/// A random address of a client behind the proxy that the generator plays.
pub(crate) fn anywhere() -> String {
    let [a, b, c] = random::<3>();
    format!("10.{a}.{b}.{c}")
}
