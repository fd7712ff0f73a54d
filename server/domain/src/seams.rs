//! What a test replaces: the clock, the source of randomness, and the way to other servers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tacit_shared::Entropy;
use tacit_store::Timestamp;
use url::Url;
use zeroize::Zeroizing;

/// Tells the time; the domain never asks the system itself.
pub trait Clock: Send + Sync {
    /// The present, in unix milliseconds.
    fn now(&self) -> Timestamp;
}

/// Randomness fit for keys, shareable between threads.
pub trait SecureEntropy: Entropy + Send + Sync {}

impl<E: Entropy + Send + Sync> SecureEntropy for E {}

/// Asks other servers; the domain opens no connection itself.
///
/// An implementation follows no redirect, keeps to the reach and to the length that are asked for, and gives up after five
/// seconds.
pub trait Fetch: Send + Sync {
    /// One request and its whole answer.
    fn fetch<'a>(&'a self, request: FetchRequest<'a>) -> Fetching<'a>;
}

/// An answer on its way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send + 'a>>;

/// What another server is asked.
pub struct FetchRequest<'a> {
    /// Where.
    pub url: &'a Url,
    /// How far away the server may, and must, be.
    pub reach: Reach,
    /// Headers; they may carry secrets.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body of a POST, `application/x-www-form-urlencoded`; without one it is a GET.
    pub form: Option<Zeroizing<String>>,
    /// Bytes an answer may have.
    pub longest: usize,
}

/// Where a server may be that we ask on somebody's behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On the internet: by https, and at no address of a private network or of this machine.
    Public,
    /// In a network of the operator's own, too: by https, at any address but this machine's own.
    Internal,
    /// On this machine only, by http or https: for development and tests.
    ThisMachine,
}

impl Reach {
    /// Whether an address may be asked, as far as it tells by itself.
    #[must_use]
    pub fn allows(self, url: &Url) -> bool {
        let is_bare = url.username().is_empty() && url.password().is_none() && url.host().is_some();
        is_bare && (url.scheme() == "https" || (url.scheme() == "http" && self == Self::ThisMachine))
    }
}

/// What another server answered.
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// The media type without its parameters, in lower case; empty if it names none.
    pub media_type: String,
    /// The body.
    pub body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer. None of it names a secret.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none that may be asked.
    #[error("the address may not be asked")]
    OutOfReach,
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is longer than asked for.
    #[error("the answer is too long")]
    TooLong,
    /// The connection failed.
    #[error("no connection: {0}")]
    Failed(String),
}

/// Asks nobody: for a server without providers.
pub struct NoFetch;

impl Fetch for NoFetch {
    fn fetch<'a>(&'a self, _: FetchRequest<'a>) -> Fetching<'a> {
        Box::pin(std::future::ready(Err(FetchError::OutOfReach)))
    }
}

/// The replaceable parts of the world, handed in once at start.
#[derive(Clone)]
pub struct Seams {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn SecureEntropy>,
    /// The way to other servers.
    pub fetch: Arc<dyn Fetch>,
}
