//! Entropy for tests: a script, or a stream from a seed.

use std::cell::{Cell, RefCell};

use sha2::{Digest, Sha256};

use crate::Entropy;

/// Gives the listed draws one after the other, each of exactly the length asked for.
pub(crate) struct Script(RefCell<std::vec::IntoIter<Vec<u8>>>);

impl Script {
    pub(crate) fn new(draws: &[&[u8]]) -> Self {
        Self(RefCell::new(draws.iter().map(|draw| draw.to_vec()).collect::<Vec<_>>().into_iter()))
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.0.borrow().len() == 0
    }
}

impl Entropy for Script {
    fn fill(&self, out: &mut [u8]) {
        let draw = self.0.borrow_mut().next().expect("the script has another draw");
        out.copy_from_slice(&draw);
    }
}

/// An endless stream: SHA-256 over the seed and a counter.
pub(crate) struct Seeded {
    seed: u64,
    counter: Cell<u64>,
}

impl Seeded {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, counter: Cell::new(0) }
    }
}

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            self.counter.set(self.counter.get() + 1);
            let hash =
                Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(self.counter.get().to_be_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
        }
    }
}
