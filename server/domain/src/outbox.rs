//! What must happen later, written in the same transaction as what causes it.
//!
//! A row that carries a secret has it sealed, and loses it once the work is done.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tacit_store::outbox::{self, OutboxRecord};
use tacit_store::{AccountId, OutboxId, StoreError, Timestamp, Tx};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::aead;
use crate::core::Core;
use crate::fault::Internal;
use crate::resets::AskedReset;

/// Nothing is put off, and no lease runs, for longer; a later time was written by a clock that was ahead.
const HORIZON: Duration = Duration::from_hours(1);

/// News of what happened to an account is worth sending this long, however long the mail server is away.
pub(crate) const NEWS_LIFE: Duration = Duration::from_hours(7 * 24);

/// When work is due that must tell nothing: after this, and within that from then on.
const NOT_BEFORE: Duration = Duration::from_millis(100);
const SOME_TIME: Duration = Duration::from_millis(900);

/// The queue of later work, as `jobs` sees it.
#[derive(Clone)]
pub struct Outbox(pub(crate) Arc<Core>);

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// A sign-up waits for its activation.
    Activation,
    /// Somebody signed up with an address that has an account.
    AlreadyRegistered,
    /// Somebody asked for a password reset.
    PasswordReset,
    /// The password was changed or reset.
    PasswordChanged,
    /// To the new address: confirm that it is to be the account's.
    EmailChange,
    /// To the old address: the account has another one now, which can be undone.
    EmailChanged,
    /// To the address that was the account's until a change was taken back.
    EmailUndone,
    /// To an address that has an account: another account wants to have it.
    EmailTaken,
    /// The account was deleted.
    AccountDeleted,
    /// An identity at a provider was linked to the account, or taken away.
    IdentitiesChanged,
}

impl MailKind {
    /// As stored, and as its templates are named.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::AlreadyRegistered => "already_registered",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::EmailChange => "email_change",
            Self::EmailChanged => "email_changed",
            Self::EmailUndone => "email_undone",
            Self::EmailTaken => "email_taken",
            Self::AccountDeleted => "account_deleted",
            Self::IdentitiesChanged => "identities_changed",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Activation,
        Self::AlreadyRegistered,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::EmailChange,
        Self::EmailChanged,
        Self::EmailUndone,
        Self::EmailTaken,
        Self::AccountDeleted,
        Self::IdentitiesChanged,
    ];

    /// As work in the outbox.
    pub(crate) fn work(self) -> String {
        ["mail.", self.as_str()].concat()
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A mail to be written.
pub(crate) struct NewMail {
    pub(crate) kind: MailKind,
    pub(crate) to: String,
    pub(crate) language: String,
    pub(crate) display_name: Option<String>,
    /// When its secret expires, or the news of a notice is too old to be sent.
    pub(crate) expires_at: Timestamp,
    pub(crate) secret: Option<MailSecret>,
}

/// What of a mail must not lie readable in the database.
pub struct MailSecret {
    /// The secret of the link.
    pub link: Zeroizing<String>,
    /// The code a person can type.
    pub code: Option<Zeroizing<String>>,
}

/// A claimed mail.
pub struct MailJob {
    /// The row.
    pub id: OutboxId,
    /// What it is about.
    pub kind: MailKind,
    /// Where it goes.
    pub to: String,
    /// The reader's language, a BCP 47 tag.
    pub language: String,
    /// What the reader is called.
    pub display_name: Option<String>,
    /// When the secret in it expires, or its news is too old to be sent.
    pub expires_at: Timestamp,
    /// The secret, opened.
    pub secret: Option<MailSecret>,
    /// When the row was written.
    pub created_at: Timestamp,
    /// Which attempt this is, from 1: the claim counts it.
    pub attempts: u32,
}

/// What was claimed.
#[derive(Default)]
pub struct Work {
    /// Mails to be sent.
    pub mails: Vec<MailJob>,
    /// Resets to be carried out, which makes mails of them.
    pub resets: Vec<AskedReset>,
}

impl Work {
    fn take(&mut self, core: &Core, record: &OutboxRecord) -> Result<(), Internal> {
        if record.kind == AskedReset::WORK {
            self.resets.push(AskedReset::read(record).ok_or(Internal::Malformed("outbox row"))?);
        } else {
            self.mails.push(core.mail_job(record)?);
        }
        Ok(())
    }
}

/// A mail that was given up, as an operator sees it.
pub struct GivenUp {
    /// The row.
    pub id: OutboxId,
    /// What it was about, as its templates are named.
    pub kind: String,
    /// Where it should have gone.
    pub to: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was given up.
    pub failed_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Why.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    to: String,
    language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    expires_at: i64,
}

/// Two lines: the link's secret, the code.
pub(crate) fn encode_secret(secret: &MailSecret) -> Zeroizing<String> {
    let code = secret.code.as_ref().map_or("", |code| code.as_str());
    Zeroizing::new([secret.link.as_str(), "\n", code].concat())
}

pub(crate) fn decode_secret(plain: &[u8]) -> Option<MailSecret> {
    let (link, code) = std::str::from_utf8(plain).ok()?.split_once('\n')?;
    let code = (!code.is_empty()).then(|| Zeroizing::new(code.to_owned()));
    Some(MailSecret { link: Zeroizing::new(link.to_owned()), code })
}

impl From<OutboxRecord> for GivenUp {
    fn from(record: OutboxRecord) -> Self {
        // A row may have been given up because this cannot be read.
        let payload: Option<Payload> = serde_json::from_str(&record.payload).ok();
        Self {
            id: record.id,
            kind: record.kind.strip_prefix("mail.").unwrap_or(&record.kind).to_owned(),
            to: payload.map(|payload| payload.to).unwrap_or_default(),
            created_at: record.created_at,
            failed_at: record.failed_at.unwrap_or(record.created_at),
            attempts: record.attempts,
            reason: record.last_error.unwrap_or_default(),
        }
    }
}

impl Core {
    /// A time within the next second, for work that must tell nothing.
    ///
    /// Work takes the processor from whoever is answered at that moment: were it always the same request's answer, its time
    /// would tell that there was something to do.
    pub(crate) fn some_time(&self) -> Duration {
        let mut random = [0u8; 2];
        self.entropy.fill(&mut random);
        NOT_BEFORE + SOME_TIME.mul_f64(f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX))
    }

    /// Rings `outbox_bell` then.
    pub(crate) fn ring_after(self: &Arc<Self>, wait: Duration) {
        let core = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            core.outbox_bell.notify_one();
        });
    }

    /// Tells an account's owner what was done with it. Silent beyond its limit: what is done again and again was told, and an
    /// address that nobody proved may be a stranger's.
    pub(crate) async fn push_notice(
        &self,
        tx: &mut Tx,
        account: AccountId,
        notice: NewMail,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let within = self.notice_window(account, now).count(tx).await?;
        if within { self.push_mail(tx, notice, now).await } else { Ok(()) }
    }

    /// Writes a mail into the outbox. After the commit, ring `outbox_bell`.
    pub(crate) async fn push_mail(&self, tx: &mut Tx, mail: NewMail, now: Timestamp) -> Result<(), Internal> {
        let id = OutboxId::from_uuid(self.new_id(now));
        let seal = |secret: &MailSecret| {
            aead::seal(&self.keyring.outbox, &aad(id), encode_secret(secret).as_bytes(), &*self.entropy)
        };
        let recipient_key = Address::parse(&mail.to).ok().map(|address| address.key().to_owned());
        let payload = Payload {
            to: mail.to,
            language: mail.language,
            display_name: mail.display_name,
            expires_at: mail.expires_at.as_millis(),
        };
        let record = OutboxRecord {
            id,
            kind: mail.kind.work(),
            payload: serde_json::to_string(&payload).map_err(|_| Internal::Malformed("mail"))?,
            key_id: mail.secret.as_ref().map(|_| self.keyring.id.clone()),
            sealed: mail.secret.as_ref().map(seal).transpose()?,
            created_at: now,
            due_at: now,
            attempts: 0,
            lease_until: None,
            done_at: None,
            failed_at: None,
            last_error: None,
            recipient_key,
        };
        Ok(outbox::push(tx, &record).await?)
    }

    fn mail_job(&self, record: &OutboxRecord) -> Result<MailJob, Internal> {
        let malformed = || Internal::Malformed("outbox row");
        let kind = record.kind.strip_prefix("mail.").and_then(MailKind::parse).ok_or_else(malformed)?;
        let payload: Payload = serde_json::from_str(&record.payload).map_err(|_| malformed())?;
        let secret = match &record.sealed {
            None => None,
            Some(sealed) => {
                let plain = aead::open(&self.keyring.outbox, &aad(record.id), sealed);
                Some(decode_secret(&plain.ok_or(Internal::Sealed("outbox row"))?).ok_or_else(malformed)?)
            }
        };
        Ok(MailJob {
            id: record.id,
            kind,
            to: payload.to,
            language: payload.language,
            display_name: payload.display_name,
            expires_at: Timestamp::from_millis(payload.expires_at),
            secret,
            created_at: record.created_at,
            attempts: u32::try_from(record.attempts).unwrap_or(u32::MAX),
        })
    }
}

impl Outbox {
    /// Takes up to `limit` rows that are due, for as long as `lease`; nobody else gets them meanwhile.
    ///
    /// A row that cannot be read is given up, and said so in the log: it would never become readable.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn claim(&self, limit: u32, lease: Duration) -> Result<Work, Internal> {
        let core = &self.0;
        let now = core.now();
        let mut tx = core.store.begin().await?;
        let records = outbox::claim(&mut tx, now, now + lease, limit.into(), now + HORIZON).await?;
        let mut work = Work::default();
        for record in records {
            if let Err(error) = work.take(core, &record) {
                tracing::error!(outbox = %record.id, %error, "an outbox row is given up");
                match record.kind.as_str() {
                    // No mail that anybody could miss, and it says where somebody was.
                    AskedReset::WORK => outbox::take(&mut tx, record.id).await?,
                    _ => outbox::fail(&mut tx, record.id, now, &error.to_string()).await?,
                };
            }
        }
        tx.commit().await?;
        Ok(work)
    }

    /// The work is done; its secret is erased.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn finish(&self, id: OutboxId) -> Result<(), StoreError> {
        let mut tx = self.0.store.begin().await?;
        outbox::finish(&mut tx, id, self.0.now()).await?;
        tx.commit().await
    }

    /// The work failed for now; it is due again after `wait`.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn retry(&self, id: OutboxId, wait: Duration, error: &str) -> Result<(), StoreError> {
        let mut tx = self.0.store.begin().await?;
        outbox::retry(&mut tx, id, self.0.now() + wait, error).await?;
        tx.commit().await
    }

    /// The mail can never be sent; its secret is erased.
    ///
    /// Of a farewell nothing stays at all: its reader's account is gone, and a refusal may quote the address.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn give_up(&self, job: &MailJob, error: &str) -> Result<(), StoreError> {
        let now = self.0.now();
        let mut tx = self.0.store.begin().await?;
        match job.kind {
            MailKind::AccountDeleted => outbox::finish(&mut tx, job.id, now).await?,
            _ => outbox::fail(&mut tx, job.id, now, error).await?,
        };
        tx.commit().await
    }

    /// Mails that were given up and are still kept, the oldest first, up to `limit`.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn given_up(&self, limit: u32) -> Result<Vec<GivenUp>, StoreError> {
        let records = outbox::list_failed(&mut self.0.store.read().await?, limit.into()).await?;
        Ok(records.into_iter().map(GivenUp::from).collect())
    }

    /// Rows neither done nor given up.
    ///
    /// # Errors
    /// Any failure of the database.
    pub async fn open_rows(&self) -> Result<u64, StoreError> {
        let count = outbox::count_open(&mut self.0.store.read().await?).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Returns when a row was committed by this process; another's are found by polling.
    pub async fn rung(&self) {
        self.0.outbox_bell.notified().await;
    }

    /// A random share of `wait`, between half and all of it: retries must not march in step.
    #[must_use]
    pub fn jitter(&self, wait: Duration) -> Duration {
        let mut random = [0u8; 4];
        self.0.entropy.fill(&mut random);
        let share = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
        wait.mul_f64(share.mul_add(0.5, 0.5))
    }
}

fn aad(id: OutboxId) -> Vec<u8> {
    [b"tacit/v1/outbox/".as_slice(), id.as_bytes()].concat()
}
