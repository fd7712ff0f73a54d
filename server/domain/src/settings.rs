//! What an operator decided, as the rules need it. `app` builds it from the configuration.

use std::time::Duration;

use url::Url;

/// Rules and lifetimes of one installation.
#[derive(Clone)]
pub struct Settings {
    /// The DNS name that credentials are bound to; pinned in the database at first start.
    pub realm: String,
    /// Where users reach the server; issuer of tokens and base of links.
    pub public_url: Url,
    /// `aud` of access tokens.
    pub audience: String,
    /// Brings back the early 401, 403, 404 and 409 that tell which addresses have accounts.
    pub reveal_accounts: bool,
    /// Whether strangers may sign up.
    pub registration_enabled: bool,
    /// Whether the demo pages and the mailbox are served.
    pub demo: bool,
    /// Language of a person who states none, as a BCP 47 tag.
    pub default_language: String,
    /// Algorithm of access tokens.
    pub algorithm: SigningAlgorithm,
    /// How long what we hand out lives.
    pub lifetimes: Lifetimes,
    /// How much one caller may ask for.
    pub limits: Limits,
}

/// Algorithm of the signature on access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// Ed25519, RFC 8037.
    EdDsa,
    /// ECDSA on P-256 with SHA-256, RFC 7518 §3.4.
    Es256,
}

/// How long what we hand out lives.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// An access token.
    pub access_token: Duration,
    /// A refresh token, from its last rotation.
    pub refresh_token: Duration,
    /// A session, from its login, however often it is refreshed.
    pub session: Duration,
    /// An activation link and code.
    pub activation: Duration,
    /// The link `tacit admin create` prints.
    pub invitation: Duration,
    /// A signing key, until the next one takes over.
    pub signing_key: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: u64 = 24;
        Self {
            access_token: Duration::from_mins(5),
            refresh_token: Duration::from_hours(30 * DAY),
            session: Duration::from_hours(90 * DAY),
            activation: Duration::from_hours(DAY),
            invitation: Duration::from_hours(3 * DAY),
            signing_key: Duration::from_hours(90 * DAY),
        }
    }
}

/// How much one caller may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Failed proofs an address may collect in one window.
    pub proof_attempts: u32,
    /// The window for failed proofs.
    pub proof_window: Duration,
    /// Wrong activation codes an address may collect in one window.
    pub code_attempts: u32,
    /// The window for wrong activation codes.
    pub code_window: Duration,
    /// Mails that sign-ups may cause to one address in one window.
    pub mails: u32,
    /// The window for mails.
    pub mail_window: Duration,
    /// Time between two activation mails of one sign-up.
    pub resend_after: Duration,
    /// Threads that do SRP arithmetic.
    pub srp_workers: usize,
    /// SRP computations of each step that may wait for a thread, as long as nobody is refused.
    pub srp_queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            proof_attempts: 10,
            proof_window: Duration::from_mins(15),
            code_attempts: 10,
            code_window: Duration::from_hours(1),
            mails: 5,
            mail_window: Duration::from_hours(1),
            resend_after: Duration::from_mins(1),
            srp_workers: std::thread::available_parallelism().map_or(2, usize::from),
            srp_queue: 64,
        }
    }
}
