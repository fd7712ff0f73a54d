//! What is remembered of a sign-in, sealed: in the browser's cookie while it is at the provider, then in the one-time code.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tacit_shared::encoding::{from_base64url, to_base64url};
use tacit_store::{Timestamp, Tx, spent_handshakes};
use uuid::Uuid;

use super::OauthError;
use super::begin::Surface;
use super::challenge::Challenge;
use crate::core::Core;
use crate::fault::Internal;
use crate::handshake::{SKEW_MS, SPENT_KEPT_MS};
use crate::keyring::mac;
use crate::providers::Word;
use tacit_shared::messages::{Display, VisitPurpose};

/// How long a browser may be at the provider.
pub(super) const FLOW_MS: i64 = 10 * 60 * 1000;
/// How long a one-time code is good, and the address a visit begins at.
pub(super) const CODE_MS: i64 = 2 * 60 * 1000;

const STATE: &[u8] = b"oauth/state";
const CODE: &[u8] = b"oauth/code";
const VISIT: &[u8] = b"oauth/visit";

/// What a signed-in person goes to the provider for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) account: Uuid,
    pub(crate) session: Uuid,
    pub(crate) purpose: VisitPurpose,
}

/// A sign-in that is under way.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    /// Spent when the browser comes back.
    pub(super) id: [u8; 16],
    pub(super) provider: String,
    pub(super) surface: Surface,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// The client's own; absent where the callback answers with the session itself.
    pub(super) challenge: Option<String>,
    pub(super) return_to: String,
    pub(super) display: Display,
    pub(super) begun_at: i64,
    pub(super) visit: Option<Visit>,
}

/// Who somebody was found to be, ready to be exchanged once.
#[derive(Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(super) id: [u8; 16],
    pub(crate) provider: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    pub(super) word: u8,
    pub(super) name: Option<String>,
    pub(super) auth_time: Option<i64>,
    pub(super) challenge: String,
    pub(super) at: i64,
    pub(crate) visit: Option<Visit>,
}

/// A visit that a signed-in person asked for, on its way to the browser.
#[derive(Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) provider: String,
    pub(super) challenge: String,
    pub(super) return_to: String,
    pub(super) display: Display,
    pub(super) at: i64,
    pub(super) visit: Visit,
}

/// Whether something of a time is in its life.
fn is_in_time(at: i64, life: i64, now: Timestamp) -> bool {
    let age = now.as_millis().saturating_sub(at);
    (-SKEW_MS..=life).contains(&age)
}

impl Flow {
    pub(super) async fn seal(&self, core: &Core, now: Timestamp) -> Result<String, Internal> {
        seal(core, STATE, self, now).await
    }

    pub(super) async fn open(core: &Core, text: &str, now: Timestamp) -> Result<Self, OauthError> {
        let flow: Self = open(core, STATE, text, now).await?.ok_or(OauthError::State)?;
        if is_in_time(flow.begun_at, FLOW_MS, now) { Ok(flow) } else { Err(OauthError::State) }
    }

    /// What travels through the provider: the flow's id, and a mark that it is one of ours.
    pub(super) fn state(&self, core: &Core) -> String {
        to_base64url(&[self.id.as_slice(), &mark(core, &self.id)].concat())
    }
}

fn mark(core: &Core, id: &[u8]) -> [u8; 32] {
    mac(&core.keyring.oauth, &[b"state", id])
}

/// Whether a state was made here, whoever's it is.
pub(super) fn is_ours(core: &Core, state: &str) -> bool {
    let Ok(bytes) = from_base64url(state) else { return false };
    let Some((id, shown)) = bytes.split_at_checked(16) else { return false };
    mark(core, id).as_slice().ct_eq(shown).into()
}

impl Granted {
    pub(super) const fn word_of(word: Word) -> u8 {
        match word {
            Word::None => 0,
            Word::Claimed => 1,
            Word::Binding => 2,
        }
    }

    pub(super) const fn word(&self) -> Word {
        match self.word {
            1 => Word::Claimed,
            2 => Word::Binding,
            _ => Word::None,
        }
    }

    pub(super) async fn seal(&self, core: &Core, now: Timestamp) -> Result<String, Internal> {
        seal(core, CODE, self, now).await
    }

    /// Uses the code up; `false` if it was used before. Of two at once one wins.
    pub(crate) async fn spend(&self, tx: &mut Tx) -> Result<bool, Internal> {
        spend(tx, &self.id, self.at).await
    }
}

/// Opens a one-time code for whoever has the verifier it was made for.
pub(crate) async fn open_code(
    core: &Core,
    shown: &str,
    verifier: &str,
    now: Timestamp,
) -> Result<Option<Granted>, Internal> {
    let granted: Option<Granted> = open(core, CODE, shown, now).await?;
    Ok(granted.filter(|granted| {
        is_in_time(granted.at, CODE_MS, now) & Challenge::sealed(granted.challenge.clone()).is_of(verifier)
    }))
}

impl Ticket {
    pub(super) async fn seal(&self, core: &Core, now: Timestamp) -> Result<String, Internal> {
        seal(core, VISIT, self, now).await
    }

    pub(super) async fn open(core: &Core, text: &str, now: Timestamp) -> Result<Self, OauthError> {
        let ticket: Self = open(core, VISIT, text, now).await?.ok_or(OauthError::State)?;
        if is_in_time(ticket.at, CODE_MS, now) { Ok(ticket) } else { Err(OauthError::State) }
    }
}

/// Uses a flow or a code up, for longer than the key that opens it lives.
pub(super) async fn spend(tx: &mut Tx, id: &[u8], at: i64) -> Result<bool, Internal> {
    let keep_until = Timestamp::from_millis(at.saturating_add(SPENT_KEPT_MS));
    Ok(spent_handshakes::spend(tx, id, keep_until).await?)
}

async fn seal<T: Serialize>(core: &Core, what: &[u8], value: &T, now: Timestamp) -> Result<String, Internal> {
    let plain = serde_json::to_vec(value).map(zeroize::Zeroizing::new).map_err(|_| Internal::Malformed("sign-in"))?;
    core.seal_for(what, &plain, now).await
}

async fn open<T: for<'a> Deserialize<'a>>(
    core: &Core,
    what: &[u8],
    text: &str,
    now: Timestamp,
) -> Result<Option<T>, Internal> {
    let opened = core.open_for(what, text, now).await?;
    Ok(opened.ok().and_then(|plain| serde_json::from_slice(&plain).ok()))
}
