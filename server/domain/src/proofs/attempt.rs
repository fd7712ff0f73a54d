//! One proof as an attempt: what it is counted under, before it is looked at and after.

use tacit_store::logins::{self, CountedWindow, Spend, Standing};
use tacit_store::proof_failures::ProofFailures;
use tacit_store::{AccountId, Committed, StoreError, Timestamp, Tx, proof_failures as rows};

use super::ProofError;
use crate::caller::{Meter, Origin};
use crate::core::Core;
use crate::handshake::{self, Handshake, Subject};
use crate::known_devices::KnownDevice;
use crate::proof_failures::{self, Held, Of, kept_for_each};
use crate::throttle::Window;

/// The name of a client's window for failed proofs.
const BY_CLIENT: &str = "client_proof";

/// An attempt to prove a password.
pub(crate) struct Attempt {
    /// Failures in a row are counted under this: the address, the device that is known, or the account of a session.
    key: [u8; 32],
    address: [u8; 32],
    device: Option<KnownDevice>,
    /// What all known devices of the account are counted under, for one of them.
    together: Option<[u8; 32]>,
    /// Absent for a known device and for a session: neighbours behind one address must not shut them out.
    client: Option<Window>,
    meter: Meter,
    now: Timestamp,
}

impl Attempt {
    /// At a login.
    pub(super) fn to_log_in(
        core: &Core,
        state: &Handshake,
        token: Option<&str>,
        origin: &Origin,
        now: Timestamp,
    ) -> Self {
        let device = core.known_device(token, state.credential, now);
        // Who proves a sign-up of their own for an address must not begin the count of that address anew.
        let address = match state.subject {
            Subject::Pending => core.failures_key(&state.owner.to_string()),
            Subject::Account | Subject::Decoy => state.attempt,
        };
        let limits = &core.settings.limits;
        let client = || core.client_window(BY_CLIENT, origin, limits.client_proofs, limits.proof_window, now);
        Self {
            key: device.as_ref().map_or(address, |device| core.device_key(device)),
            address,
            client: device.is_none().then(client),
            together: device.is_some().then(|| core.devices_failures_key(AccountId::from_uuid(state.owner))),
            device,
            meter: origin.meter.clone(),
            now,
        }
    }

    /// In a session.
    pub(super) fn of_caller(key: [u8; 32], now: Timestamp) -> Self {
        Self { key, address: key, device: None, together: None, client: None, meter: Meter::default(), now }
    }

    /// When it was made.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) const fn device(&self) -> Option<&KnownDevice> {
        self.device.as_ref()
    }

    /// Refuses what would be one too many, without counting or spending anything. What it asks the database on the way,
    /// the credential to check the proof against, is answered with it.
    pub(super) async fn look(&self, core: &Core, state: &Handshake) -> Result<Standing, ProofError> {
        let mut tx = core.store.read().await?;
        let standing = logins::look(&mut tx, state.owner, &self.key, self.client.as_ref().map(Window::row)).await?;
        if let Some(client) = &self.client
            && !client.has_room(standing.counted, &self.meter)
        {
            return Err(ProofError::TooMany(client.remaining(self.now)));
        }
        let stood_together = match &self.together {
            Some(key) => Some(rows::find(&mut tx, key).await?),
            None => None,
        };
        self.check(core, standing.failures, stood_together)?;
        Ok(standing)
    }

    fn check(&self, core: &Core, stood: ProofFailures, together: Option<ProofFailures>) -> Result<(), Held> {
        let limits = &core.settings.limits;
        let of = if self.device.is_some() { Of::Device } else { Of::Strangers };
        proof_failures::check(limits, of, stood, self.now)?;
        together.map_or(Ok(()), |stood| proof_failures::check_together(limits, stood))
    }

    /// Spends the handshake and counts the attempt as failed, before anything is known about the proof. Nothing may be
    /// told of the proof before that is done.
    pub(super) async fn spend(&self, core: &Core, state: &Handshake) -> Result<Committed, ProofError> {
        let keep_until = Timestamp::from_millis(state.issued_at.as_millis() + handshake::SPENT_KEPT_MS);
        let client = self.client.as_ref();
        let attempt = Spend {
            nonce: state.nonce,
            keep_until,
            window: client.map(Window::row),
            failures_key: self.key,
            now: self.now,
            kept_for_each: kept_for_each(&core.settings.limits),
        };
        let (mut tx, spent) = logins::spend(&core.store, attempt).await?;
        if !spent.first {
            return Err(ProofError::HandshakeSpent);
        }
        // Several proofs may have passed the first look together: the counts decide.
        if let Some(client) = client
            && !client.had_room(spent.counted, &self.meter)
        {
            return Err(ProofError::TooMany(client.remaining(self.now)));
        }
        let stood_together = match &self.together {
            Some(key) => Some(core.count_failure(&mut tx, key, self.now).await?),
            None => None,
        };
        self.check(core, spent.failures, stood_together)?;
        Ok(tx.commit_soon().await?)
    }

    /// Where it was counted, for whoever takes it back with other rows; see [`Attempt::succeed`].
    pub(crate) fn counted(&self) -> (Option<CountedWindow>, [&[u8]; 2]) {
        let address = if self.device.is_some() { &self.address } else { &self.key };
        (self.client.as_ref().map(Window::row), [&self.key, address])
    }

    /// What is left to take back when [`Attempt::counted`] was: the count of all known devices begins anew.
    pub(crate) async fn forgive_devices(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match &self.together {
            Some(together) => rows::clear(tx, together).await,
            None => Ok(()),
        }
    }

    /// Lets the client know that the attempt was taken back.
    pub(crate) fn note_success(&self) {
        if let Some(client) = &self.client {
            client.note_refund(&self.meter);
        }
    }

    /// Takes back what was counted. A known device that succeeds opens the address for others again, and begins the count
    /// of all known devices anew.
    pub(crate) async fn succeed(&self, tx: &mut Tx) -> Result<(), StoreError> {
        // In the order in which they were counted: two logins of one account must not wait for each other.
        if let Some(client) = &self.client {
            client.refund(tx).await?;
        }
        self.note_success();
        rows::clear(tx, &self.key).await?;
        if self.device.is_some() {
            rows::clear(tx, &self.address).await?;
        }
        self.forgive_devices(tx).await
    }
}

impl From<Held> for ProofError {
    fn from(held: Held) -> Self {
        match held {
            Held::For(wait) => Self::Throttled(wait),
            Held::Locked => Self::Locked,
        }
    }
}
