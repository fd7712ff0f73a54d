//! What must be tidied now and then: rows whose time is over, keys that are old.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tacit_store::{
    Timestamp, credentials, email_changes, instance, invitations, outbox, password_resets, pending_credentials,
    proof_failures, refresh_tokens, sessions, spent_handshakes, throttles,
};

use crate::core::Core;
use crate::decoys::PresetShares;
use crate::fault::Internal;

/// How long an ended session stays to be looked up.
const ENDED_SESSIONS_KEPT: Duration = Duration::from_hours(90 * 24);
/// How long finished work stays to be looked up.
const DONE_WORK_KEPT: Duration = Duration::from_hours(7 * 24);

/// Rows deleted in one transaction where one writes at a time: some milliseconds' work, even where they lie all over the
/// disk. All that a busy hour leaves, deleted at once, would hold up whoever writes for seconds.
const AT_ONCE: i64 = 250;
/// The same where deleting holds nobody up, and each look begins by passing over what was deleted before.
const AT_ONCE_SHARED: i64 = 10_000;

/// Name of the shares in the database.
const PRESET_SHARES: &str = "decoy_preset_shares";
/// How many times as long as it took to count all credentials until they are counted again.
const COUNT_PAUSE: i64 = 100;

/// Tidies up.
#[derive(Clone)]
pub struct Housekeeping(pub(crate) Arc<Core>);

impl Housekeeping {
    /// Deletes what has expired, rotates old signing keys, destroys old epoch keys. Safe to run on every node.
    ///
    /// # Errors
    /// Any failure of the database; what was done stays done.
    pub async fn run(&self) -> Result<(), Internal> {
        let core = &self.0;
        let now = core.now();
        // First: it waits for no database, and is done while there is none.
        core.combs.forget_unused(now);
        // Before the nonces of what they sealed are forgotten.
        core.destroy_epoch_keys(now).await?;
        core.tend_signing_keys(now).await?;
        if let Err(error) = core.tend_preset_shares(now).await {
            tracing::error!(%error, "the shares of decoys do not follow the credentials");
        }
        // Last: after a busy time it takes long, and where it fails nothing else waits for it.
        self.delete_expired(now).await
    }

    /// Short transactions: a node that cleans must not keep others waiting.
    async fn delete_expired(&self, now: Timestamp) -> Result<(), Internal> {
        let at_once = self.0.rows_at_once();
        macro_rules! each {
            ($($delete:path => $time:expr),* $(,)?) => {
                $({
                    let mut all = 0;
                    loop {
                        let mut tx = self.0.store.begin().await?.patiently();
                        let deleted = $delete(&mut tx, $time, at_once).await?;
                        tx.commit().await?;
                        all += deleted;
                        // Fewer than could be says nothing: some may have been renewed meanwhile.
                        if deleted == 0 {
                            break;
                        }
                    }
                    if all > 0 {
                        tracing::debug!(deleted = all, what = stringify!($delete), "expired rows deleted");
                    }
                })*
            };
        }
        each! {
            spent_handshakes::delete_expired => now,
            throttles::delete_expired => now,
            proof_failures::delete_expired => now,
            pending_credentials::delete_expired => now,
            invitations::delete_expired => now,
            password_resets::delete_expired => now,
            email_changes::delete_expired => now,
            refresh_tokens::delete_expired => now,
            sessions::delete_ended_before => now - ENDED_SESSIONS_KEPT,
            outbox::delete_done_before => now - DONE_WORK_KEPT,
        }
        Ok(())
    }
}

impl Core {
    /// How many rows are deleted in one transaction.
    pub(crate) fn rows_at_once(&self) -> i64 {
        if self.store.engine().is_shared() { AT_ONCE_SHARED } else { AT_ONCE }
    }

    /// Lets the shares of decoys follow the real credentials, for all nodes together.
    ///
    /// To count those takes a minute where there are millions, so it keeps no writer waiting, takes a hundredth of the time at
    /// most, and is not done at all where nothing can come of it: as long as the default was never raised.
    pub(crate) async fn tend_preset_shares(&self, now: Timestamp) -> Result<(), Internal> {
        let (stored, shares) = self.load_preset_shares().await?;
        if !shares.can_shrink() || now.as_millis() < self.count_credentials_from.load(Ordering::Relaxed) {
            return Ok(());
        }
        let begun = Instant::now();
        let counted = credentials::count_by_preset(&mut self.store.read().await?.patiently()).await;
        let pause = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX).saturating_mul(COUNT_PAUSE);
        self.count_credentials_from.store(now.as_millis().saturating_add(pause), Ordering::Relaxed);
        let counts: Vec<(u16, u64)> = counted?
            .into_iter()
            .filter_map(|(preset, count)| Some((u16::try_from(preset).ok()?, u64::try_from(count).ok()?)))
            .collect();
        let followed = if counts.is_empty() { shares.clone() } else { shares.follow(&counts) };
        if followed == shares {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        // Another node that was faster has counted the same.
        let replaced = instance::replace(&mut tx, PRESET_SHARES, &stored, &followed.text()).await?;
        tx.commit().await?;
        if replaced {
            self.set_preset_shares(followed);
        }
        Ok(())
    }

    /// Takes the shares from the database, with the text they have there.
    pub(crate) async fn load_preset_shares(&self) -> Result<(String, PresetShares), Internal> {
        let known = instance::find(&mut self.store.read().await?, PRESET_SHARES).await?;
        let stored = if let Some(stored) = known {
            stored
        } else {
            let mut tx = self.store.begin().await?;
            instance::insert_if_absent(&mut tx, PRESET_SHARES, &PresetShares::initial().text()).await?;
            let stored = instance::find(&mut tx, PRESET_SHARES).await?.unwrap_or_default();
            tx.commit().await?;
            stored
        };
        let shares = PresetShares::parse(&stored).ok_or(Internal::Malformed("table of preset shares"))?;
        self.set_preset_shares(shares.clone());
        Ok((stored, shares))
    }

    fn set_preset_shares(&self, shares: PresetShares) {
        *self.preset_shares.write().unwrap_or_else(PoisonError::into_inner) = shares;
    }
}
