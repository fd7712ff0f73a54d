//! Puts the domain together over a database, and makes sure the two belong together.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, RwLock};

use tacit_shared::preset;
use tacit_store::credentials::CredentialRecord;
use tacit_store::{AccountId, CredentialId, Store, StoreError, Tx, instance};
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use crate::access_tokens::seen_tokens;
use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::client_limits::{ClientLimits, Floods};
use crate::combs::Combs;
use crate::commits::Commits;
use crate::core::Core;
use crate::decoys::{self, PresetShares};
use crate::email_changes::EmailChanges;
use crate::fault::Internal;
use crate::health::Health;
use crate::housekeeping::Housekeeping;
use crate::identities::Identities;
use crate::keyring::{Keyring, MasterKey};
use crate::login::Logins;
use crate::mailbox::Mailbox;
use crate::oauth::Oauth;
use crate::outbox::Outbox;
use crate::passwords::Passwords;
use crate::proofs::InFlight;
use crate::providers::Providers;
use crate::refresh::Refresh;
use crate::resets::Resets;
use crate::seal::EpochKeys;
use crate::seams::Seams;
use crate::sessions::Sessions;
use crate::settings::Settings;
use crate::sign_ups::SignUps;
use crate::signing_keys::{SigningKeyCache, SigningKeys};
use crate::srp_pool::SrpPool;
use crate::step_ups::StepUps;
use crate::verifiers::{self, Place};

const REALM: &str = "realm";
const FINGERPRINT: &str = "master_key_fingerprint";

/// All services over one database. Cheap to clone.
#[derive(Clone)]
pub struct Domain {
    /// What the operator decided.
    pub settings: Arc<Settings>,
    /// Sign-up and activation.
    pub sign_ups: SignUps,
    /// Login by SRP.
    pub logins: Logins,
    /// Signing in with a provider.
    pub oauth: Oauth,
    /// The other ways in to an account.
    pub identities: Identities,
    /// Change of a password.
    pub passwords: Passwords,
    /// Reset of a forgotten password.
    pub resets: Resets,
    /// Showing the password again.
    pub step_ups: StepUps,
    /// Sessions.
    pub sessions: Sessions,
    /// Renewal of tokens.
    pub refresh: Refresh,
    /// Accounts.
    pub accounts: Accounts,
    /// The record of what happened.
    pub audit: Audit,
    /// Changes of address.
    pub email_changes: EmailChanges,
    /// The keys that sign access tokens.
    pub signing_keys: SigningKeys,
    /// Later work.
    pub outbox: Outbox,
    /// The demo's mailbox.
    pub mailbox: Mailbox,
    /// Tidying up.
    pub housekeeping: Housekeeping,
    /// What one client may ask of this node.
    pub client_limits: ClientLimits,
    /// Whether what was written is there to stay.
    pub commits: Commits,
    /// Whether all is well.
    pub health: Health,
}

/// Why the domain does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database was made with another master key; nothing in it could be opened.
    #[error(
        "the database belongs to master key {pinned}, and this one is {given}; give it the key it was made with \
         (see \"Master key\" in docs/operations.md)"
    )]
    OtherMasterKey {
        /// Fingerprint in the database.
        pinned: String,
        /// Fingerprint of the key given.
        given: String,
    },
    /// The database was made for another realm; every credential in it is bound to that one.
    #[error(
        "the database was made for realm `{pinned}`, and the configuration says `{given}`; a realm cannot be changed"
    )]
    OtherRealm {
        /// Realm in the database.
        pinned: String,
        /// Realm of the configuration.
        given: String,
    },
    /// The pool's threads do not start.
    #[error("the SRP threads do not start: {0}")]
    Threads(std::io::Error),
    /// A part failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Domain {
    /// Opens the domain over a migrated database. At first start, pins the realm and the master key.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(store: Store, master: &MasterKey, settings: Settings, seams: Seams) -> Result<Self, OpenError> {
        // On the heap: it is done once, and large.
        Box::pin(Self::assemble(store, master, settings, seams)).await
    }

    async fn assemble(store: Store, master: &MasterKey, settings: Settings, seams: Seams) -> Result<Self, OpenError> {
        pin(&store, master, &settings).await?;
        // A second call finds the first one's provider, which is the same.
        jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().ok();
        let keyring = Keyring::new(master);
        let stand_in = stand_in(&keyring, &seams)?;
        let limits = settings.limits;
        let entropy = Arc::clone(&seams.entropy);
        let srp_pool = SrpPool::start(limits.srp_workers, limits.srp_queue, limits.srp_pairs, entropy)
            .map_err(OpenError::Threads)?;
        let settings = Arc::new(settings);
        let in_flight = InFlight::new(store.clone());
        let core = Arc::new(Core {
            store,
            keyring,
            settings: Arc::clone(&settings),
            clock: seams.clock,
            entropy: seams.entropy,
            fetch: seams.fetch,
            providers: Providers::new(&settings.providers),
            epoch_keys: EpochKeys::default(),
            signing_keys: SigningKeyCache::default(),
            srp_pool,
            combs: Arc::new(Combs::new(limits.srp_combs)),
            floods: Floods::default(),
            in_flight,
            seen_tokens: seen_tokens(settings.lifetimes.access_token),
            preset_shares: RwLock::new(PresetShares::initial()),
            count_credentials_from: AtomicI64::new(i64::MIN),
            stand_in,
            outbox_bell: Notify::new(),
            last_look: Mutex::default(),
        });
        // Who only reads sets nothing up: what is missing is for `tacit audit verify` to tell.
        if !core.store.is_read_only() {
            core.ensure_signing_keys(core.now()).await?;
            core.load_preset_shares().await?;
            core.begin_audit_chains().await?;
        }
        Ok(Self {
            settings,
            sign_ups: SignUps(Arc::clone(&core)),
            logins: Logins(Arc::clone(&core)),
            oauth: Oauth(Arc::clone(&core)),
            identities: Identities(Arc::clone(&core)),
            passwords: Passwords(Arc::clone(&core)),
            resets: Resets(Arc::clone(&core)),
            step_ups: StepUps(Arc::clone(&core)),
            sessions: Sessions(Arc::clone(&core)),
            refresh: Refresh(Arc::clone(&core)),
            accounts: Accounts(Arc::clone(&core)),
            audit: Audit(Arc::clone(&core)),
            email_changes: EmailChanges(Arc::clone(&core)),
            signing_keys: SigningKeys(Arc::clone(&core)),
            outbox: Outbox(Arc::clone(&core)),
            mailbox: Mailbox(Arc::clone(&core)),
            housekeeping: Housekeeping(Arc::clone(&core)),
            client_limits: ClientLimits(Arc::clone(&core)),
            commits: Commits(Arc::clone(&core)),
            health: Health(core),
        })
    }
}

/// Whether a database that was used before was made with this key. Writes nothing, so it comes before the schema is
/// brought up to date.
///
/// # Errors
/// [`OpenError::OtherMasterKey`]. Where nothing can be read there is no schema yet, or opening the domain will say so.
pub async fn check_master_key(store: &Store, master: &MasterKey) -> Result<(), OpenError> {
    let Ok(mut tx) = store.read().await else { return Ok(()) };
    match instance::find(&mut tx, FINGERPRINT).await {
        Ok(Some(pinned)) => same_key(pinned, master.fingerprint()),
        _ => Ok(()),
    }
}

fn same_key(pinned: String, given: String) -> Result<(), OpenError> {
    if pinned == given { Ok(()) } else { Err(OpenError::OtherMasterKey { pinned, given }) }
}

/// Checks the database against realm and key; writes them down where nothing is written yet, and waits for no writer where
/// they are.
async fn pin(store: &Store, master: &MasterKey, settings: &Settings) -> Result<(), OpenError> {
    let fingerprint = master.fingerprint();
    if let (Some(key), Some(realm)) = pinned(&mut store.read().await?).await? {
        return belongs(key, fingerprint, realm, settings);
    }
    let mut tx = store.begin().await?;
    instance::insert_if_absent(&mut tx, FINGERPRINT, &fingerprint).await?;
    instance::insert_if_absent(&mut tx, REALM, &settings.realm).await?;
    let (key, realm) = pinned(&mut tx).await?;
    belongs(key.unwrap_or_default(), fingerprint, realm.unwrap_or_default(), settings)?;
    Ok(tx.commit().await?)
}

/// Key and realm that the database was made for.
async fn pinned(tx: &mut Tx) -> Result<(Option<String>, Option<String>), StoreError> {
    Ok((instance::find(tx, FINGERPRINT).await?, instance::find(tx, REALM).await?))
}

fn belongs(key: String, fingerprint: String, realm: String, settings: &Settings) -> Result<(), OpenError> {
    same_key(key, fingerprint)?;
    if realm == settings.realm {
        return Ok(());
    }
    Err(OpenError::OtherRealm { pinned: realm, given: settings.realm.clone() })
}

/// A sealed credential of nobody, opened where an address has none, so that both cost the same.
fn stand_in(keyring: &Keyring, seams: &Seams) -> Result<CredentialRecord, Internal> {
    let mut seed = [0u8; 32];
    seams.entropy.fill(&mut seed);
    let decoy = decoys::derive(&keyring.decoys, &seed, &PresetShares::initial());
    let verifier = decoys::verifier(&keyring.decoys, &seed, preset::DEFAULT)?;
    let mut record = CredentialRecord {
        account_id: AccountId::from_uuid(Uuid::nil()),
        id: CredentialId::from_uuid(Uuid::nil()),
        version: 0,
        identity: tacit_shared::encoding::to_hex(&decoy.identity),
        salt: decoy.salt.to_vec(),
        preset: preset::DEFAULT.number,
        key_id: keyring.id.clone(),
        verifier_sealed: Vec::new(),
        created_at: seams.clock.now(),
    };
    record.verifier_sealed = verifiers::seal(keyring, &Place::of_account(&record), &verifier, &*seams.entropy)?;
    Ok(record)
}
