//! Pairs `b`, `g^b` made ahead, while workers have nothing else to do.
//!
//! A pair is handed out once and leaves the stock with that; none is ever stored. A group has pairs from its first
//! challenge on, so that nobody computes for groups that nobody uses.

use tacit_shared::srp::Group;
use tacit_shared::srp::server::Pair;

/// The stock of all groups.
pub(super) struct Pairs {
    shelves: [Shelf; 3],
    /// The most a group has.
    most: usize,
    /// The process they were made in: a copy of this one would hand out the same.
    process: u32,
}

struct Shelf {
    group: Group,
    pairs: Vec<Pair>,
    being_made: usize,
    /// Whether it is being filled up. It is begun when half is gone, so that not each challenge wakes a worker.
    filling: bool,
}

impl Pairs {
    pub(super) fn new(most: usize) -> Self {
        let shelf = |group| Shelf { group, pairs: Vec::new(), being_made: 0, filling: false };
        Self { shelves: Group::ALL.map(shelf), most, process: std::process::id() }
    }

    /// A pair, if one is ready, and whether it is time to make some.
    pub(super) fn take(&mut self, group: Group) -> (Option<Pair>, bool) {
        self.leave_to_the_other_process();
        let most = self.most;
        let Some(stock) = self.shelf(group) else { return (None, false) };
        let pair = stock.pairs.pop();
        let begins = !stock.filling && stock.pairs.len() <= most / 2;
        stock.filling |= begins;
        (pair, begins)
    }

    /// The group that a pair should be made for, which is then taken to be under way.
    pub(super) fn wanted(&mut self) -> Option<Group> {
        let most = self.most;
        let stock =
            self.shelves.iter_mut().find(|shelf| shelf.filling && shelf.pairs.len() + shelf.being_made < most)?;
        stock.being_made += 1;
        Some(stock.group)
    }

    /// What became of a pair under way. After a failure none is made until somebody asks again.
    pub(super) fn put(&mut self, group: Group, pair: Option<Pair>) {
        let most = self.most;
        let Some(stock) = self.shelf(group) else { return };
        stock.being_made = stock.being_made.saturating_sub(1);
        stock.filling &= pair.is_some();
        stock.pairs.extend(pair);
        stock.filling &= stock.pairs.len() < most;
    }

    /// How many are ready, of all groups.
    pub(super) fn ready(&self) -> usize {
        self.shelves.iter().map(|shelf| shelf.pairs.len()).sum()
    }

    fn shelf(&mut self, group: Group) -> Option<&mut Shelf> {
        self.shelves.iter_mut().find(|shelf| shelf.group == group)
    }

    fn leave_to_the_other_process(&mut self) {
        let process = std::process::id();
        if process != self.process {
            *self = Self { process, ..Self::new(self.most) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicU8, Ordering};

    use tacit_shared::Entropy;
    use tacit_shared::srp::Verifier;
    use tacit_shared::srp::server::challenge_from;

    use super::*;

    const GROUP: Group = Group::G2048;

    /// Each draw is one more than the last.
    #[derive(Default)]
    struct Counter(AtomicU8);

    impl Entropy for Counter {
        fn fill(&self, out: &mut [u8]) {
            out.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn fill(pairs: &mut Pairs, entropy: &Counter) -> usize {
        std::iter::from_fn(|| pairs.wanted().map(|group| pairs.put(group, Some(Pair::new(group, entropy))))).count()
    }

    #[test]
    fn pairs_are_made_for_groups_in_use_and_no_more_than_the_bound() {
        let (mut pairs, entropy) = (Pairs::new(6), Counter::default());
        assert_eq!(pairs.wanted(), None, "nobody asked yet");
        assert!(matches!(pairs.take(GROUP), (None, true)));
        assert_eq!((fill(&mut pairs, &entropy), pairs.ready()), (6, 6));
        // Two workers at once make no more.
        assert!(pairs.take(Group::G4096).1);
        let under_way = std::iter::from_fn(|| pairs.wanted()).collect::<Vec<_>>();
        assert_eq!(under_way, [Group::G4096; 6]);
    }

    #[test]
    fn no_pair_is_handed_out_twice_and_half_of_them_wakes_a_worker() {
        let (mut pairs, entropy) = (Pairs::new(6), Counter::default());
        let mut v = vec![0; GROUP.len()];
        v[9] = 1;
        let verifier = Verifier::from_bytes(GROUP, v).ok().unwrap();
        assert!(pairs.take(GROUP).1);
        let (mut seen, mut woken) = (HashSet::new(), 0);
        for _ in 0..30 {
            let (pair, wakes) = pairs.take(GROUP);
            let drawn = pair.and_then(|pair| challenge_from(pair, &verifier)).map(|challenge| *challenge.b);
            assert!(drawn.is_none_or(|b| seen.insert(b)), "a pair came twice");
            woken += usize::from(wakes);
            if wakes || pairs.ready() == 0 {
                fill(&mut pairs, &entropy);
            }
        }
        assert!(seen.len() >= 28 && (7..=11).contains(&woken), "{} pairs, woken {woken} times", seen.len());
    }

    #[test]
    fn after_a_failure_none_is_made_until_somebody_asks() {
        let mut pairs = Pairs::new(6);
        assert!(pairs.take(GROUP).1);
        assert_eq!(pairs.wanted(), Some(GROUP));
        pairs.put(GROUP, None);
        assert_eq!(pairs.wanted(), None);
        assert!(pairs.take(GROUP).1);
        assert_eq!(pairs.wanted(), Some(GROUP));
    }

    #[test]
    fn another_process_makes_its_own() {
        let (mut pairs, entropy) = (Pairs::new(6), Counter::default());
        assert!(pairs.take(GROUP).1);
        fill(&mut pairs, &entropy);
        pairs.process = 0;
        assert!(matches!(pairs.take(GROUP), (None, true)));
        assert_eq!((pairs.ready(), pairs.process), (0, std::process::id()));
    }
}
