//! One proof as an attempt: what it is counted under, before it is looked at and after.

use tacit_store::logins::{self, CountedWindow, Spend, SpentHandshake, Standing, Under};
use tacit_store::proof_failures::ProofFailures;
use tacit_store::{AccountId, StoreError, Timestamp, Tx, proof_failures as rows, spent_handshakes};

use super::ProofError;
use super::in_flight::{Counts, Entered, Failure, Flight, Moment};
use crate::caller::{Meter, Origin};
use crate::core::Core;
use crate::fault::Internal;
use crate::handshake::{Handshake, Subject};
use crate::known_devices::KnownDevice;
use crate::proof_failures::{self, Held, Of, kept_for_each};
use crate::srp_pool::{Slot, Step};
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
    handshake: SpentHandshake,
    meter: Meter,
    now: Timestamp,
    counted: Counted,
}

/// How an attempt is counted while it is looked at.
enum Counted {
    /// Not yet.
    Not,
    /// In the database, as one that failed: others see it, and it is on the disk with whatever is committed next.
    Written,
    /// In memory; see [`in_flight`](super::in_flight).
    InFlight(Flight),
    /// What came of it is committed.
    Landed,
}

/// What the database says before an attempt is looked at, and when.
struct Stood {
    standing: Standing,
    asked: Moment,
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
            handshake: state.spent(),
            together: device.is_some().then(|| core.devices_failures_key(AccountId::from_uuid(state.owner))),
            device,
            meter: origin.meter.clone(),
            now,
            counted: Counted::Not,
        }
    }

    /// In a session.
    pub(super) fn of_caller(key: [u8; 32], state: &Handshake, now: Timestamp) -> Self {
        Self {
            key,
            address: key,
            device: None,
            together: None,
            client: None,
            handshake: state.spent(),
            meter: Meter::default(),
            now,
            counted: Counted::Not,
        }
    }

    /// When it was made.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) const fn device(&self) -> Option<&KnownDevice> {
        self.device.as_ref()
    }

    /// Spends the handshake and counts the attempt as failed before anything is known about the proof, unless it would be one
    /// too many: then nothing is counted or spent. The credential to check it against, and a place to do so.
    pub(super) async fn admit(&mut self, core: &Core, state: &Handshake) -> Result<(Standing, Slot), ProofError> {
        if core.store.engine().is_shared() {
            return match core.srp_pool.reserve(Step::Proof) {
                Ok(slot) => Ok((self.look_and_write(core, state).await?, slot)),
                // Whoever would be refused in any case is told that.
                Err(busy) => self.look(core, state).await.and(Err(busy.into())),
            };
        }
        self.look_and_count(core, state).await
    }

    async fn look(&self, core: &Core, state: &Handshake) -> Result<Stood, ProofError> {
        let asked = core.in_flight.moment();
        let mut tx = core.store.read().await?;
        let together = self.together.as_ref().map(<[u8; 32]>::as_slice);
        let under = Under { failures_key: &self.key, together, window: self.client.as_ref().map(Window::row) };
        let standing = logins::look(&mut tx, state.owner, under, &self.handshake.nonce).await?;
        let stood = Stood { standing, asked };
        self.check_after(core, &stood.standing, &Counts::default())?;
        Ok(stood)
    }

    fn check_after(&self, core: &Core, standing: &Standing, ahead: &Counts) -> Result<(), ProofError> {
        if let Some(client) = &self.client
            && !client.has_room(standing.counted.saturating_add(ahead.client), &self.meter)
        {
            return Err(ProofError::TooMany(client.remaining(self.now)));
        }
        let together = self.together.map(|_| ahead.after_together(standing.together));
        Ok(self.check(core, ahead.after(standing.failures), together)?)
    }

    fn spend(&self, core: &Core) -> Spend {
        Spend {
            handshake: self.handshake,
            window: self.client.as_ref().map(Window::row),
            failures_key: self.key,
            now: self.now,
            kept_for_each: kept_for_each(&core.settings.limits),
        }
    }

    fn check(&self, core: &Core, stood: ProofFailures, together: Option<ProofFailures>) -> Result<(), Held> {
        let limits = &core.settings.limits;
        let of = if self.device.is_some() { Of::Device } else { Of::Strangers };
        proof_failures::check(limits, of, stood, self.now)?;
        together.map_or(Ok(()), |stood| proof_failures::check_together(limits, stood))
    }

    /// In memory: no other node works with the database.
    async fn look_and_count(&mut self, core: &Core, state: &Handshake) -> Result<(Standing, Slot), ProofError> {
        let failure = Failure { spend: self.spend(core), together: self.together };
        loop {
            let Stood { standing, asked } = self.look(core, state).await?;
            if standing.is_spent {
                return Err(ProofError::HandshakeSpent);
            }
            match core.in_flight.enter(failure, asked, |ahead| self.check_after(core, &standing, ahead))? {
                Entered::Flight(mut flight, ahead) => {
                    // Not before: whoever would be refused in any case is told that, and whoever waits takes nobody's place.
                    let slot = core.srp_pool.reserve(Step::Proof)?;
                    if let Some(client) = &self.client {
                        client.note(standing.counted.saturating_add(ahead.client).saturating_add(1), &self.meter);
                    }
                    flight.begin_look();
                    self.counted = Counted::InFlight(flight);
                    return Ok((standing, slot));
                }
                Entered::Spent => return Err(ProofError::HandshakeSpent),
                Entered::Refused(refused) => return Err(refused),
                Entered::Stale => {}
                Entered::Unsure(writings) => core.in_flight.written_since(writings).await,
            }
        }
    }

    /// In the database, for all nodes to see: in one statement where nothing is counted against whom it is of.
    async fn look_and_write(&mut self, core: &Core, state: &Handshake) -> Result<Standing, ProofError> {
        let failure = Failure { spend: self.spend(core), together: self.together };
        let most = self.client.as_ref().map_or(i64::MAX, Window::limit);
        let (standing, is_counted) =
            logins::look_and_spend(&core.store, state.owner, &failure.spend, failure.together, most).await?;
        if is_counted {
            if let Some(client) = &self.client {
                client.note(standing.counted, &self.meter);
            }
        } else {
            self.check_after(core, &standing, &Counts::default())?;
            if standing.is_spent {
                return Err(ProofError::HandshakeSpent);
            }
            self.write(core, failure).await?;
        }
        self.counted = Counted::Written;
        Ok(standing)
    }

    async fn write(&self, core: &Core, Failure { spend, together }: Failure) -> Result<(), ProofError> {
        let client = self.client.as_ref();
        let mut tx = core.store.begin().await?;
        let spent = logins::spend(&mut tx, &spend).await?;
        if !spent.first {
            return Err(ProofError::HandshakeSpent);
        }
        // Several proofs may have passed the first look together: the counts decide.
        if let Some(client) = client
            && !client.had_room(spent.counted, &self.meter)
        {
            return Err(ProofError::TooMany(client.remaining(self.now)));
        }
        let stood_together = match &together {
            Some(key) => Some(core.count_failure(&mut tx, key, self.now).await?),
            None => None,
        };
        self.check(core, spent.failures, stood_together)?;
        // What is told of the proof is written after it, and waits for the disk.
        Ok(tx.commit_unsynced().await?)
    }

    /// Makes sure that a failure is on the disk before it is told. What has landed stays as it is.
    pub(crate) async fn fail(&mut self, core: &Core) -> Result<(), Internal> {
        match &mut self.counted {
            Counted::InFlight(flight) => flight.fail().await,
            Counted::Written => {
                let mut tx = core.store.begin().await?;
                spent_handshakes::touch(&mut tx, &self.handshake.nonce).await?;
                Ok(tx.commit().await?)
            }
            Counted::Not | Counted::Landed => Ok(()),
        }
    }

    /// To be called once it is committed that the attempt succeeded.
    pub(crate) fn land(&mut self) {
        if let Counted::InFlight(flight) = &mut self.counted {
            flight.land();
        }
        self.counted = Counted::Landed;
    }

    /// The window where it was counted before, for whoever takes that back with other rows; see [`Attempt::succeed`].
    pub(crate) fn written_window(&self) -> Option<CountedWindow> {
        self.client.as_ref().filter(|_| matches!(self.counted, Counted::Written)).map(Window::row)
    }

    /// The handshake, for whoever spends it with other rows.
    pub(crate) const fn handshake(&self) -> SpentHandshake {
        self.handshake
    }

    /// What failures in a row are counted under; twice the same for one.
    pub(crate) const fn failures_keys(&self) -> [[u8; 32]; 2] {
        [self.key, if self.device.is_some() { self.address } else { self.key }]
    }

    /// What those of all known devices of the account are counted under, for one of them.
    pub(crate) const fn together(&self) -> Option<[u8; 32]> {
        self.together
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
        let SpentHandshake { nonce, keep_until } = self.handshake;
        spent_handshakes::renew(tx, &nonce, keep_until).await?;
        if let (Counted::Written, Some(client)) = (&self.counted, &self.client) {
            client.refund(tx).await?;
        }
        self.note_success();
        rows::clear(tx, &self.key).await?;
        if self.device.is_some() {
            rows::clear(tx, &self.address).await?;
        }
        match &self.together {
            Some(together) => rows::clear(tx, together).await,
            None => Ok(()),
        }
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
