//! What waits to be done, in its order, and can be taken back until it is begun.

use std::collections::VecDeque;

/// What waits. Each has a number.
pub(crate) struct Tray<J> {
    waiting: VecDeque<(u64, J)>,
    /// The number of the next.
    next: u64,
}

impl<J> Default for Tray<J> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), next: 0 }
    }
}

impl<J> Tray<J> {
    /// Puts one behind all others; answers its number.
    pub(crate) fn put(&mut self, job: J) -> u64 {
        let number = self.next;
        self.next += 1;
        self.waiting.push_back((number, job));
        number
    }

    /// Takes the first.
    pub(crate) fn take(&mut self) -> Option<J> {
        self.waiting.pop_front().map(|(_, job)| job)
    }

    /// Takes one back; `None` if it was taken.
    pub(crate) fn withdraw(&mut self, number: u64) -> Option<J> {
        let at = self.waiting.iter().position(|(waiting, _)| *waiting == number)?;
        self.waiting.remove(at).map(|(_, job)| job)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
