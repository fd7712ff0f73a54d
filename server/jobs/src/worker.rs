//! Takes rows from the outbox, and does what they ask for: sends mails, carries out resets.

use std::sync::Arc;
use std::time::Duration;

use tacit_domain::fault::Internal;
use tacit_domain::outbox::{MailJob, Outbox};
use tacit_domain::resets::{AskedReset, Resets};
use tacit_domain::seams::Clock;
use tacit_domain::{Domain, StoreError};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::backoff;
use crate::mail::{Mailer, SendError};

/// Mails and resets under way at once.
const AT_ONCE: usize = 4;
/// How long what was claimed is this worker's; far longer than sending can take.
const LEASE: Duration = Duration::from_mins(5);
/// How often to look for what became due by itself or was written by another node.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the database failed.
const PAUSE: Duration = Duration::from_secs(5);
/// What is kept of an error: enough to find it, and no copy of a chatty server's answer.
const ERROR_MAX: usize = 300;

/// What was done with the rows that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Mails that left.
    pub sent: u32,
    /// Mails to be tried again later.
    pub postponed: u32,
    /// Mails that will never leave.
    pub given_up: u32,
}

/// Does what the outbox holds. Any number of workers, on any number of nodes, share one outbox.
#[derive(Clone)]
pub struct Worker {
    outbox: Outbox,
    resets: Resets,
    mailer: Arc<Mailer>,
    clock: Arc<dyn Clock>,
}

enum Outcome {
    Sent,
    Postponed,
    GivenUp,
}

impl Worker {
    /// A worker of this domain.
    #[must_use]
    pub fn new(domain: &Domain, mailer: Arc<Mailer>, clock: Arc<dyn Clock>) -> Self {
        Self { outbox: domain.outbox.clone(), resets: domain.resets.clone(), mailer, clock }
    }

    /// Works until `stop` turns true, and then finishes what is under way.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut under_way = UnderWay::default();
        loop {
            let pause = match self.take(&mut under_way).await {
                Ok(()) => POLL,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read");
                    PAUSE
                }
            };
            tokio::select! {
                // However much is done at that moment.
                biased;
                // Also when nobody is left who could say stop.
                _ = stop.wait_for(|stop| *stop) => break,
                true = under_way.next() => {}
                () = self.outbox.rung() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        under_way.finish().await;
    }

    /// Does everything that is due now, and returns when nothing is left that is.
    ///
    /// # Errors
    /// When the outbox cannot be read; what was under way is finished.
    pub async fn run_due_now(&self) -> Result<Done, Internal> {
        let mut under_way = UnderWay::default();
        loop {
            let taken = self.take(&mut under_way).await;
            if taken.is_err() {
                under_way.finish().await;
            }
            taken?;
            if !under_way.next().await {
                return Ok(under_way.done);
            }
        }
    }

    /// Begins with as much of what is due as there are places: one that takes long keeps nobody waiting but for its own.
    async fn take(&self, under_way: &mut UnderWay) -> Result<(), Internal> {
        let places = AT_ONCE.saturating_sub(under_way.tasks.len());
        if places == 0 {
            return Ok(());
        }
        let work = self.outbox.claim(u32::try_from(places).unwrap_or(0), LEASE).await?;
        for job in work.mails {
            let worker = self.clone();
            under_way.tasks.spawn(async move { worker.send(&job).await.map(Some) });
        }
        for asked in work.resets {
            let worker = self.clone();
            under_way.tasks.spawn(async move { worker.reset(&asked).await.map(|()| None) });
        }
        Ok(())
    }

    async fn reset(&self, asked: &AskedReset) -> Result<(), StoreError> {
        let Err(error) = self.resets.carry_out(asked).await else { return Ok(()) };
        let wait = self.outbox.jitter(backoff::wait(asked.attempts));
        tracing::error!(outbox = %asked.id, %error, ?wait, "a reset was not carried out and is tried again");
        self.outbox.retry(asked.id, wait, "not carried out").await
    }

    async fn send(&self, job: &MailJob) -> Result<Outcome, StoreError> {
        let (outbox, kind, attempt) = (job.id, job.kind.as_str(), job.attempts);
        let now = self.clock.now();
        if job.expires_at <= now {
            tracing::warn!(%outbox, kind, attempt, "a mail is given up: what it says has expired");
            self.outbox.give_up(job, "expired before it could be sent").await?;
            return Ok(Outcome::GivenUp);
        }
        match self.mailer.send(job, now).await {
            Ok(()) => {
                self.outbox.finish(job.id).await?;
                tracing::info!(%outbox, kind, attempt, "mail sent");
                Ok(Outcome::Sent)
            }
            Err(SendError::Transient(error)) => {
                let error = shortened(&error);
                let wait = self.outbox.jitter(backoff::wait(attempt));
                tracing::warn!(%outbox, kind, attempt, error, ?wait, "a mail did not leave and is tried again");
                self.outbox.retry(job.id, wait, &error).await?;
                Ok(Outcome::Postponed)
            }
            Err(SendError::Permanent(error)) => {
                let error = shortened(&error);
                tracing::warn!(%outbox, kind, attempt, error, "a mail is given up: it was refused for good");
                self.outbox.give_up(job, &error).await?;
                Ok(Outcome::GivenUp)
            }
        }
    }
}

/// What a worker is at.
#[derive(Default)]
struct UnderWay {
    /// Mails, with what became of them, and resets.
    tasks: JoinSet<Result<Option<Outcome>, StoreError>>,
    done: Done,
}

impl UnderWay {
    /// Waits until one is done, or several are; `false` if nothing is under way.
    async fn next(&mut self) -> bool {
        let Some(first) = self.tasks.join_next().await else { return false };
        self.note(first);
        while let Some(more) = self.tasks.try_join_next() {
            self.note(more);
        }
        true
    }

    fn note(&mut self, ended: Result<Result<Option<Outcome>, StoreError>, JoinError>) {
        match ended {
            Ok(Ok(outcome)) => outcome.iter().for_each(|outcome| self.done.add(outcome)),
            // The lease runs out, and the work is taken again.
            Ok(Err(error)) => tracing::error!(%error, "what became of a mail or a reset cannot be written down"),
            Err(error) => tracing::error!(%error, "a mail or a reset was lost in a crash and will be taken again"),
        }
    }

    async fn finish(&mut self) {
        while self.next().await {}
    }
}

impl Done {
    fn add(&mut self, outcome: &Outcome) {
        let (count, name) = match outcome {
            Outcome::Sent => (&mut self.sent, "sent"),
            Outcome::Postponed => (&mut self.postponed, "postponed"),
            Outcome::GivenUp => (&mut self.given_up, "given_up"),
        };
        *count += 1;
        metrics::counter!("tacit_mails_total", "outcome" => name).increment(1);
    }
}

/// One line of bounded length.
fn shortened(error: &str) -> String {
    error.chars().map(|c| if c.is_control() { ' ' } else { c }).take(ERROR_MAX).collect()
}
