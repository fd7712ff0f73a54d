//! Whether what was written is there to stay.

use std::sync::Arc;

use crate::core::Core;
use crate::fault::Internal;

/// Commits that several requests share.
#[derive(Clone)]
pub struct Commits(pub(crate) Arc<Core>);

impl Commits {
    /// Waits until nothing can undo any more what a request that wrote nothing may have seen.
    ///
    /// Whatever is done is told only when it is committed. What is refused may be refused because of something that
    /// another request has written and not yet committed: both share a commit (`store/src/batch.rs`).
    ///
    /// # Errors
    /// That commit failed: what was seen is not so, and the request may be sent again.
    pub async fn settled(&self) -> Result<(), Internal> {
        Ok(self.0.store.settled().await?)
    }
}
