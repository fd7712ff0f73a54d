//! Whether what was written is there to stay.

use std::sync::Arc;

use crate::core::Core;
use crate::fault::Internal;

/// Commits that several requests share.
#[derive(Clone)]
pub struct Commits(pub(crate) Arc<Core>);

/// The moment a request came in, as far as commits are concerned.
#[derive(Clone, Copy)]
pub struct Arrival(u64);

impl Commits {
    /// To be asked before a request does anything.
    #[must_use]
    pub fn arrival(&self) -> Arrival {
        Arrival(self.0.store.lost_commits())
    }

    /// Waits until nothing can undo any more what a request that wrote nothing may have seen since it came in.
    ///
    /// Whatever is done is told only when it is committed. What is refused may be refused because of something that
    /// another request has written and not yet committed: both share a commit (`store/src/batch.rs`). What a login is told
    /// waits for its commit by itself (`store/src/thread.rs`).
    ///
    /// # Errors
    /// That commit failed: what was seen is not so, and the request may be sent again.
    pub async fn settled(&self, Arrival(lost): Arrival) -> Result<(), Internal> {
        Ok(self.0.store.settled(lost).await?)
    }
}
