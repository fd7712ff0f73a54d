//! What an operator decided, as the rules need it. `app` builds it from the configuration.

use std::time::Duration;

use url::Url;

use crate::providers::ProviderSettings;

/// Rules and lifetimes of one installation.
#[derive(Clone)]
pub struct Settings {
    /// The DNS name that credentials are bound to; pinned in the database at first start.
    pub realm: String,
    /// Where users reach the server; issuer of tokens and base of links.
    pub public_url: Url,
    /// Other origins whose pages may call us with credentials, and be handed codes; as browsers write them.
    pub allowed_origins: Vec<String>,
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
    /// Who else may say who somebody is.
    pub providers: Vec<ProviderSettings>,
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
    /// A password reset, its link and code.
    pub password_reset: Duration,
    /// The link that confirms a new address.
    pub email_change: Duration,
    /// The link that takes a change of address back.
    pub email_undo: Duration,
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
            password_reset: Duration::from_mins(30),
            email_change: Duration::from_hours(DAY),
            email_undo: Duration::from_hours(7 * DAY),
            signing_key: Duration::from_hours(90 * DAY),
        }
    }
}

/// How much one caller may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Failed proofs in a row, for one address, after which each next one waits for the whole window.
    pub proof_attempts: u32,
    /// The longest wait after failed proofs, and the window for those of one client.
    pub proof_window: Duration,
    /// Failed proofs in a row, for one address, after which only a known device may log in by password.
    pub proof_lock: u32,
    /// Wrong codes an address may collect in one window, of activations and of resets apart.
    pub code_attempts: u32,
    /// The window for wrong codes.
    pub code_window: Duration,
    /// Mails of one kind that others may cause to one address in one window (resets: in one lifetime of theirs), and
    /// changes of address an account may ask for.
    pub mails: u32,
    /// The window for mails.
    pub mail_window: Duration,
    /// Time between two activation mails of one sign-up, and between two resets asked for one address.
    pub resend_after: Duration,
    /// Sign-ups one address may collect in one window for mails.
    pub address_sign_ups: u32,
    /// Requests of one client to one node in a minute.
    pub client_requests: u32,
    /// Logins one client may begin at one node in a minute.
    pub client_logins: u32,
    /// Failed proofs one client may collect in one window for proofs.
    pub client_proofs: u32,
    /// Sign-ups of one client in one window for sign-ups.
    pub client_sign_ups: u32,
    /// The window for sign-ups of one client.
    pub sign_up_window: Duration,
    /// Mails one client may ask for in one window for mails.
    pub client_mails: u32,
    /// Renewals of one session in one window for renewals.
    pub session_refreshes: u32,
    /// The window for renewals of one session.
    pub refresh_window: Duration,
    /// Threads that do SRP arithmetic.
    pub srp_workers: usize,
    /// SRP computations of each step that may wait for a thread, as long as nobody is refused.
    pub srp_queue: usize,
    /// Pairs `b`, `g^b` that are made ahead for each group.
    pub srp_pairs: usize,
    /// Accounts whose powers of the verifier are kept for their next login.
    pub srp_combs: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            proof_attempts: 10,
            proof_window: Duration::from_mins(15),
            proof_lock: 100,
            code_attempts: 10,
            code_window: Duration::from_hours(1),
            mails: 5,
            mail_window: Duration::from_hours(1),
            resend_after: Duration::from_mins(1),
            address_sign_ups: 20,
            client_requests: 3000,
            client_logins: 120,
            client_proofs: 10,
            client_sign_ups: 5,
            sign_up_window: Duration::from_hours(1),
            client_mails: 5,
            session_refreshes: 100,
            refresh_window: Duration::from_mins(15),
            srp_workers: std::thread::available_parallelism().map_or(2, usize::from),
            srp_queue: 64,
            srp_pairs: 256,
            srp_combs: 2_000,
        }
    }
}
